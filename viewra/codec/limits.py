"""Limits on one answer of a plugin, against floods: set by the operator, in force per call."""

from __future__ import annotations

from contextvars import ContextVar, Token

import attrs


@attrs.frozen
class Limits:
    """``message_bytes`` of one message, ``entries`` of one map or list, ``text_bytes`` of one text in UTF-8.

    A value beyond these is refused. A text for people (the reason of a failure, info, health) is cut to
    ``reason_bytes`` instead, with a note of its length.
    """

    message_bytes: int = 4 * 1024 * 1024
    entries: int = 4096
    text_bytes: int = 64 * 1024
    reason_bytes: int = 4096
    harmless_bytes: int = attrs.field(init=False, eq=False)
    """A message with up to this many bytes cannot exceed these limits."""

    @harmless_bytes.default
    def _harmless_bytes(self) -> int:
        # Each entry of a list or map of texts takes two bytes at least.
        return min(self.text_bytes, self.reason_bytes, 2 * self.entries)


UNLIMITED = Limits(message_bytes=-1, entries=2**63, text_bytes=2**63, reason_bytes=2**63)
"""For a plugin's own side: only its host limits its answers."""

_in_force: ContextVar[Limits] = ContextVar("limits", default=UNLIMITED)

in_force = _in_force.get
"""Gives the limits by which a host checks an answer; none on a plugin's own side."""


class limited:  # noqa: N801 - used as a function is; each call enters one, and a generator would cost twice as much
    """Check answers within the block by these limits."""

    __slots__ = ("_limits", "_token")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def __enter__(self) -> None:
        self._token: Token[Limits] = _in_force.set(self._limits)

    def __exit__(self, *_exception: object) -> None:
        _in_force.reset(self._token)
