"""The schema version of a plugin's own database."""

from __future__ import annotations

from collections.abc import Iterable

import attrs


@attrs.frozen
class SchemaRevision:
    """One version of a database's schema; ``additive``: the migration to it changes no existing table or column."""

    id: str
    message: str = ""
    additive: bool = False


def _revisions(values: Iterable[SchemaRevision]) -> tuple[SchemaRevision, ...]:
    return tuple(values)


@attrs.frozen
class SchemaState:
    """The state of a schema: ``current`` is its revision ("" before the first), ``revisions`` are all, oldest first."""

    current: str = ""
    revisions: tuple[SchemaRevision, ...] = attrs.field(default=(), converter=_revisions)

    @property
    def head(self) -> str:
        """The newest revision; "" if there is none."""
        return self.revisions[-1].id if self.revisions else ""

    @property
    def pending(self) -> tuple[SchemaRevision, ...] | None:
        """The revisions that are not applied yet; None if the current revision is unknown."""
        return self.upto(self.head)

    def upto(self, target: str) -> tuple[SchemaRevision, ...] | None:
        """The revisions to apply up to ``target``; None if the database is not at or below it."""
        here, there = self._position(self.current), self._position(target)
        return self.revisions[here:there] if here is not None and there is not None and here <= there else None

    def above(self, target: str) -> tuple[SchemaRevision, ...] | None:
        """The applied revisions after ``target`` ("": all); None if the database is not at or above it."""
        here, there = self._position(self.current), self._position(target)
        return self.revisions[there:here] if here is not None and there is not None and there <= here else None

    def _position(self, revision: str) -> int | None:
        ids = ["", *(one.id for one in self.revisions)]
        return ids.index(revision) if revision in ids else None
