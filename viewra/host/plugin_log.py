"""What a plugin writes, on its way into the host's log with level and fields; the last records are kept at hand."""

from __future__ import annotations

import logging
import threading
from collections import deque

from viewra.transport.hclog import LineGrouper, LogRecord, parse_line

KEPT_RECORDS = 500
_LEVELS = {
    "trace": 5,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


class PluginLog:
    """Takes the lines of one plugin's output, whichever process of it writes them."""

    def __init__(self, plugin_id: str) -> None:
        self._logger = logging.getLogger(f"viewra.plugin.{plugin_id}")
        self._records: deque[LogRecord] = deque(maxlen=KEPT_RECORDS)
        self._groups = LineGrouper()
        self._lock = threading.Lock()

    @property
    def records(self) -> tuple[LogRecord, ...]:
        """The last records, oldest first."""
        with self._lock:
            return tuple(self._records)

    def line(self, stream: str, text: str) -> None:
        """Take one line; a traceback or panic on stderr becomes one record."""
        with self._lock:
            records = self._groups.feed(text) if stream == "stderr" else [parse_line(text)]
        self._write(records)

    def quiet(self) -> None:
        """Nothing more is coming for now: what was grouped is complete."""
        with self._lock:
            records = self._groups.flush()
        self._write(records)

    def _write(self, records: list[LogRecord]) -> None:
        for record in records:
            with self._lock:
                self._records.append(record)
            fields = dict(record.fields)
            self._logger.log(_LEVELS[record.level], "%s", record.message, extra={"fields": fields})
