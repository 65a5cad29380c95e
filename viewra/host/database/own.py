"""One plugin's own database: whether it must be migrated, and the copies that protect it from a migration."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import attrs

from viewra.types import SchemaState

log = logging.getLogger("viewra.host")


@attrs.frozen
class OwnDatabase:
    """One plugin's database. ``backups`` is the folder for its copies; ``code_hash`` is that of the code that runs."""

    plugin_id: str
    url: str
    backups: Path
    code_hash: str

    @property
    def is_copied(self) -> bool:
        """Whether viewra backs it up itself: what is in PostgreSQL, its administrator does."""
        return self.url.startswith("sqlite:")

    def protect(self, state: SchemaState | None) -> None:
        """Copy the database before a migration that may change what is there; raises MigrationError.

        ``state`` is what the plugin says of it. Of one that says nothing, new code may change anything.
        """
        if state is None:
            if self._migrated_by() == self.code_hash:
                return
        elif state.pending is None or (state.current and all(one.additive for one in state.pending)):
            return  # a revision that it does not know, it refuses itself
        elif not state.current and not self.is_copied:
            return  # there is nothing yet
        self.copy(state.current if state is not None and state.current else "unknown")

    def must_migrate(self, state: SchemaState | None) -> bool:
        """Whether it may have to be migrated for the code that runs; of one that says nothing, new code may want it."""
        return self._migrated_by() != self.code_hash if state is None else state.pending != ()

    def copy(self, label: str) -> Path | None:
        """Copy the database, if there is one that can be copied; gives the copy. Raises MigrationError."""
        if not self.is_copied:
            log.warning(
                "plugin %s: its database is migrated, and viewra makes no backup of PostgreSQL's: use pg_dump",
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
        """Put back what ``copy`` gave, when nobody uses the database; None: there was none, or nothing to copy."""
        if not self.is_copied:
            return
        path = self.url.partition(":///")[2]
        for journal in ("-wal", "-shm", "-journal"):
            Path(path + journal).unlink(missing_ok=True)
        if copy is None:
            Path(path).unlink(missing_ok=True)
        else:
            from viewra.db.backup import put_back  # light start: it is rarely needed

            put_back(copy, Path(path))
        if self._migrated_by() != migrated_by:
            self._note.write_text(migrated_by)

    def migrated(self) -> None:
        """Remember which code migrated it last."""
        if self._migrated_by() != self.code_hash:
            self.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._note.write_text(self.code_hash)

    @property
    def migrated_by(self) -> str:
        """Hash of the code that migrated it last; "" where none did."""
        return self._migrated_by()

    @property
    def _note(self) -> Path:
        return self.backups / "migrated-by"

    def _migrated_by(self) -> str:
        with contextlib.suppress(OSError):
            return self._note.read_text()
        return ""
