"""Translates the errors of gRPC's calls; the only place on the host's side that does."""

from __future__ import annotations

import math
import time
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


_EARLY_S = 0.05
"""How much sooner the other side's time may be over: it is told in whole milliseconds."""

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


def failed(error: Exception, due: float = math.inf) -> CallFailed:
    """What gRPC raised as CallFailed; ``due`` is when the call's time is over, in monotonic seconds.

    A server that keeps the deadline itself, as in Go, cancels the call at that moment, and may be heard first.
    """
    if not isinstance(error, grpc.Call):
        return CallFailed(Failure.LOST, str(error))
    code = error.code()
    failure = _FAILURES.get(code, Failure.REPORTED)
    if code is grpc.StatusCode.CANCELLED and time.monotonic() > due - _EARLY_S:
        failure = Failure.LATE
    return CallFailed(failure, error.details() or code.name, partial(trailer_of, error))
