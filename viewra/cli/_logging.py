"""The host's log on stderr, as text or as JSON, with the fields that plugins gave to their records."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson


class TextFormatter(logging.Formatter):
    """``WARNING viewra.plugin.audio_tags: the message key=value``."""

    def format(self, record: logging.LogRecord) -> str:
        """One record; a traceback among the fields follows on lines of its own."""
        fields = _fields(record)
        traceback = fields.pop("traceback", None)
        pairs = "".join(f" {key}={value}" for key, value in fields.items())
        text = f"{record.levelname} {record.name}: {record.getMessage()}{pairs}"
        return f"{text}\n{traceback}" if traceback else text


class JSONFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat()
        line = {"time": time, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        return orjson.dumps({**_fields(record), **line}, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class _Handler(logging.StreamHandler[Any]):
    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; what stderr cannot encode is written as escapes."""
        try:
            text = self.format(record).encode("utf-8", "backslashreplace").decode("utf-8")
            self.stream.write(text + self.terminator)
            self.flush()
        except Exception:  # as every handler of logging does: a record that cannot be written ends nothing
            self.handleError(record)


def configure(level: str, form: str) -> None:
    """Send viewra's log to stderr from now on."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(JSONFormatter() if form == "json" else TextFormatter())
    logger = logging.getLogger("viewra")
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = dict(getattr(record, "fields", {}))
    if record.exc_info:
        fields["traceback"] = logging.Formatter().formatException(record.exc_info)
    return fields
