"""Stores what the host remembers of plugins between its runs: quarantines, services, and texts that processes gave."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import attrs
import sqlalchemy as sa

from viewra.db import (
    Quarantine,
    read_fact,
    read_quarantines,
    read_services,
    write_fact,
    write_quarantine,
    write_services,
)
from viewra.errors import DatabaseError
from viewra.host.installed.discovery import Found
from viewra.host.installed.installation import Installation

log = logging.getLogger("viewra.host")


class Remembered:
    """The records of all plugins, by id and real path; read once when the host opens. Thread-safe."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._quarantines = read_quarantines(engine)
        self._services = read_services(engine)

    def quarantine(self, found: Found) -> Quarantine | None:
        """The plugin's quarantine; None if it is not in quarantine."""
        return self._quarantines.get(found.key)

    def set_quarantine(self, found: Found, quarantine: Quarantine | None) -> None:
        """Put it in quarantine, or (None) release it; on DatabaseError the change applies to this host only."""
        if quarantine is not None:
            self._quarantines[found.key] = quarantine
        elif self._quarantines.pop(found.key, None) is None:
            return
        write_quarantine(self._engine, *found.key, quarantine)

    def services(self, found: Found) -> tuple[str, frozenset[str]] | None:
        """The code's hash and the services that its process proved to have; None if unknown."""
        return self._services.get(found.key)

    def set_services(self, found: Found, code_hash: str, services: frozenset[str]) -> None:
        """Remember which services this code has; raises DatabaseError."""
        if self._services.get(found.key) != (code_hash, services):
            write_services(self._engine, *found.key, code_hash, services)
            self._services[found.key] = (code_hash, services)

    def fact(self, found: Found, name: str) -> tuple[str, str] | None:
        """The code's hash and the text of this name that its process gave; None if unknown.

        Queries the database each time, because any process that changes settings deletes it. Raises DatabaseError.
        """
        return read_fact(self._engine, *found.key, name)

    def set_fact(self, found: Found, name: str, code_hash: str, value: str) -> None:
        """Remember a text of this code; raises DatabaseError."""
        if self.fact(found, name) != (code_hash, value):
            write_fact(self._engine, *found.key, name, code_hash, value)


@attrs.frozen
class PluginMemory:
    """What is remembered of one plugin; nothing without ``remembered``. Writes that fail are logged and lost.

    Nothing here raises, because a call need not fail when a record is lost.
    """

    installation: Installation
    remembered: Remembered | None

    def quarantine(self) -> str:
        """The reason why the code in use is in quarantine; "" if it is not."""
        found = self.remembered.quarantine(self.installation.place) if self.remembered is not None else None
        return found.reason if found is not None and found.code_hash == self.installation.used.code_hash else ""

    def set_quarantine(self, quarantine: Quarantine | None) -> None:
        """Put it in quarantine, or (None) release it."""
        with self._recording():
            if self.remembered is not None:
                self.remembered.set_quarantine(self.installation.place, quarantine)

    def services(self) -> frozenset[str] | None:
        """The services that the process of the code in use proved to have; None if unknown."""
        known = self.remembered.services(self.installation.place) if self.remembered is not None else None
        return known[1] if known is not None and known[0] == self.installation.used.code_hash else None

    def set_services(self, code_hash: str, services: frozenset[str]) -> None:
        """Remember which services this code has."""
        with self._recording():
            if self.remembered is not None:
                self.remembered.set_services(self.installation.place, code_hash, services)

    def fact(self, name: str) -> str | None:
        """The text of this name that a process of the code on disk gave; None if unknown."""
        known = None
        with self._recording():
            known = self.remembered.fact(self.installation.place, name) if self.remembered is not None else None
        # Nothing is known of new code until a start uses it.
        if known is None or not known[0] == self.installation.used.code_hash == self.installation.to_start().code_hash:
            return None
        return known[1]

    def set_fact(self, name: str, value: str) -> None:
        """Remember a text of the code in use."""
        with self._recording():
            if self.remembered is not None:
                self.remembered.set_fact(self.installation.place, name, self.installation.used.code_hash, value)

    @contextlib.contextmanager
    def _recording(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            log.warning("plugin %s: its record cannot be stored or read: %s", self.installation.plugin_id, error)
