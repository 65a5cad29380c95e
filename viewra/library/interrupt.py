"""Ctrl-C as a request: it must not strike inside a transaction, where it would leave the database locked."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupt_sets(cancel: threading.Event) -> Iterator[None]:
    """Inside, the first Ctrl-C sets ``cancel``; a second one raises KeyboardInterrupt as ever.

    Only in the main thread, which alone gets signals, and only where nobody else handles Ctrl-C in his own way.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cancel.set()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
