"""Whether the operator reads of an exception: not of one that only says that the host has gone."""

from __future__ import annotations

import attrs
import pytest

from viewra.codec.tasks import EXECUTE
from viewra.errors import HostTimeout, HostUnavailable
from viewra.sdk.log import Logger
from viewra.sdk.servicers._handlers import report


@attrs.define
class Context:
    active: bool

    def is_active(self) -> bool:
        return self.active

    def set_code(self, code: object) -> None: ...

    def set_details(self, details: str) -> None: ...

    def set_trailing_metadata(self, trailing_metadata: object) -> None: ...


@pytest.mark.parametrize(
    ("error", "active", "level"),
    [
        (HostUnavailable("the stream to the host has ended"), False, "debug"),
        (HostUnavailable("the stream to the host has ended"), True, "debug"),
        (HostTimeout("it took too long"), False, "error"),
        (RuntimeError("a fault"), False, "error"),
    ],
)
def test_a_host_that_has_gone_is_no_fault(error: Exception, active: bool, level: str) -> None:
    levels: list[str] = []
    log = Logger(lambda level, *_: levels.append(level), level="trace")
    assert report(EXECUTE, error, Context(active), log) == str(error)
    assert levels == [level]
