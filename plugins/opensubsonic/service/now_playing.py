"""Remembers what each user's players play at the moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import attrs

LONGEST_S = 3600.0
"""Seconds after which something is no longer played, if no player says more."""
MOST = 500


@attrs.frozen
class Playing:
    """A song that a player began ``ago_s`` seconds ago."""

    user: str
    player: str
    media_file_id: int
    ago_s: float


class NowPlaying:
    """What is played. ``clock`` gives seconds; any thread may use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began: dict[tuple[str, str], tuple[int, float]] = {}

    def begin(self, user: str, player: str, media_file_id: int) -> None:
        """A player begins a song."""
        with self._lock:
            self._began.pop((user, player), None)
            self._began[user, player] = (media_file_id, self._clock())
            while len(self._began) > MOST:
                del self._began[next(iter(self._began))]

    def end(self, user: str, player: str, media_file_id: int) -> None:
        """A player has played a song."""
        with self._lock:
            if self._began.get((user, player), (0, 0.0))[0] == media_file_id:
                del self._began[user, player]

    def all(self) -> list[Playing]:
        """What is played, the last one first."""
        with self._lock:
            now = self._clock()
            begun = [Playing(user, player, number, now - at) for (user, player), (number, at) in self._began.items()]
        return [one for one in reversed(begun) if one.ago_s < LONGEST_S]
