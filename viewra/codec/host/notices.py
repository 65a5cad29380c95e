"""``self.host.progress`` and ``self.host.notify``: what a plugin shows to the operator."""

from __future__ import annotations

from typing import Any

from viewra.codec import checks
from viewra.codec.host.method import HostMethod, number, optional
from viewra.codec.rpc import InvalidValue
from viewra.text import cut

MAX_NAME_BYTES = 200
MAX_TEXT_BYTES = 2000
LEVELS = ("info", "warning", "error")
_MOST = 2.0**53


def _short(value: object, field: str, most: int) -> str:
    text = checks.text(value, field).replace("\0", "\ufffd")  # PostgreSQL's texts have no NUL
    if len(text.encode()) > most:
        raise InvalidValue(field, f"has more than {most:,} bytes")
    return text


def _name(value: object, field: str) -> str:
    return _short(checks.required(value, field), field, MAX_NAME_BYTES)


def _key(value: object, field: str) -> str:
    return _short(value or "", field, MAX_NAME_BYTES)


def _text(value: object, field: str) -> str:
    """A text for people, which may be a title or a name of a file: whatever is in those must not end the work."""
    if not isinstance(value, str | None):
        raise InvalidValue(field, "must be text")
    return cut((value or "").replace("\0", "\ufffd"), MAX_TEXT_BYTES)


def _said(value: object, field: str) -> str:
    if value in (None, ""):
        raise InvalidValue(field, "is required")
    return _text(value, field)


def _level(value: object, field: str) -> str:
    if value not in LEVELS:
        raise InvalidValue(field, f"must be one of {', '.join(LEVELS)}")
    return str(value)


PROGRESS_REPORT: HostMethod[Any] = HostMethod(
    "progress.report",
    {"name": _name, "done": number(0, _MOST), "total": optional(number(0, _MOST)), "text": _text},
)
PROGRESS_END: HostMethod[Any] = HostMethod("progress.end", {"name": _name})
NOTIFY_SEND: HostMethod[Any] = HostMethod(
    "notify.send",
    {"text": _said, "level": _level, "key": _key},
)
NOTIFY_WITHDRAW: HostMethod[Any] = HostMethod("notify.withdraw", {"key": _name})
PROGRESS = (PROGRESS_REPORT, PROGRESS_END)
NOTIFY = (NOTIFY_SEND, NOTIFY_WITHDRAW)
