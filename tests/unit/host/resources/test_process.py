"""Figures of one real child process: one that works, one that allocates, one that writes."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.eventually import eventually
from tests.unit.host.resources.children import DEADLINE_S, IDLE, Start, cpu_s, tell, there
from viewra.host.running.resources import History, Sampler
from viewra.host.running.status import ResourceSample

pytestmark = pytest.mark.process


def test_figures_of_an_idle_process(start: Start) -> None:
    child = start(IDLE)
    eventually(lambda: psutil.Process(child.pid).status() == psutil.STATUS_SLEEPING)
    sampler = Sampler(child.pid)
    first = there(sampler)
    assert abs(first.at - time.time()) < DEADLINE_S
    assert first.cpu_percent == 0.0
    assert (first.processes, first.threads) == (1, 1)
    assert first.open_files == len(os.listdir(f"/proc/{child.pid}/fd"))
    assert first.rss_bytes == psutil.Process(child.pid).memory_info().rss
    eventually(lambda: there(sampler).cpu_percent < 50)


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
