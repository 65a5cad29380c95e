"""The callables of one channel, which another thread may close at any time."""

from __future__ import annotations

import grpc
import pytest

from viewra.adapters import Connection


def test_a_closed_connection_gives_no_callables_and_those_it_gave_refuse() -> None:
    connection = Connection(grpc.insecure_channel("unix:/nonexistent"))
    given = connection.method("/a.B/C")
    assert connection.method("/a.B/C") is given
    connection.close()
    with pytest.raises(ValueError, match="closed"):
        given(b"", 1)
    with pytest.raises(ValueError, match="closed"):
        connection.method("/a.B/D")
    connection.close()
