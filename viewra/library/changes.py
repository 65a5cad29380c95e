"""Collects what becomes of files, transaction by transaction, for those who observe the library.

Each transaction's changes are handed on after it was committed, in the order of the transactions; those of one that was
rolled back are forgotten.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import attrs
import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.db.transactions import at_end
from viewra.library.paths import join
from viewra.types import LibraryChange, LibraryChangeKind

MOST_KEPT = 10_000
"""How many changes are kept of one transaction, and for one observer that is behind."""

_CHANGES = "viewra_changes"
_TRANSACTION = "viewra_changes_of_transaction"

Tell = Callable[[Sequence[LibraryChange], bool], None]
"""Takes changes in order, and whether there were more before them than were kept; must not wait."""


@attrs.define(eq=False)
class _Transaction:
    changes: list[LibraryChange] = attrs.field(factory=list)
    lost: bool = False
    is_over: bool = False

    def add(self, change: LibraryChange) -> None:
        if len(self.changes) == MOST_KEPT:
            self.changes.clear()
            self.lost = True
        self.changes.append(change)


class Changes:
    """What is changed by one engine's transactions."""

    def __init__(self, is_observed: Callable[[], bool], tell: Tell) -> None:
        self.is_observed = is_observed
        self._tell = tell
        self._lock = threading.Lock()
        self._transactions: deque[_Transaction] = deque()

    def begin(self, connection: sa.Connection) -> _Transaction:
        """Return the collection of a transaction, which holds the lock that writers hold one after the other."""
        known: _Transaction | None = connection.get_execution_options().get(_TRANSACTION)
        if known is not None:
            return known
        made = _Transaction()
        with self._lock:
            self._transactions.append(made)
        connection.execution_options(**{_TRANSACTION: made})
        at_end(connection, lambda committed: self._end(made, committed=committed))
        return made

    def _end(self, transaction: _Transaction, *, committed: bool) -> None:
        with self._lock:  # also while they are told, which keeps their order
            transaction.is_over = True
            if not committed:
                transaction.changes, transaction.lost = [], False
            while self._transactions and self._transactions[0].is_over:
                first = self._transactions.popleft()
                if first.changes:
                    self._tell(first.changes, first.lost)


def attach(engine: sa.Engine, changes: Changes) -> None:
    """Have all that is changed through an engine collected."""
    engine.update_execution_options(**{_CHANGES: changes})


def are_observed(connection: sa.Connection) -> bool:
    """Whether anybody observes the library: else nothing needs to be collected."""
    changes: Changes | None = connection.get_execution_options().get(_CHANGES)
    return changes is not None and changes.is_observed()


def note(connection: sa.Connection, changes: Iterable[LibraryChange]) -> None:
    """Collect changes that this transaction makes, if they are observed."""
    if not are_observed(connection):
        return
    transaction = connection.get_execution_options()[_CHANGES].begin(connection)
    for change in changes:
        transaction.add(change)


def note_files(connection: sa.Connection, kind: LibraryChangeKind, files: sa.ColumnElement[bool]) -> None:
    """Collect one change for each of the files that meet a condition."""
    if not are_observed(connection):
        return
    columns = media_files.c.id, media_files.c.library_id, media_files.c.name, directories.c.path
    found = sa.select(*columns).join_from(media_files, directories, media_files.c.directory_id == directories.c.id)
    rows = connection.execute(found.where(files).order_by(media_files.c.id).limit(MOST_KEPT + 1))
    note(
        connection,
        (LibraryChange(kind, row.library_id, row.id, os.fsdecode(join(row.path, row.name))) for row in rows),
    )
