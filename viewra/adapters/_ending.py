"""``Ending`` counts the end of a stream to a plugin once, whichever side or thread ends the stream."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from viewra.adapters._failures import too_late
from viewra.adapters._silence import Silence
from viewra.errors import PluginError, PluginTimeout


class Ending:
    """A stream that is closed, fails, or falls silent. ``leave`` counts its end, with when its first value came."""

    _silence: Silence

    def __init__(
        self, plugin_id: str, method: str, leave: Callable[[BaseException | None, float | None], object]
    ) -> None:
        self._plugin_id = plugin_id
        self._method = method
        self._leave = leave
        self._lock = threading.Lock()
        self._first_s: float | None = None
        self._ended = False
        self._error: BaseException | None = None

    def close(self) -> None:
        """End the stream, if it is not over."""
        self._end(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _closed(self) -> bool:
        with self._lock:
            return self._ended

    def _silent(self, timeout_s: float) -> PluginError:
        """The error of a plugin that has said nothing for so long."""
        if self._first_s is None:
            return too_late(self._plugin_id, self._method, timeout_s)
        return PluginTimeout(self._plugin_id, f"sent nothing for {timeout_s:g} s", call=self._method)

    def _unread(self, timeout_s: float) -> PluginError:
        """The error of a plugin that has read nothing for so long."""
        return PluginTimeout(self._plugin_id, f"did not read what it was sent for {timeout_s:g} s", call=self._method)

    def _fail(self, error: BaseException) -> BaseException:
        self._end(error)
        return error

    def _end(self, error: BaseException | None) -> None:
        """Count the end, and let go of what is not over. Never raises."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            if isinstance(error, PluginError):
                self._error = error
        self._silence.over()
        self._let_go()
        self._leave(error, self._first_s)

    def _let_go(self) -> None:
        """Free what the stream holds; each kind of stream has its own way."""
        raise NotImplementedError
