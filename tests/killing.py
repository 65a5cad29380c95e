"""Processes that are killed: right after a named step, or at a random moment.

A test runs a program with ``run``, or many times with ``kill_at_random_moments``; the program calls ``arm`` before it
does what it is killed in, and ends with ``finish``. ``KILLS``, from ``VIEWRA_TEST_KILLS``, is how many such moments
are tried.
"""

from __future__ import annotations

import functools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.forking import PIPE, server

KILLS = int(os.environ.get("VIEWRA_TEST_KILLS", "3"))


def run(program: str, *arguments: object, point: str = "", delay_s: float = 0) -> subprocess.CompletedProcess[str]:
    """Run a program with these arguments, then ``point`` ("": it is left alone) and ``delay_s``, until its end."""
    argv = ["-c", *map(str, arguments), point, str(delay_s)]
    with server().start(argv, code=program, stdout=PIPE) as process:
        out, _ = process.communicate(timeout=100)
        return subprocess.CompletedProcess(argv, process.wait(), out)


def was_killed(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether that was how it ended."""
    return done.returncode == -signal.SIGKILL


def kill_at_random_moments(
    seed: int,
    attempt: Callable[[str, float], subprocess.CompletedProcess[str]],
    *,
    prepare: Callable[[], object],
    check: Callable[[], object],
) -> None:
    """Kill what ``attempt`` (a point, a delay) runs, ``KILLS`` times, and ``check`` what is left each time."""
    moments = random.Random(seed)
    prepare()
    duration_s = float(attempt("", 0).stdout)
    killed = attempts = 0
    while attempts < KILLS or killed < KILLS // 3:  # when the machine becomes quicker, moments are after the end
        assert attempts < 20 * KILLS, "most moments were after the end"
        attempts += 1
        prepare()
        done = attempt("random", moments.uniform(0, duration_s))
        if was_killed(done):
            killed += 1
        else:
            duration_s = float(done.stdout)  # a busy machine has become quicker
        check()


def arm(point: str, delay_s: str, places: Mapping[str, tuple[Any, str]]) -> float:
    """In the program: be killed right after the function that ``places`` has for this point, or by the clock.

    Gives the time, for ``finish``.
    """
    if point == "random":
        threading.Timer(float(delay_s), _die).start()
    elif point:
        owner, name = places[point]
        original = getattr(owner, name)

        @functools.wraps(original)
        def deadly(*arguments: Any, **options: Any) -> None:
            original(*arguments, **options)
            _die()

        setattr(owner, name, deadly)
    return time.monotonic()


def finish(began: float) -> None:
    """In the program: say how many seconds it took, and end without waiting for anything."""
    sys.stdout.write(f"{time.monotonic() - began}\n")
    sys.stdout.flush()
    os._exit(0)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
