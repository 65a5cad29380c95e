"""The author's structured logger; its records reach the host's log with their level and fields.

In a plugin's process each record is a line of hclog's JSON on stderr; in the host's process it goes to ``logging``.
Records that a plugin's process makes with ``logging`` are forwarded in the same way.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from viewra.transport.hclog_format import Level, format_record

Sink = Callable[[Level, str, Mapping[str, Any]], None]
"""Receives level, message and fields of one record."""

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
    """``log.info("read", files=3)``: a message and separate fields. Thread-safe."""

    def __init__(self, sink: Sink, *, level: str = "info", fields: Mapping[str, Any] | None = None) -> None:
        self._sink = sink
        self._threshold = LEVELS.index(level) if level in LEVELS else LEVELS.index("info")
        self._level = LEVELS[self._threshold]
        self._fields = dict(fields or {})

    def bind(self, **fields: Any) -> Logger:
        """A logger that adds these fields to every record."""
        return Logger(self._sink, level=self._level, fields={**self._fields, **fields})

    def at_level(self, level: str) -> Logger:
        """The same logger with another threshold."""
        return Logger(self._sink, level=level, fields=self._fields)

    def trace(self, message: str, **fields: Any) -> None:
        """Log the finest details."""
        self._write("trace", message, fields)

    def debug(self, message: str, **fields: Any) -> None:
        """Log details for debugging."""
        self._write("debug", message, fields)

    def info(self, message: str, **fields: Any) -> None:
        """Log an event that interests an operator."""
        self._write("info", message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        """Log a problem that the plugin handled."""
        self._write("warn", message, fields)

    def error(self, message: str, **fields: Any) -> None:
        """Log a failure."""
        self._write("error", message, fields)

    def exception(self, message: str, **fields: Any) -> None:
        """Log a failure with the traceback of the current exception."""
        self._write("error", message, {**fields, "traceback": traceback.format_exc()})

    def _write(self, level: Level, message: str, fields: Mapping[str, Any]) -> None:
        if LEVELS.index(level) >= self._threshold:
            self._sink(level, str(message), {**self._fields, **fields})


def to_stderr(level: Level, message: str, fields: Mapping[str, Any]) -> None:
    """The sink of a plugin's process."""
    sys.stderr.write(format_record(level, message, fields=fields) + "\n")  # one write: threads' lines must not mix
    sys.stderr.flush()


def to_logging(name: str) -> Sink:
    """The sink of a plugin in the host's process: the logger of this name, with fields as ``record.fields``."""
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
        except Exception:  # like every handler of logging: a bad record must not end the program
            self.handleError(record)
