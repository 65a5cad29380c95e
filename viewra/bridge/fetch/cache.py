"""The cache of responses on disk, by RFC 9111: one for what anyone may get, and one for each plugin's own."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import os
import secrets
import sqlite3
import threading
from pathlib import Path

import httpx2
from hishel import CacheOptions, SqliteStorage
from hishel.httpx2 import CacheTransport

from viewra.bridge.fetch.origin import EXCHANGE, Exchange, Origin

log = logging.getLogger("viewra.host")

SHARED_BYTES = 256 * 1024 * 1024
PRIVATE_BYTES = 64 * 1024 * 1024
"""Of one plugin's own."""
MAX_BODY_BYTES = 8 * 1024 * 1024
"""Larger bodies are not kept."""
KEPT_S = 30 * 86_400.0
"""Seconds that a response is kept at most."""
NAME = "fetched"
"""The folder of the caches, in the host's data directory."""
_SHARED = "shared"
_OWN = "of-plugins"


class Cache:
    """Answers requests from the caches in a directory, or from their servers. Thread-safe.

    Without a directory nothing is kept. A cache that cannot be read is made anew, and one that cannot be written is
    not used.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._opened: dict[str, tuple[SqliteStorage, CacheTransport] | None] = {}
        self._salt = b""
        self._origin = Origin()

    def send(self, request: httpx2.Request, plugin_id: str) -> httpx2.Response:
        """Answer a request, from a cache if that is fresh.

        A request with a plugin's own headers uses its own cache, as does one to an address inside: others may not
        reach that.
        """
        exchange: Exchange = request.extensions[EXCHANGE]
        private = exchange.is_own
        found = None if "range" in request.headers else self._cache(plugin_id if private else "")
        if found is None:
            return self._origin.handle_request(request)
        if private:
            request.extensions["caching"] = {"key": self._key(request, exchange)}
        return found.handle_request(request)

    def forget(self, plugin_id: str) -> None:
        """Delete a plugin's own cache."""
        with self._lock:
            opened = self._opened.pop(plugin_id, None)
            if opened is not None:
                opened[0].close()
            if self._directory is not None:
                _remove(self._directory / _OWN / f"{plugin_id}.db")

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            for opened in self._opened.values():
                if opened is not None:
                    opened[0].close()
            self._opened.clear()

    def _cache(self, plugin_id: str) -> CacheTransport | None:
        """The cache of this plugin, or with "" that of all; None if there is none."""
        if self._directory is None:
            return None
        with self._lock:
            if plugin_id not in self._opened:
                self._opened[plugin_id] = self._open(self._directory, plugin_id)
            opened = self._opened[plugin_id]
            return opened[1] if opened is not None else None

    def _open(self, directory: Path, plugin_id: str) -> tuple[SqliteStorage, CacheTransport] | None:
        path = directory / _OWN / f"{plugin_id}.db" if plugin_id else directory / f"{_SHARED}.db"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._salt = self._salt or _salt(directory / "salt")
            _require_readable(path)
        except (OSError, sqlite3.Error) as error:
            log.warning("what plugins fetch is not cached: %s: %s", path, error)
            return None
        storage = SqliteStorage(
            database_path=path,
            default_ttl=KEPT_S,
            max_stream_size=MAX_BODY_BYTES,
            max_size=PRIVATE_BYTES if plugin_id else SHARED_BYTES,
        )
        return storage, CacheTransport(self._origin, storage, rfc=CacheOptions(shared=not plugin_id))

    def _key(self, request: httpx2.Request, exchange: Exchange) -> str:
        """What tells requests apart that differ in the plugin's own headers, without having these."""
        filled = [
            f"{name}: {exchange.secrets.in_header(text, request.read)}"
            for name, text in sorted(exchange.private.items())
        ]
        place = "inside" if exchange.inside else "outside"
        text = "\n".join([place, exchange.secrets.in_url(str(request.url)), *filled])
        return hmac.new(self._salt, text.encode(), hashlib.sha256).hexdigest()


def _salt(path: Path) -> bytes:
    """A random number of this directory: what was hashed with it cannot be guessed from the outside."""
    if path.exists() and len(known := path.read_bytes()) == 32:
        return known
    made = secrets.token_bytes(32)
    draft = path.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(made)
    draft.replace(path)
    return made


def _require_readable(path: Path) -> None:
    """Remove a file that is not a database; raises OSError or sqlite3.Error if it cannot be used."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        log.warning("the cache %s is damaged, and made anew: %s", path, error)
        _remove(path)


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
