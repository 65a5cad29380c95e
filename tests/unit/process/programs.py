"""Small programs that tests start, and waiting for what becomes of them."""

from __future__ import annotations

import os
import select

import psutil

from tests.eventually import eventually

READY = "print('1|1|unix|/s|grpc|', flush=True)\n"


WAIT = READY + "import signal\nwhile True: signal.pause()\n"


STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAIT


def wait_gone(pid: int) -> None:
    """Wait until the process has ended, whichever process reaps it."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], 30)[0], f"{pid} is still alive"
    finally:
        os.close(descriptor)


def wait_stopped(pid: int) -> None:
    eventually(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED, f"{pid} goes on")
