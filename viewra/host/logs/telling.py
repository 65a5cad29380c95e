"""Reports a plugin's failures in the host's log: each once, and long traces shortened."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from viewra.text import encodable

SHOWN_FIRST, SHOWN_LAST = 10, 5
"""Lines of a long trace that are shown; the plugin's own log has the whole trace."""
SAME_S = 600.0
"""Seconds in which the same failure is not reported again."""
REMEMBERED = 100
"""The most failures remembered: a plugin with ever new failures must not fill the host's memory."""

log = logging.getLogger("viewra.host")


class Telling:
    """The failures reported for one plugin. ``clock`` returns seconds. Thread-safe."""

    def __init__(self, plugin_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._plugin_id = plugin_id
        self._clock = clock
        self._lock = threading.Lock()
        self._traces: dict[int, float] = {}  # until when each is remembered, by its hash: a trace may be long
        self._failures: dict[int, float] = {}
        self._lines: frozenset[str] = frozenset()

    def fields(self, message: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A record's fields for the host's log: its trace is shortened, and included only once."""
        trace = fields.get("traceback")
        if not isinstance(trace, str):
            return dict(fields)
        lines = trace.split("\n")
        with self._lock:
            self._lines = frozenset((message, *lines))
            known = self._is_known(self._traces, trace)
        rest = {key: value for key, value in fields.items() if key != "traceback"}
        return rest if known else {**rest, "traceback": "\n".join(self._in_short(lines))}

    def failed(self, message: str, output: Sequence[str] = ()) -> None:
        """Report in the host's log that the plugin failed, with its last output unless that was already reported."""
        with self._lock:
            known = self._is_known(self._failures, message)
            output = () if self._lines.issuperset(line for line in output if line.strip()) else output
        told = "\n".join((message, "its last output:", *output)) if output else message
        log.log(logging.DEBUG if known else logging.ERROR, "plugin %s: %s", self._plugin_id, encodable(told))

    def _is_known(self, told: dict[int, float], text: str) -> bool:
        now, key = self._clock(), hash(text)
        known = told.get(key, now) > now
        if not known:
            told.pop(key, None)
            while len(told) >= REMEMBERED:
                del told[next(iter(told))]  # the oldest entry
            told[key] = now + SAME_S
        return known

    def _in_short(self, lines: Sequence[str]) -> Sequence[str]:
        left_out = len(lines) - SHOWN_FIRST - SHOWN_LAST
        if left_out <= 1:
            return lines
        more = f"… {left_out} more lines: viewra plugins logs {self._plugin_id}"
        return [*lines[:SHOWN_FIRST], more, *lines[-SHOWN_LAST:]]
