"""Translates the errors of gRPC's calls; the only place on the host's side that does."""

from __future__ import annotations

from functools import partial
from typing import Any

import grpc

from viewra.transport.calls import CallFailed, Failure

_FAILURES = {
    grpc.StatusCode.UNIMPLEMENTED: Failure.MISSING,
    grpc.StatusCode.DEADLINE_EXCEEDED: Failure.LATE,
    grpc.StatusCode.UNAVAILABLE: Failure.LOST,
    grpc.StatusCode.CANCELLED: Failure.LOST,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Failure.TOO_LARGE,
}


_CODES = {code.value[0]: code for code in grpc.StatusCode}


def failure_of(status: int) -> tuple[Failure, str]:
    """The failure for the number of a status that is not OK, and the status's name."""
    code = _CODES.get(status, grpc.StatusCode.UNKNOWN)
    return _FAILURES.get(code, Failure.REPORTED), code.name


def trailer_of(call: Any, name: str) -> bytes | None:
    """The entry of this name in the trailing metadata of a call that has ended, None if absent."""
    for key, value in call.trailing_metadata() or ():
        if key == name:
            return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    return None


def failed(error: Exception) -> CallFailed:
    """What gRPC raised as CallFailed."""
    if not isinstance(error, grpc.Call):
        return CallFailed(Failure.LOST, str(error))
    code = error.code()
    failure = _FAILURES.get(code, Failure.REPORTED)
    return CallFailed(failure, error.details() or code.name, partial(trailer_of, error))
