"""Parses the log lines that plugins write to stderr: hclog's JSON, ``[LEVEL]`` prefixes, panics and tracebacks.

Other modules read the stream and store the records; ``hclog_format`` writes such lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, cast

import attrs

from viewra.text import encodable
from viewra.transport.hclog_format import Level

_LEVELS: dict[str, Level] = {
    "trace": "trace",
    "debug": "debug",
    "info": "info",
    "warn": "warn",
    "warning": "warn",
    "error": "error",
    "err": "error",
    "fatal": "error",
    "critical": "error",
}
_PREFIX = re.compile(
    r"(?:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\s+)?\[(TRACE|DEBUG|INFO|WARN|ERROR)\]\s*"
)
"""The beginning of hclog's lines in text form: the time, which a program may turn off, and the level."""
_PANIC = re.compile(r"(?:panic: |fatal error: |Fatal Python error: )")
_TRACEBACK = re.compile(
    r"(?:\s*\+ Exception Group )?Traceback \(most recent call last\):|  File \".*\", line \d+|Exception in thread "
    r"|Exception ignored in"
)
_HEADER = re.compile(r"Traceback \(|Exception in thread |Exception ignored in")
_CHAIN = re.compile(r"During handling of the above exception|The above exception was the direct cause")
_LONGEST_GROUP, _LARGEST_GROUP = 500, 256 * 1024  # lines, characters; the rest of an endless traceback is a new record


@attrs.frozen
class LogRecord:
    """One record. ``timestamp`` is by the plugin's clock, None if the line had none; ``fields`` are JSON values.

    A traceback or panic has its whole text in ``fields["traceback"]`` and the line that names the error as ``message``.
    """

    level: Level
    message: str
    module: str = ""
    timestamp: datetime | None = None
    fields: Mapping[str, Any] = attrs.field(factory=dict)


def parse_line(line: str) -> LogRecord:
    """Parse one line, without its line end. Never fails: a line of unknown form becomes a ``debug`` record."""
    if line.startswith("{"):
        record = _parse_json(line)
        if record is not None:
            return record
    if match := _PREFIX.match(line):
        return LogRecord(_LEVELS[match[2].lower()], line[match.end() :], timestamp=_parse_time(match[1]))
    return LogRecord("error" if _PANIC.match(line) or _TRACEBACK.match(line) else "debug", line)


class LineGrouper:
    """Turns the lines of one stream into records; a traceback or a panic becomes one ``error`` record.

    A group ends with the first line that does not belong to it, or with ``flush()``. The reader of the stream calls
    ``flush`` when the stream has been quiet for a moment and when it ends.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0  # characters in them
        self._kind: Literal["", "traceback", "panic"] = ""
        self._summary = ""  # the line of a traceback that names the exception, once it has come
        self._panicked = False

    def feed(self, line: str) -> list[LogRecord]:
        """The records that this line completes, in order; an empty line outside of a group is none."""
        if not line and not self._kind:
            return []
        if line.startswith("{") and (record := _parse_json(line)) is not None:
            # Another thread may log in the middle of a panic; a traceback is written in one piece.
            return [record] if self._kind == "panic" else [*self.flush(), record]
        if self._kind and self._belongs(line):
            self._lines.append(line)
            self._size += len(line)
            return self.flush() if len(self._lines) >= _LONGEST_GROUP or self._size >= _LARGEST_GROUP else []
        done = self.flush()
        if _PANIC.match(line) or (self._panicked and not _PREFIX.match(line)):
            self._panicked = True
            self._kind, self._lines = "panic", [line]
            return done
        if _TRACEBACK.match(line):
            self._kind, self._lines = "traceback", [line]
            return done
        return [*done, parse_line(line)]

    def flush(self) -> list[LogRecord]:
        """The record of the group that has begun; empty without one."""
        lines = self._lines
        while lines and not lines[-1].strip():
            lines.pop()
        summary = self._summary
        kind = self._kind
        self._kind, self._lines, self._summary, self._size = "", [], "", 0
        if not kind or not lines:
            return []
        if len(lines) == 1:
            return [LogRecord("error", lines[0])]
        return [LogRecord("error", summary or lines[0], fields={"traceback": "\n".join(lines)})]

    def _belongs(self, line: str) -> bool:
        if _PREFIX.match(line):
            return False
        if self._kind == "panic":
            return True
        if not line or line[0] in " \t":
            return True
        if _HEADER.match(line) or _CHAIN.match(line):
            # A header starts a new group unless the line before it links the two tracebacks.
            chained = not self._summary or _CHAIN.match(line) is not None
            if chained:
                self._summary = ""
            return chained
        if self._summary:
            return False
        self._summary = line
        return True


def _parse_json(line: str) -> LogRecord | None:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):  # not JSON, a number of thousands of digits, brackets without end
        return None
    if not isinstance(data, dict) or ("@message" not in data and "@level" not in data):
        return None
    message, level = data.pop("@message", ""), str(data.pop("@level", "")).lower()
    module, timestamp = data.pop("@module", ""), data.pop("@timestamp", "")
    return LogRecord(
        level=_LEVELS.get(level, "debug"),
        message=encodable(message) if isinstance(message, str) else json.dumps(message),
        module=encodable(str(module)),
        timestamp=_parse_time(timestamp),
        fields=cast("dict[str, Any]", data),
    )


def _parse_time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
