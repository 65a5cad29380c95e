"""Figures of real child processes: one that works, one that allocates, one with descendants, one that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.eventually import eventually
from viewra.host.running.resources import History, Sampler
from viewra.host.running.status import ResourceSample

pytestmark = pytest.mark.process

DEADLINE_S = 60
Start = Callable[[str], subprocess.Popen[str]]

SPIN = """
def spin(seconds):
    import time
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a program that prints a line when it is ready, and goes on when it reads one."""
    started: list[subprocess.Popen[str]] = []

    def begin(program: str) -> subprocess.Popen[str]:
        source = SPIN + textwrap.dedent(program)
        child = subprocess.Popen(
            [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        started.append(child)
        hear(child)
        return child

    yield begin
    for child in started:
        for process in descendants(child.pid):
            process.kill()
        child.kill()
        child.communicate(timeout=DEADLINE_S)


def descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def hear(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    line = child.stdout.readline().strip()
    assert line, "it ended"
    return line


def tell(child: subprocess.Popen[str]) -> str:
    """Let it go on, and wait until it has done so."""
    assert child.stdin is not None
    child.stdin.write("\n")
    return hear(child)


def there(sampler: Sampler) -> ResourceSample:
    sample = sampler.sample()
    assert sample is not None
    return sample


def cpu_s(before: ResourceSample, after: ResourceSample) -> float:
    """Processor time in seconds between two samples."""
    return after.cpu_percent / 100 * (after.at - before.at)


IDLE = "print('ready'); input()"


def test_figures_of_an_idle_process(start: Start) -> None:
    child = start(IDLE)
    sampler = Sampler(child.pid)
    first = there(sampler)
    assert abs(first.at - time.time()) < DEADLINE_S
    assert first.cpu_percent == 0.0
    assert (first.processes, first.threads) == (1, 1)
    assert first.open_files == len(os.listdir(f"/proc/{child.pid}/fd"))
    assert first.rss_bytes == psutil.Process(child.pid).memory_info().rss
    assert there(sampler).cpu_percent < 50


def test_cpu_of_a_busy_process(start: Start) -> None:
    child = start("print('ready'); input(); spin(0.5); print('done'); input()")
    sampler = Sampler(child.pid)
    before = there(sampler)
    tell(child)
    after = there(sampler)
    assert 0.45 < cpu_s(before, after) < 0.7
    assert after.cpu_percent < 115, "one thread takes one core at most; the kernel counts in hundredths of a second"


def test_memory_threads_and_files(start: Start) -> None:
    child = start(
        """
        import threading
        print('ready'); input()
        block = bytearray(b'x') * 50_000_000
        files = [open('/dev/null') for _ in range(20)]
        stop = threading.Event()
        threads = [threading.Thread(target=stop.wait, daemon=True) for _ in range(3)]
        for thread in threads: thread.start()
        print('done'); input()
        """
    )
    sampler = Sampler(child.pid)
    before = there(sampler)
    tell(child)
    after = there(sampler)
    assert 45e6 < after.rss_bytes - before.rss_bytes < 80e6
    assert after.open_files - before.open_files == 20
    assert after.threads - before.threads == 3


def test_bytes_written_never_fall(start: Start, tmp_path: os.PathLike[str]) -> None:
    """Of a descendant that ends and that nobody waits for the system forgets them."""
    child = start(
        f"""
        import os, signal
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        pid = os.fork()
        if pid == 0:
            with open({os.fspath(tmp_path)!r} + '/x', 'wb') as file:
                file.write(b'x' * 5_000_000)
                file.flush()
                os.fsync(file.fileno())
            print('written', flush=True)
            signal.pause()
        input()
        os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            pass
        print('ended'); input()
        """
    )
    sampler = Sampler(child.pid)
    written = there(sampler).written_bytes
    if written == 0:
        pytest.skip("the temporary directory is in memory: nothing is written to storage")
    assert written >= 5_000_000
    tell(child)
    after = there(sampler)
    assert after.processes == 1
    assert after.written_bytes == written


FAMILY = """
import os, signal, sys

def member(*inner):
    # A child process that goes on with the others' bodies; it says when all of them are there.
    said, says = os.pipe()
    pid = os.fork()
    if pid == 0:
        for body in inner[:1]:
            body(*inner[1:])
        block = bytearray(b'x') * 30_000_000
        os.write(says, b'!')
        signal.pause()
    os.read(said, 1)
    return pid

def child():
    def end(*_):
        os.kill(grandchild, signal.SIGKILL)
        os.waitpid(grandchild, 0)
        os.kill(os.getppid(), signal.SIGUSR2)
    signal.signal(signal.SIGUSR1, end)
    grandchild = member()

