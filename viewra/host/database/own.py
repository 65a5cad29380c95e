"""One plugin's own database: whether it must be migrated, and its backups before a migration."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import attrs

from viewra.types import SchemaState

log = logging.getLogger("viewra.host")


@attrs.frozen
class OwnDatabase:
    """One plugin's database. ``backups`` is the folder for its copies; ``code_hash`` is that of the running code."""

    plugin_id: str
    url: str
    backups: Path
    code_hash: str

    @property
    def is_copied(self) -> bool:
        """Whether viewra backs it up; an administrator backs up PostgreSQL."""
        return self.url.startswith("sqlite:")

    def protect(self, state: SchemaState | None) -> None:
        """Copy the database before a migration that may change existing data; raises MigrationError.

        ``state`` is the plugin's schema version. If it is unknown, new code may change anything.
        """
        if state is None:
            if self._migrated_by() == self.code_hash:
                return
        elif state.pending is None or (state.current and all(one.additive for one in state.pending)):
            return  # the plugin itself refuses a revision that it does not know
        elif not state.current and not self.is_copied:
            return  # the database does not exist yet
        self.copy(state.current if state is not None and state.current else "unknown")

    def must_migrate(self, state: SchemaState | None) -> bool:
        """Whether the running code may have to migrate it; if the version is unknown, any new code may."""
        return self._migrated_by() != self.code_hash if state is None else state.pending != ()

    def copy(self, label: str) -> Path | None:
        """Copy the database, if it exists and can be copied. Returns the copy. Raises MigrationError."""
        if not self.is_copied:
            log.warning(
                "plugin %s: its database is migrated without a backup: use pg_dump for one",
                self.plugin_id,
            )
            return None
        file = Path(self.url.partition(":///")[2])
        if not file.is_file() or file.stat().st_size == 0:
            return None
        from viewra.db.backup import back_up  # light start: most plugins start without a migration

        copy = back_up(file, self.backups, label)
        log.info("plugin %s: its database was backed up to %s", self.plugin_id, copy)
        return copy

    def restore(self, copy: Path | None, migrated_by: str) -> None:
        """Restore the copy of ``copy``, while the database is unused; None: there was nothing to copy."""
        if not self.is_copied:
            return
        path = self.url.partition(":///")[2]
        for journal in ("-wal", "-shm", "-journal"):
            Path(path + journal).unlink(missing_ok=True)
        if copy is None:
            Path(path).unlink(missing_ok=True)
        else:
            from viewra.db.backup import put_back  # light start: rarely needed

            put_back(copy, Path(path))
        if self._migrated_by() != migrated_by:
            self._note.write_text(migrated_by)

    def migrated(self) -> None:
        """Store which code migrated it last."""
        if self._migrated_by() != self.code_hash:
            self.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._note.write_text(self.code_hash)

    @property
    def migrated_by(self) -> str:
        """Hash of the code that migrated it last; "" if none did."""
        return self._migrated_by()

    @property
    def _note(self) -> Path:
        return self.backups / "migrated-by"

    def _migrated_by(self) -> str:
        with contextlib.suppress(OSError):
            return self._note.read_text()
        return ""
