"""What of a plugin's trouble goes into the host's log: each thing once, and long traces in short."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from viewra.text import encodable

SHOWN_FIRST, SHOWN_LAST = 10, 5
"""Lines of a long trace that are shown; all of it is in the plugin's own log."""
SAME_S = 600.0
"""For so long what was told already is not told again."""
REMEMBERED = 100
"""So many different things at most: a plugin that fails in ever new ways must not fill the host's memory."""

log = logging.getLogger("viewra.host")


class Telling:
    """What was told of one plugin. ``clock`` gives seconds. For any thread."""

    def __init__(self, plugin_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._plugin_id = plugin_id
        self._clock = clock
        self._lock = threading.Lock()
        self._traces: dict[int, float] = {}  # until when each is known, by its hash: a trace may be long
        self._failures: dict[int, float] = {}
        self._lines: frozenset[str] = frozenset()

    def fields(self, message: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of one of the plugin's records as the host's log has them: its trace in short, and only once."""
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
        """Say in the host's log that the plugin failed, with its last output unless that is there already."""
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
                del told[next(iter(told))]  # the oldest
            told[key] = now + SAME_S
        return known

    def _in_short(self, lines: Sequence[str]) -> Sequence[str]:
        left_out = len(lines) - SHOWN_FIRST - SHOWN_LAST
        if left_out <= 1:
            return lines
        more = f"… {left_out} more lines: viewra plugins logs {self._plugin_id}"
        return [*lines[:SHOWN_FIRST], more, *lines[-SHOWN_LAST:]]
