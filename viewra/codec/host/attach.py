"""``viewra.v1.HostBridge``: the stream on which a plugin's requests go up to the host and its answers come down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from viewra.codec.rpc import InvalidValue
from viewra.codec.streams import StreamRpc, stream
from viewra.errors import (
    FetchFailed,
    HostError,
    HostTimeout,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    UsageError,
    ViewraError,
)
from viewra.pb import viewra_pb2 as v1
from viewra.text import cut

ON_REQUEST = "viewra.v1.HostBridgeOnRequest"
"""The name in reflection by which a process says that it asks for the stream when it needs it; it has no methods."""
MAX_DATA_BYTES = 4 * 1024 * 1024
"""Bytes of ``data`` in one request or answer."""
MAX_JSON_BYTES = 4 * 1024 * 1024
"""Bytes of the JSON in one request or answer."""
_MAX_METHOD = 64
_MAX_REASON = 4096
_MAX_MS = 2**32 - 1

_FAILURES: Mapping[int, type[ViewraError]] = {  # a subclass before its base: the first that fits is sent
    v1.HostAnswer.DENIED: PermissionDenied,
    v1.HostAnswer.NOT_FOUND: NotFound,
    v1.HostAnswer.INVALID: UsageError,
    v1.HostAnswer.QUOTA: QuotaExceeded,
    v1.HostAnswer.LATE: HostTimeout,
    v1.HostAnswer.REMOTE: FetchFailed,
    v1.HostAnswer.FAILED: ViewraError,
}


class HostRequest(NamedTuple):
    """One request of a plugin; ``timeout_s`` 0: it waits without end."""

    id: int
    method: str
    arguments: bytes
    data: bytes
    timeout_s: float


class HostAnswer(NamedTuple):
    """The answer to the request with this id: JSON and bytes, or the ``error`` with which it failed."""

    id: int
    value: bytes
    data: bytes
    error: ViewraError | None = None


def to_json(value: object) -> bytes:
    """A value as JSON; empty for None. Raises UsageError for one that JSON does not have."""
    if value is None:
        return b""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the value cannot be written as JSON: {error}") from error


def from_json(text: bytes) -> Any:
    """The value in JSON; None for empty. Raises UsageError."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"this is not JSON: {error}") from error


def _encode_answer(answer: HostAnswer) -> v1.HostAnswer:
    error = answer.error
    if error is None:
        return v1.HostAnswer(id=answer.id, value=answer.value, data=answer.data)
    failure = next(one for one, kind in _FAILURES.items() if isinstance(error, kind))
    text, hint = (part.encode("utf-8", "replace").decode() for part in (error.message, error.hint or ""))
    return v1.HostAnswer(
        id=answer.id,
        failure=failure,  # type: ignore[arg-type]
        error=cut(text, _MAX_REASON),
        hint=cut(hint, _MAX_REASON),
    )


def _decode_answer(message: v1.HostAnswer) -> HostAnswer:
    if not message.failure:
        return HostAnswer(message.id, message.value, message.data)
    kind = HostError if message.failure == v1.HostAnswer.FAILED else _FAILURES.get(message.failure, HostError)
    return HostAnswer(message.id, b"", b"", kind(message.error, hint=message.hint or None))


def _encode_request(request: HostRequest) -> v1.HostRequest:
    return v1.HostRequest(
        id=request.id,
        method=request.method,
        arguments=request.arguments,
        data=request.data,
        timeout_ms=min(max(1, int(request.timeout_s * 1000)), _MAX_MS) if request.timeout_s else 0,
    )


def _decode_request(message: v1.HostRequest) -> HostRequest:
    return HostRequest(message.id, message.method, message.arguments, message.data, message.timeout_ms / 1000)


def _check(value: object) -> HostRequest:
    assert isinstance(value, HostRequest)  # noqa: S101 - made by _decode_request or the SDK, never by an author
    for field, size, most in (
        ("method", len(value.method), _MAX_METHOD),
        ("arguments", len(value.arguments), MAX_JSON_BYTES),
        ("data", len(value.data), MAX_DATA_BYTES),
    ):
        if size > most:
            raise InvalidValue(field, f"has {size:,} bytes; at most {most:,} are allowed")
    return value


ATTACH: StreamRpc[HostAnswer, HostRequest] = stream(
    service="plugin",
    method="attach",
    path="/viewra.v1.HostBridge/Attach",
    request=v1.HostAnswer,
    response=v1.HostRequest,
    encode_item=_encode_answer,
    decode_item=_decode_answer,
    encode_value=_encode_request,
    decode_value=_decode_request,
    check=_check,
)
