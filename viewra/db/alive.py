"""Connections of a pool to PostgreSQL that the server has left are noticed before they are used.

SQLAlchemy's own check asks the server each time, which takes as long as a short query.
"""

from __future__ import annotations

import select
import time
from typing import Any

import sqlalchemy as sa

UNUSED_S = 5.0
"""A connection that was unused for so long is asked; before, only whether something came on its socket counts."""

_USED = "viewra_used"


def check_connections(engine: sa.Engine) -> None:
    """Have each connection checked when the pool hands it out; one that is broken is replaced."""

    def hand_out(connection: Any, record: Any, _proxy: object) -> None:
        unused_s = time.monotonic() - record.info.get(_USED, time.monotonic())
        if unused_s < UNUSED_S and not _has_news(connection):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.DisconnectionError("the server has closed this connection") from error

    def take_back(connection: object, record: Any) -> None:
        del connection
        record.info[_USED] = time.monotonic()

    sa.event.listen(engine, "checkout", hand_out)
    sa.event.listen(engine, "checkin", take_back)


def _has_news(connection: Any) -> bool:
    """Whether the server has sent something to an idle connection: that it is shut down, or the end of the stream."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
