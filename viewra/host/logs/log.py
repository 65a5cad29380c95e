"""Passes a plugin's output to the host's log and to the plugin's own, and keeps the last records in memory."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from viewra.host.logs.file import PluginLogFile
from viewra.host.logs.flood import Flood
from viewra.host.logs.telling import Telling
from viewra.transport.hclog import LineGrouper, LogRecord, parse_line
from viewra.transport.hclog_format import format_record

KEPT_RECORDS = 500
KEPT_CHARACTERS = 2_000_000
"""The total size of the kept records: a plugin with long lines must not fill the host's memory."""
LAST_LINE, LAST_WORDS = 2_000, 16_000
"""Characters of one line, and of all lines, that are kept with a state's reason, which is stored and sent as JSON."""
_LEVELS = {
    "trace": 5,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


LogListener = Callable[[str, LogRecord], None]
"""Called with a plugin's id and each of its records, on the thread that reads its output, which must not be held up."""


class LogListeners:
    """Those who get the records of all plugins as they come. Any thread may add and remove them."""

    def __init__(self) -> None:
        self._listeners: tuple[LogListener, ...] = ()

    def add(self, listener: LogListener) -> None:
        """Call it with each record from now on."""
        self._listeners = (*self._listeners, listener)

    def remove(self, listener: LogListener) -> None:
        """Call it no more."""
        self._listeners = tuple(one for one in self._listeners if one != listener)

    def __call__(self, plugin_id: str, record: LogRecord) -> None:
        """Pass a record on; a listener's failure is its own."""
        for listener in self._listeners:
            try:
                listener(plugin_id, record)
            except Exception:
                logging.getLogger("viewra.host").exception("a listener of plugins' logs failed")


class PluginLog:
    """Receives the output of one plugin's processes; ``path`` is the log file.

    ``telling`` decides which of the plugin's failures go to the host's log.
    """

    def __init__(
        self, plugin_id: str, path: Path | None = None, listener: LogListener = lambda _id, _record: None
    ) -> None:
        self._plugin_id = plugin_id
        self._listener = listener
        self._logger = logging.getLogger(f"viewra.plugin.{plugin_id}")
        self._file = PluginLogFile(path) if path is not None else None
        self.telling = Telling(plugin_id)
        self._flood = Flood()
        self._records: deque[tuple[LogRecord, int]] = deque()
        self._characters = 0
        self._lock = threading.Lock()

    @property
    def records(self) -> tuple[LogRecord, ...]:
        """The last records, oldest first."""
        with self._lock:
            return tuple(record for record, _ in self._records)

    def new_run(self) -> RunLog:
        """The log of one process; unfinished groups and panics of other processes do not affect it."""
        return RunLog(self.write)

    def close(self) -> None:
        """Close the file, for a plugin that will not run again."""
        if self._file is not None:
            self._file.close()

    def write(self, records: list[LogRecord]) -> None:
        """Write records of any of its processes."""
        for record in records:
            fields = dict(record.fields)
            named = {"module": record.module, **fields} if record.module else fields
            line = format_record(
                record.level, record.message, module=self._plugin_id, timestamp=record.timestamp, fields=named
            )
            self._keep(record, len(line))
            self._listener(self._plugin_id, record)
            if self._file is not None:
                self._file.write(line)
            shown = self.telling.fields(record.message, fields)
            self._tell(_LEVELS[record.level], record.message, shown)

    def _tell(self, level: int, message: str, fields: dict[str, Any]) -> None:
        """Write a record to the host's log, unless the plugin floods it."""
        if not self._logger.isEnabledFor(level):
            return
        admitted, left_out = self._flood.admit()
        if left_out:
            self._logger.warning(
                "it logs faster than the host's log shows: %d records are in its own alone (viewra plugins logs %s)",
                left_out,
                self._plugin_id,
            )
        if admitted:
            self._logger.log(level, "%s", message, extra={"fields": fields})

    def _keep(self, record: LogRecord, size: int) -> None:
        with self._lock:
            self._records.append((record, size))
            self._characters += size
            while len(self._records) > KEPT_RECORDS or (self._characters > KEPT_CHARACTERS and len(self._records) > 1):
                self._characters -= self._records.popleft()[1]


class RunLog:
    """Turns one process's output into records."""

    def __init__(self, write: Callable[[list[LogRecord]], None]) -> None:
        self._write = write
        self._groups = LineGrouper()
        self._lock = threading.Lock()

    def line(self, stream: str, text: str) -> None:
        """Process one line; a traceback or panic on stderr becomes one record, an empty line none."""
        with self._lock:
            records = self._groups.feed(text) if stream == "stderr" else [parse_line(text)]
        if records:
            self._write([record for record in records if record.message or record.fields])

    def quiet(self) -> None:
        """The output has paused: unfinished groups are complete."""
        with self._lock:
            records = self._groups.flush()
        self._write(records)


def readable(line: str) -> str:
    """A line of output for people: level and message of a JSON record, any other line unchanged."""
    if not line.startswith("{"):
        return line
    record = parse_line(line)
    return line if record.message == line else f"[{record.level.upper()}] {record.message}"


def last_words(lines: Iterable[str]) -> tuple[str, ...]:
    """The last lines of a plugin's output for people, oldest first: long lines are cut, the earliest are left out."""
    kept: list[str] = []
    left = LAST_WORDS
    for line in reversed(tuple(lines)):
        text = readable(line)
        text = text if len(text) <= LAST_LINE else f"{text[:LAST_LINE]} [line cut]"
        left -= len(text)
        if left < 0:
            break
        kept.append(text)
    return tuple(reversed(kept))
