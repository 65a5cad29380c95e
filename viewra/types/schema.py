"""Where a plugin's own database stands."""

from __future__ import annotations

from collections.abc import Iterable

import attrs


@attrs.frozen
class SchemaRevision:
    """One version of a database's schema; ``additive``: going up to it changes nothing that is there."""

    id: str
    message: str = ""
    additive: bool = False


def _revisions(values: Iterable[SchemaRevision]) -> tuple[SchemaRevision, ...]:
    return tuple(values)


@attrs.frozen
class SchemaState:
    """Where a database stands: ``current`` is its revision ("" before the first), ``revisions`` all, oldest first."""

    current: str = ""
    revisions: tuple[SchemaRevision, ...] = attrs.field(default=(), converter=_revisions)

    @property
    def head(self) -> str:
        """The newest revision; "" where there is none."""
        return self.revisions[-1].id if self.revisions else ""

    @property
    def pending(self) -> tuple[SchemaRevision, ...] | None:
        """What the database still has to go through; None when it is at a revision that is not among these."""
        return self.upto(self.head)

    def upto(self, target: str) -> tuple[SchemaRevision, ...] | None:
        """What the database has to go through to ``target``; None when it is not at or below it."""
        here, there = self._position(self.current), self._position(target)
        return self.revisions[here:there] if here is not None and there is not None and here <= there else None

    def above(self, target: str) -> tuple[SchemaRevision, ...] | None:
        """What the database went through after ``target`` ("": after nothing); None when it is not at or above it."""
        here, there = self._position(self.current), self._position(target)
        return self.revisions[there:here] if here is not None and there is not None and there <= here else None

    def _position(self, revision: str) -> int | None:
        ids = ["", *(one.id for one in self.revisions)]
        return ids.index(revision) if revision in ids else None
