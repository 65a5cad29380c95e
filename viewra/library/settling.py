"""Decides at the end of a scan whether it leaves nothing to do in its library, and notes it for the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from viewra.db.transactions import reading
from viewra.library import settled
from viewra.library.mime import MediaTypes
from viewra.library.scan_plan import PluginsState
from viewra.library.settled import Settled
from viewra.library.unread import Unread


class Settling:
    """One scan of a whole library; ``before`` is what was noted when it began."""

    def __init__(self, engine: sa.Engine, library_id: int, plugins: PluginsState) -> None:
        """To be made before the scan asks plugins anything."""
        self._engine = engine
        self._library_id = library_id
        self._plugins = plugins
        self._state = plugins()

    def is_as_before(self, context: bytes) -> bool:
        """Whether what an earlier scan noted still holds, for the same plugins."""
        known = self._load()
        return (
            known is not None
            and self._state is not None
            and (known.plugins, known.context)
            == (
                self._state[1],
                context.hex(),
            )
        )

    def settle(
        self,
        context: bytes,
        media: MediaTypes,
        left: tuple[int, Mapping[str, int]],
        unread: Sequence[Unread],
    ) -> None:
        """Note that nothing is to do, unless some file is unread or due; ``left``: as in the report."""
        now = self._plugins()
        if self._state is None or now is None or now[0] != self._state[0]:  # it changed meanwhile
            return
        program = settled.program_of(media).hex()
        new = Settled(now[1], context.hex(), media.declared(), left[0], dict(left[1]), program)
        if self._load() == new or any(one.count() for one in unread):
            return
        with reading(self._engine) as connection:
            is_due = settled.is_due(connection, self._library_id)
        if not is_due:
            settled.store(self._engine, self._library_id, new)

    def _load(self) -> Settled | None:
        with reading(self._engine) as connection:
            return settled.load(connection, self._library_id)
