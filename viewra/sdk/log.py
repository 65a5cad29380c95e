"""The author's logger: structured, and in the host's log with its level and fields.

In a plugin process a record is one line of hclog JSON on stderr; in the host's own process it goes to ``logging``.
Records of ``logging`` made in a plugin process take the same way.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from viewra.transport.hclog_format import Level, format_record

Sink = Callable[[Level, str, Mapping[str, Any]], None]
"""Takes level, message and fields of one record."""

LEVELS: tuple[Level, ...] = ("trace", "debug", "info", "warn", "error")
_FROM_LOGGING: dict[int, Level] = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warn",
    logging.ERROR: "error",
}
_TO_LOGGING = {
    "trace": 5,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


class Logger:
    """``log.info("read", files=3)``: a message, and fields that are kept apart from it. Safe to use from any thread."""

    def __init__(self, sink: Sink, *, level: str = "info", fields: Mapping[str, Any] | None = None) -> None:
        self._sink = sink
        self._threshold = LEVELS.index(level) if level in LEVELS else LEVELS.index("info")
        self._level = LEVELS[self._threshold]
        self._fields = dict(fields or {})

    def bind(self, **fields: Any) -> Logger:
        """A logger that adds these fields to each record."""
        return Logger(self._sink, level=self._level, fields={**self._fields, **fields})

    def at_level(self, level: str) -> Logger:
        """The same logger with another threshold."""
        return Logger(self._sink, level=level, fields=self._fields)

    def trace(self, message: str, **fields: Any) -> None:
        """Log the finest detail."""
        self._write("trace", message, fields)

    def debug(self, message: str, **fields: Any) -> None:
        """Log what helps to find a fault."""
        self._write("debug", message, fields)

    def info(self, message: str, **fields: Any) -> None:
        """Log what an operator may want to know."""
        self._write("info", message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        """Log what is wrong but was dealt with."""
        self._write("warn", message, fields)

    def error(self, message: str, **fields: Any) -> None:
        """Log what failed."""
        self._write("error", message, fields)

    def exception(self, message: str, **fields: Any) -> None:
        """Log what failed, with the traceback of the exception being handled."""
        self._write("error", message, {**fields, "traceback": traceback.format_exc()})

    def _write(self, level: Level, message: str, fields: Mapping[str, Any]) -> None:
        if LEVELS.index(level) >= self._threshold:
            self._sink(level, str(message), {**self._fields, **fields})


def to_stderr(level: Level, message: str, fields: Mapping[str, Any]) -> None:
    """The sink of a plugin process."""
    sys.stderr.write(format_record(level, message, fields=fields) + "\n")  # one write: lines of threads must not mix
    sys.stderr.flush()


def to_logging(name: str) -> Sink:
    """The sink of a plugin in the host's process: the logger of this name, fields as ``record.fields``."""
    logger = logging.getLogger(name)

    def sink(level: Level, message: str, fields: Mapping[str, Any]) -> None:
        logger.log(_TO_LOGGING[level], "%s", message, extra={"fields": dict(fields)})

    return sink


class ForwardingHandler(logging.Handler):
    """Sends records of ``logging`` to a sink."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        """Forward one record; a record that cannot be formatted is reported as ``logging`` does."""
        try:
            fields: dict[str, Any] = {"logger": record.name}
            if record.exc_info and record.exc_info[0] is not None:
                fields["traceback"] = "".join(traceback.format_exception(*record.exc_info))
            level = _FROM_LOGGING.get(min(max(record.levelno // 10 * 10, 10), 40), "error")
            self._sink(level, record.getMessage(), fields)
        except Exception:  # as every handler of logging does: a record that cannot be written ends nothing
            self.handleError(record)
