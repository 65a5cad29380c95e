"""Keys of plugins' pages: a page in its sandbox has no session, and its URLs carry a key instead.

A key leads to one plugin alone, with the scope of the session that it was made for, and ends with that session.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import attrs

from viewra.web.access import Identity

KEPT = 1000
"""The keys that are kept; the oldest is forgotten first."""
LASTS_S = 3600.0
"""Seconds for which a key without a session lasts after its last use."""


@attrs.frozen
class _Holder:
    plugin_id: str
    session: str
    identity: Identity
    used_at: float


class PageKeys:
    """The keys that were given out. For any thread."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._holders: OrderedDict[str, _Holder] = OrderedDict()
        self._given: dict[tuple[str, str, str], str] = {}

    def key(self, plugin_id: str, session: str, identity: Identity) -> str:
        """The key for a plugin's pages in this session; for a token without one, of this token."""
        whose = (plugin_id, session, "" if session else identity.name)
        with self._lock:
            key = self._given.get(whose, "")
            if key not in self._holders:
                key = self._given[whose] = secrets.token_urlsafe(24)
            self._holders[key] = _Holder(plugin_id, session, identity, self._now())
            self._holders.move_to_end(key)
            while len(self._holders) > KEPT:
                self._forget(next(iter(self._holders)))
        return key

    def holder(self, plugin_id: str, key: str, session: Callable[[str], Identity | None]) -> Identity | None:
        """Who holds a key, by ``session``, which knows sessions; None for a key that is not valid here."""
        with self._lock:
            found = self._holders.get(key)
        if found is None or found.plugin_id != plugin_id:
            return None
        if found.session:
            identity = session(found.session)
        else:
            identity = found.identity if self._now() - found.used_at < LASTS_S else None
        with self._lock:
            if identity is None:
                self._forget(key)
            elif key in self._holders:
                self._holders[key] = attrs.evolve(found, used_at=self._now())
        return identity

    def _forget(self, key: str) -> None:
        self._holders.pop(key, None)
        for whose, given in list(self._given.items()):
            if given == key:
                del self._given[whose]
