"""Whether files are still to be indexed again after a change of the orders of plugins, or after a migration.

``priorities`` writes the mark and does the work; looking for it needs nothing of that.
"""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.priority_tables import field_priorities
from viewra.db.transactions import reading

UNFINISHED = ""
"""The field of a row that is no order: documents follow the orders up to the file whose id is in ``plugin_id``.

It comes with a change of the orders, moves with the documents, and goes when all files are done. Its ``position`` is 1
when all files are to be done, as after a migration, and 0 when those that several plugins read are enough.
"""

MARK = sa.select(field_priorities.c.plugin_id, field_priorities.c.position).where(
    field_priorities.c.field == UNFINISHED
)


def is_unfinished(engine: sa.Engine) -> bool:
    """Whether some files are to be indexed again. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        return connection.execute(MARK).first() is not None
