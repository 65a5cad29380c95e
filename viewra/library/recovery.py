"""At the next host's opening, completes the work of hosts that were killed."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.library import jobs, priorities


def recover(engine: sa.Engine) -> int:
    """Mark killed hosts' jobs as failed, and finish updating the search index. Returns the number of jobs.

    Raises ``DatabaseError``.
    """
    ended = jobs.recover(engine)
    priorities.finish(engine)
    return ended


def catch_up(engine: sa.Engine) -> None:
    """Finish updating what files are found by, so that a look-up right after a migration finds them.

    Raises ``DatabaseError``.
    """
    priorities.finish(engine)
