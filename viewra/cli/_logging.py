"""Prints the host's log on stderr, as text or as JSON, with the fields of plugins' records."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

from viewra.cli._output import in_one_line, indented, json_escaped


class TextFormatter(logging.Formatter):
    """``WARNING viewra.plugin.audio_tags: the message key=value``."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one record; its further lines, and a traceback among its fields, are indented."""
        fields = _fields(record)
        traceback = fields.pop("traceback", None)
        pairs = "".join(f" {in_one_line(_text(key))}={in_one_line(_text(value))}" for key, value in fields.items())
        text = f"{record.levelname} {in_one_line(record.name)}: {indented(_message(record))}{pairs}"
        return f"{text}\n    {indented(_text(traceback))}" if traceback else text


class JSONFormatter(logging.Formatter):
    """One JSON object per line; a value that JSON cannot represent is written as text."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one record."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat()
        line = {"time": time, "level": record.levelname.lower(), "logger": record.name, "message": _message(record)}
        whole = {**_fields(record), **line}
        try:
            return json_escaped(orjson.dumps(whole, default=_text, option=orjson.OPT_NON_STR_KEYS).decode())
        except (TypeError, ValueError, RecursionError):  # what orjson cannot carry: 65 bits, surrogates, 300 lists
            return "{" + ", ".join(f"{json.dumps(_text(key))}: {_value(value)}" for key, value in whole.items()) + "}"


class _Handler(logging.StreamHandler[Any]):
    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; characters that stderr cannot encode are written as escapes."""
        # Like every handler of logging: a record that cannot be written must not end the program.
        with contextlib.suppress(Exception):
            encoding = self.stream.encoding or "utf-8"
            text = self.format(record).encode(encoding, "backslashreplace").decode(encoding)
            self.stream.write(text + self.terminator)
            self.flush()


def configure(level: str, form: str) -> None:
    """Send viewra's log to stderr from now on."""
    handler: logging.Handler = _Handler(sys.stderr)
    handler.setFormatter(JSONFormatter() if form == "json" else TextFormatter())
    logger = logging.getLogger("viewra")
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False
    # Else what libraries log, psycopg for example, reaches stderr in a form of its own.
    others = logging.getLogger()
    if not others.handlers:
        others.addHandler(handler if level == "debug" else logging.NullHandler())


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # arguments that do not match the text must not lose the record
        return f"{_text(record.msg)} {_text(record.args)}"


def _fields(record: logging.LogRecord) -> dict[Any, Any]:
    fields = dict(getattr(record, "fields", {}))
    if record.exc_info:
        fields["traceback"] = logging.Formatter().formatException(record.exc_info)
    return fields


def _value(value: object) -> str:
    try:
        return json.dumps(value, default=_text, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return json.dumps(_text(value))


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # too deeply nested for Python, or an object whose own method fails
        return f"<{type(value).__name__}>"
