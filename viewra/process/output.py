"""A process's stdout and stderr: splits lines, finds those for the host, limits floods, keeps the last lines.

The child feeds it with the bytes of the pipes; it never blocks. The listener interprets the lines.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from viewra.transport.handshake import REQUEST

Stream = Literal["stdout", "stderr"]
Listener = Callable[[Stream, str], None]

_log = logging.getLogger(__name__)

LONGEST_LINE = 64 * 1024
"""Bytes after which a line is cut."""

KEPT_LINES = 20
LINES_PER_SECOND = 2000
CHARACTERS_PER_SECOND = 4 * 1024 * 1024

_CUT = b" [line cut]"
_ESCAPES = {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(128, 256)}
_HANDSHAKE = re.compile(r"\s*[0-9]+\|")
_REQUEST = REQUEST.encode()


class LineSplitter:
    """Splits bytes into lines, without line ends; keeps the first ``longest`` bytes of a longer line."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._rest = b""
        self._skipping = False

    @property
    def rest(self) -> bytes:
        """The unfinished line."""
        return self._rest

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that ``data`` completes; a line that reaches the limit counts as complete."""
        *lines, rest = data.split(b"\n")
        if lines:
            if self._skipping:
                self._skipping = False
                del lines[0]
            else:
                lines[0] = self._rest + lines[0]
            self._rest = b""
        if not self._skipping:
            self._rest += rest
            if len(self._rest) > self._longest:
                lines.append(self._rest)
                self._rest, self._skipping = b"", True
        # Most lines stay as they are, and there may be many.
        return [self._trim(line) if line[-1:] == b"\r" or len(line) > self._longest else line for line in lines]

    def end(self) -> list[bytes]:
        """The line that the stream ended without a line end, if any."""
        rest, self._rest, self._skipping = self._rest, b"", False
        return [self._trim(rest)] if rest else []

    def _trim(self, line: bytes) -> bytes:
        if len(line) > self._longest:
            return line[: self._longest] + _CUT
        return line.removesuffix(b"\r")


class Output:
    """Both streams of one process.

    Lines go to ``on_line``, at most ``lines_per_second`` and about ``CHARACTERS_PER_SECOND``. Lines beyond these limits
    are dropped and counted, and one line ``[WARN] …`` reports their number, so that the host keeps up and the process
    is never blocked. The first line of stdout that begins with digits and ``|`` is the handshake line; it goes to
    ``handshake``, not to ``on_line``. A later line of stdout that is ``REQUEST`` calls what ``when_requested`` was
    given.
    """

    def __init__(self, on_line: Listener, *, lines_per_second: int = LINES_PER_SECOND) -> None:
        self._on_line = on_line
        self._per_second = lines_per_second
        self._splitters: dict[Stream, LineSplitter] = {"stdout": LineSplitter(), "stderr": LineSplitter()}
        self._last: dict[Stream, deque[bytes]] = {
            "stdout": deque(maxlen=KEPT_LINES),
            "stderr": deque(maxlen=KEPT_LINES),
        }
        self._window = time.monotonic()
        self._left, self._characters_left = lines_per_second, CHARACTERS_PER_SECOND
        self._dropped: dict[Stream, int] = {"stdout": 0, "stderr": 0}
        self._changed = threading.Condition()
        self._handshake: str | None = None
        self._requested = False
        self._on_request: Callable[[], object] | None = None
        self._ended: set[Stream] = set()
        self._listener_failed = False

    def feed(self, stream: Stream, data: bytes) -> None:
        """Process bytes read from one stream."""
        self._take(stream, self._splitters[stream].feed(data))

    def end(self, stream: Stream) -> None:
        """Process the end of one stream."""
        self._take(stream, self._splitters[stream].end())
        self.report_dropped()
        with self._changed:
            self._ended.add(stream)
            self._changed.notify_all()

    def report_dropped(self) -> None:
        """Report the number of dropped lines, if any; called when the flood has ended."""
        for stream, count in self._dropped.items():
            if count:
                self._dropped[stream] = 0
                self._hand_over(stream, f"[WARN] {count} lines left out: too much in one second")

    def handshake(self, timeout_s: float) -> str | None:
        """Wait for the handshake line; None if stdout ended, or ``timeout_s`` seconds passed, without one."""
        until = time.monotonic() + timeout_s
        with self._changed:
            while self._handshake is None and "stdout" not in self._ended:
                if not self._changed.wait(max(0.0, until - time.monotonic())):
                    break
            return self._handshake

    def when_requested(self, call: Callable[[], object]) -> None:
        """Call this for each ``REQUEST``, on the thread that feeds; at once if there was one before."""
        with self._changed:
            self._on_request = call
            requested = self._requested
        if requested:
            call()

    def ended(self, stream: Stream) -> bool:
        """Whether the process has closed this stream."""
        with self._changed:
            return stream in self._ended

    @property
    def begun(self) -> str:
        """The unfinished line on stdout; empty without one."""
        return _text(self._splitters["stdout"].rest)

    def last(self, stream: Stream | None = None) -> tuple[str, ...]:
        """The last lines of one stream, or of stdout and then stderr, without the handshake line."""
        with self._changed:
            return tuple(_text(line) for name, lines in self._last.items() if stream in {None, name} for line in lines)

    def _take(self, stream: Stream, lines: list[bytes]) -> None:
        if stream == "stdout" and self._handshake is None:
            lines = self._pick_handshake(lines)
        if stream == "stdout" and _REQUEST in lines and self._handshake is not None:
            lines = [line for line in lines if line != _REQUEST]
            self._take_request()
        if not lines:
            return
        if (now := time.monotonic()) - self._window >= 1:
            self.report_dropped()
            self._window, self._left, self._characters_left = now, self._per_second, CHARACTERS_PER_SECOND
        with self._changed:
            self._last[stream].extend(lines[-KEPT_LINES:])
        taken = 0
        for line in lines[: self._left]:
            if self._characters_left <= 0:
                break
            text = _text(line)
            self._characters_left -= len(text)
            self._hand_over(stream, text)
            taken += 1
        self._left -= taken
        self._dropped[stream] += len(lines) - taken

    def _pick_handshake(self, lines: list[bytes]) -> list[bytes]:
        lines = list(filter(None, lines))  # the SDK separates its line from earlier output
        for index, line in enumerate(lines):
            if _HANDSHAKE.match(text := _text(line)):
                with self._changed:
                    self._handshake = text
                    self._changed.notify_all()
                return lines[:index] + lines[index + 1 :]
        return lines

    def _take_request(self) -> None:
        with self._changed:
            self._requested = True
            call = self._on_request
        if call is not None:
            try:
                call()
            except Exception:  # the output must be read on
                _log.exception("the request on a plugin's stdout could not be served")

    def _hand_over(self, stream: Stream, text: str) -> None:
        try:
            self._on_line(stream, text)
        except Exception:
            if not self._listener_failed:  # logged once: a listener that fails on every line would flood the log
                _log.exception("the listener of a plugin's output failed")
            self._listener_failed = True


def _text(line: bytes) -> str:
    """Decode a line; invalid UTF-8 becomes escapes. Much faster on many such bytes than ``backslashreplace``."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("utf-8", "surrogateescape").translate(_ESCAPES)
