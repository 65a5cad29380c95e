"""Turns Ctrl-C into a request to stop, since inside a transaction it would leave the database locked.

The second Ctrl-C interrupts; from then on the process ends within a bounded time, even if its clean-up hangs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

LAST_RESORT_S = 5.0
"""Seconds for the clean-up after the interrupting signal: it may need a database that does not answer."""

_LAST_WORD = b"viewra: the clean-up hangs: ended without it; the next start repairs the rest\n"


class Escalation:
    """A signal handler for a command that escalates with each signal.

    With ``cancel`` the first one sets that and calls ``on_cancel``. The next one raises KeyboardInterrupt. One that
    comes after another has ``LAST_RESORT_S`` seconds for what follows, then the process ends as it is; a third one ends
    it at once. Plugins end with the process in any case.
    """

    def __init__(self, cancel: threading.Event | None = None, on_cancel: Callable[[], None] = lambda: None) -> None:
        self.cancel = cancel
        self._on_cancel = on_cancel
        self._count = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        del number, frame
        self.count()
        if self._count == 1 and self.cancel is not None:
            self.cancel.set()
            self._on_cancel()
            return
        if self._count == 2:
            timer = threading.Timer(LAST_RESORT_S, _end_now)
            timer.daemon = True
            timer.start()
        elif self._count > 2:
            _end_now()
        raise KeyboardInterrupt

    def count(self) -> None:
        """Count a signal that other code has handled."""
        self._count += 1


@contextmanager
def handled(handler: Escalation) -> Iterator[None]:
    """Inside, SIGINT, SIGTERM and SIGHUP go to this handler, except those that the process was started to ignore."""
    previous = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            previous[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


@contextmanager
def interrupt_sets(cancel: threading.Event) -> Iterator[None]:
    """Inside, the first Ctrl-C sets ``cancel``; a second one raises KeyboardInterrupt as usual.

    Only in the main thread, which alone gets signals, and only if no other code handles Ctrl-C.
    """
    ours = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    raises = before is signal.default_int_handler or (isinstance(before, Escalation) and before.cancel is None)
    if not ours or not raises:
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        if isinstance(before, Escalation):
            before.count()
        cancel.set()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_now() -> None:
    with contextlib.suppress(OSError):
        os.write(2, _LAST_WORD)
    os._exit(1)
