"""How much one answer of a plugin may be: bounds against one that floods, set by the operator, in force per call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import attrs


@attrs.frozen
class Limits:
    """``message_bytes`` of one message, ``entries`` of one map or list, ``text_bytes`` of one text in UTF-8."""

    message_bytes: int = 16 * 1024 * 1024
    entries: int = 4096
    text_bytes: int = 64 * 1024


UNLIMITED = Limits(message_bytes=-1, entries=2**63, text_bytes=2**63)
"""For a plugin's own side: how much it may say is its host's to judge."""

_in_force: ContextVar[Limits] = ContextVar("limits", default=Limits())  # noqa: B039 - frozen


def in_force() -> Limits:
    """The limits of the call that is being checked."""
    return _in_force.get()


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Check what is answered within the block by these limits."""
    token = _in_force.set(limits)
    try:
        yield
    finally:
        _in_force.reset(token)
