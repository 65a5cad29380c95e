"""What the host remembers of a plugin's life after its own: quarantines, and which services its process has."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db import Quarantine, read_quarantines, read_services, write_quarantine, write_services
from viewra.host.installed.discovery import Found


class Remembered:
    """The records of all plugins, by id and path; read once, when the host opens. For any thread."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._quarantines = read_quarantines(engine)
        self._services = read_services(engine)

    def quarantine(self, found: Found) -> Quarantine | None:
        """Why the plugin is in quarantine; None when it is not."""
        return self._quarantines.get(found.key)

    def set_quarantine(self, found: Found, quarantine: Quarantine | None) -> None:
        """Put it in quarantine, or (None) let it out; raises DatabaseError, and then it is so for this host alone."""
        if quarantine is not None:
            self._quarantines[found.key] = quarantine
        elif self._quarantines.pop(found.key, None) is None:
            return
        write_quarantine(self._engine, *found.key, quarantine)

    def services(self, found: Found) -> tuple[str, frozenset[str]] | None:
        """The code's hash, and the services that its process turned out to have; None where nobody knows."""
        return self._services.get(found.key)

    def set_services(self, found: Found, code_hash: str, services: frozenset[str]) -> None:
        """Remember which services this code has; raises DatabaseError."""
        if self._services.get(found.key) != (code_hash, services):
            write_services(self._engine, *found.key, code_hash, services)
            self._services[found.key] = (code_hash, services)
