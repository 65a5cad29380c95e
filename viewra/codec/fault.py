"""The story of an exception as it crosses: type, message and causes, in one entry of gRPC's trailing metadata.

The traceback stays on the plugin's side, in its log; the id that the failed call is given there leads to it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator

import attrs

KEY = "viewra-fault-bin"
"""Name of the entry; its value is JSON: ``{"type", "message", "causes": [{"type", "message"}], "call_id"}``."""

_MAX_MESSAGE, _MAX_CAUSE, _MAX_CAUSES, _MAX_CALL_ID = 1000, 500, 5, 64
# In all well below the 8 KiB from which on gRPC may refuse a call's metadata; a status line is part of it.
MAX_STATUS = 800
"""Bytes of a reason that goes into gRPC's status, where a byte may take three."""


@attrs.frozen
class Fault:
    """``kind`` is the exception's type; ``causes`` its chain, nearest first, each as ``Type: message``.

    ``call_id`` is in the plugin's log beside the traceback: a few letters and digits, "" where there is none.
    """

    kind: str
    message: str
    causes: tuple[str, ...] = ()
    call_id: str = ""


def clean(text: str, size: int = 4096) -> str:
    """At most ``size`` bytes of a text, in a form that UTF-8 can carry."""
    return text[:size].encode("utf-8", "backslashreplace")[:size].decode("utf-8", "ignore")


def of(error: BaseException) -> Fault:
    """The story of an exception that need not cross."""
    return Fault(type(error).__name__, str(error), tuple(f"{kind}: {text}" for kind, text in _causes(error)))


def new_id() -> str:
    """An id for a call that failed; those that did not need none, and to send one along would cost each of them."""
    return os.urandom(4).hex()


def encode(error: BaseException, call_id: str) -> bytes:
    """The story of an exception, for the wire."""
    causes = [{"type": kind, "message": text} for kind, text in _causes(error)]
    message = clean(str(error), _MAX_MESSAGE)
    story = {"type": type(error).__name__, "message": message, "causes": causes, "call_id": call_id}
    return json.dumps(story, ensure_ascii=False).encode()


def decode(metadata: Iterable[tuple[str, str | bytes]] | None) -> Fault | None:
    """The story in a call's trailing metadata; None when there is none, or when it is not one."""
    for key, value in metadata or ():
        if key == KEY:
            try:
                story = json.loads(value)
                causes = tuple(f"{cause['type']}: {cause['message']}" for cause in story["causes"][:_MAX_CAUSES])
                call_id = clean(str(story.get("call_id", "")), _MAX_CALL_ID)
                return Fault(str(story["type"]), str(story["message"]), causes, call_id)
            except (ValueError, TypeError, KeyError):
                return None
    return None


def _causes(error: BaseException) -> Iterator[tuple[str, str]]:
    """Type and message of each cause, nearest first."""
    seen = {id(error)}
    cause = _cause(error)
    while cause is not None and id(cause) not in seen and len(seen) <= _MAX_CAUSES:
        yield type(cause).__name__, clean(str(cause), _MAX_CAUSE)
        seen.add(id(cause))
        cause = _cause(cause)


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)
