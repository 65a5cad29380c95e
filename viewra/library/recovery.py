"""Completes what hosts that were killed have left half done, when the next one opens."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.library import jobs, priorities


def recover(engine: sa.Engine) -> int:
    """Mark the jobs of hosts that were killed as failed, and have the search follow the orders again; how many jobs.

    Raises ``DatabaseError``.
    """
    ended = jobs.recover(engine)
    priorities.finish(engine)
    return ended
