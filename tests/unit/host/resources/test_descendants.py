"""Figures of a process and its descendants: those that come and go, die, or are zombies."""

from __future__ import annotations

import threading

import pytest

from tests.eventually import eventually
from tests.unit.host.resources.children import FAMILY, Start, cpu_s, tell, there
from viewra.host.running.resources import Sampler

pytestmark = pytest.mark.process


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
