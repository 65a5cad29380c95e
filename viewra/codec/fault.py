"""Encodes an exception for the wire: type, message and causes, in one entry of gRPC's trailing metadata.

The traceback stays in the plugin's log, under the same id as the failed call.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import NamedTuple

from viewra.text import clean, kind, reason

KEY = "viewra-fault-bin"
"""Name of the entry; its value is JSON: ``{"type", "message", "causes": [{"type", "message"}], "call_id"}``."""

_MAX_MESSAGE, _MAX_KIND, _MAX_CAUSE, _MAX_CAUSES, _MAX_CALL_ID = 1000, 100, 500, 5, 64
# In all well below the 8 KiB from which on gRPC may refuse a call's metadata; a status line is part of it.
MAX_STATUS = 800
"""Bytes of a reason in gRPC's status, where a byte may take three."""
_LONGEST = 16 * 1024  # the most bytes of an entry that are read: gRPC refuses more by default


class Fault(NamedTuple):  # an attrs class would take a plugin's start a millisecond longer
    """``kind`` is the exception's type; ``causes`` its chain, nearest first, each as ``Type: message``.

    ``call_id`` is in the plugin's log beside the traceback: a few letters and digits, "" where there is none.
    """

    kind: str
    message: str
    causes: tuple[str, ...] = ()
    call_id: str = ""


def of(error: BaseException) -> Fault:
    """The report on an exception in the same process."""
    causes = tuple(f"{name}: {text}" for name, text in _causes(error))
    return Fault(kind(error), clean(reason(error), _MAX_MESSAGE), causes)


def new_id() -> str:
    """A new id for a failed call; successful calls have none, since sending one would slow down each of them."""
    return os.urandom(4).hex()


def encode(error: BaseException, call_id: str) -> bytes:
    """The report on an exception, for the wire."""
    causes = [{"type": name, "message": text} for name, text in _causes(error)]
    message = clean(reason(error), _MAX_MESSAGE)
    return json.dumps(
        {"type": kind(error), "message": message, "causes": causes, "call_id": call_id}, ensure_ascii=False
    ).encode()


def decode(entry: bytes | None) -> Fault | None:
    """The report in a call's trailing metadata; None when there is none, or when it is not one.

    It never raises, whatever the bytes are.
    """
    if not entry or len(entry) > _LONGEST:
        return None
    try:
        story = json.loads(entry)
        causes = tuple(
            f"{clean(str(cause['type']), _MAX_KIND)}: {clean(str(cause['message']), _MAX_CAUSE)}"
            for cause in story["causes"][:_MAX_CAUSES]
        )
        return Fault(
            clean(str(story["type"]), _MAX_KIND),
            clean(str(story["message"]), _MAX_MESSAGE),
            causes,
            clean(str(story.get("call_id", "")), _MAX_CALL_ID),
        )
    except Exception:  # not only ValueError: deep nesting is a RecursionError, a list where a dict belongs a TypeError
        return None


def _causes(error: BaseException) -> Iterator[tuple[str, str]]:
    """Type and message of each cause, nearest first."""
    seen = {id(error)}
    cause = _cause(error)
    while cause is not None and id(cause) not in seen and len(seen) <= _MAX_CAUSES:
        yield kind(cause), clean(reason(cause), _MAX_CAUSE)
        seen.add(id(cause))
        cause = _cause(cause)


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)