signal.signal(signal.SIGUSR2, lambda *_: print('done', flush=True))
pid = member(child)
print('ready', flush=True); input()
os.kill(pid, signal.SIGUSR1)
input()
"""


def test_grandchildren_count(start: Start) -> None:
    child = start(FAMILY)
    sampler = Sampler(child.pid)
    family = there(sampler)
    assert family.processes == 3
    assert family.rss_bytes > 30_000_000
    tell(child)
    fewer = there(sampler)
    assert fewer.processes == 2
    assert family.rss_bytes - fewer.rss_bytes > 30_000_000
    assert fewer.cpu_percent >= 0


def test_it_is_the_same_without_the_kernels_lists(start: Start) -> None:
    child = start(FAMILY)
    sampler = Sampler(child.pid)
    sampler._kernel_lists_children = False
    assert there(sampler).processes == 3


def test_cpu_of_children_that_come_and_go(start: Start) -> None:
    """What a child used is counted when it is seen, and not again when its parent has waited for it."""
    child = start(
        """
        import os
        def child(*seconds):
            pid = os.fork()
            if pid == 0:
                for one in seconds:
                    spin(one)
                    print('spun', flush=True)
                    input()
                os._exit(0)
            return pid
        print('ready'); input()
        pid = child(0.5)
        os.waitpid(pid, 0)
        print('gone', flush=True); input()
        os.waitpid(child(0.5, 0.0, 0.0), 0)
        print('gone', flush=True); input()
        """
    )
    sampler = Sampler(child.pid)
    samples = [there(sampler)]

    def next_cpu_s() -> float:
        samples.append(there(sampler))
        assert samples[-1].cpu_percent >= 0
        return cpu_s(*samples[-2:])

    tell(child)
    tell(child)
    assert 0.4 < next_cpu_s() < 0.8, "it came and went between two samples"
    tell(child)
    assert 0.4 < next_cpu_s() < 0.8, "it came"
    tell(child)
    tell(child)
    assert next_cpu_s() < 0.2
    tell(child)
    assert next_cpu_s() < 0.2, "it went"


def test_children_that_vanish_uncounted_hide_nothing(start: Start) -> None:
    """Nobody waits for this child, so its time is lost; what its parent used in the meantime is not."""
    child = start(
        """
        import os, signal
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        pid = os.fork()
        if pid == 0:
            spin(0.8)
            print('spun', flush=True)
            signal.pause()
        input()
        os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            pass
        spin(0.3)
        print('done', flush=True); input()
        """
    )
    sampler = Sampler(child.pid)
    before = there(sampler)
    tell(child)
    assert cpu_s(before, there(sampler)) > 0.25


def test_a_process_that_has_gone(start: Start) -> None:
    child = start(IDLE)
    sampler = Sampler(child.pid)
    there(sampler)
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert sampler.sample() is None, "a zombie uses nothing"
    assert Sampler(child.pid).sample() is None
    child.wait()
    assert sampler.sample() is None
    assert Sampler(child.pid).sample() is None


def test_a_zombie_among_the_descendants(start: Start) -> None:
    child = start(
        """
        import os
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        print('ready', flush=True); input()
        """
    )
    assert there(Sampler(child.pid)).processes == 1


def test_descendants_that_die_in_the_middle(start: Start) -> None:
    """A family that never stops changing is sampled all the same."""
    child = start(
        """
        import os, signal, sys, threading
        def churn():
            while True:
                pid = os.fork()
                if pid == 0:
                    os._exit(0)
                os.waitpid(pid, 0)
        for _ in range(3): threading.Thread(target=churn, daemon=True).start()
        print('ready', flush=True); input()
        """
    )
    sampler = Sampler(child.pid)
    seen = {there(sampler).processes for _ in range(500)}
    assert min(seen) >= 1
    assert max(seen) > 1
    killer = threading.Timer(0.05, child.kill)
    killer.start()
    eventually(lambda: sampler.sample() is None)
    killer.join()


def test_a_process_of_another_user_that_does_not_show_everything() -> None:
    if os.geteuid() == 0:
        pytest.skip("root may see everything")
    sample = Sampler(1).sample()
    assert sample is not None
    assert sample.rss_bytes > 0


def sample_number(number: int) -> ResourceSample:
    return ResourceSample(float(number), 0.0, 0, 0, 0, 1, 0, 0)


def test_history_keeps_the_last_ones_from_any_thread() -> None:
    history = History(length=50)
    with ThreadPoolExecutor(4) as pool:
        for number in range(1000):
            pool.submit(history.add, sample_number(number))
            assert len(history.samples) <= 50
    history.add(sample_number(-1))
    assert len(history.samples) == 50
    assert history.samples[-1].at == -1
    history.clear()
    assert history.samples == ()


def test_psutil_is_imported_only_by_a_sampler() -> None:
    program = "import sys, viewra.host.facade, viewra.host.running.resources; print('psutil' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
