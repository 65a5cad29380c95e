"""Keeps what an action has to say until the page behind it is shown."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Literal

import attrs
from starlette.requests import Request

from viewra.web.access import identity_of

Tone = Literal["good", "warn", "bad"]

SENDERS, EACH = 500, 5
"""For how many sessions something is kept, and how much for each."""


@attrs.frozen
class Notice:
    """One message for the person who acts."""

    tone: Tone
    text: str
    hint: str = ""


class Notices:
    """The messages of one site that were not shown yet. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Notice, ...]] = OrderedDict()

    def add(self, request: Request, notice: Notice) -> None:
        """Keep a message for the person who sent the request."""
        with self._lock:
            before = self._kept.pop(_sender(request), ())
            self._kept[_sender(request)] = (*before, notice)[-EACH:]
            while len(self._kept) > SENDERS:
                self._kept.popitem(last=False)

    def take(self, request: Request) -> tuple[Notice, ...]:
        """Return and forget the messages for the person who sent the request."""
        with self._lock:
            return self._kept.pop(_sender(request), ())


def _sender(request: Request) -> str:
    identity = identity_of(request)
    session: str = request.state.session
    return session or f"token {identity.name if identity is not None else ''}"
