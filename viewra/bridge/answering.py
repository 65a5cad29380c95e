"""Answers one request of a plugin's process: the same for requests on its stream and for single calls."""

from __future__ import annotations

from viewra.bridge.call import HostCall
from viewra.bridge.door import Door
from viewra.bridge.rights import Rights
from viewra.codec.host.attach import HostAnswer, HostRequest, from_json, to_json
from viewra.errors import ViewraError

NO_LIMIT_S = 600.0
"""Seconds that a request may last whose sender names no limit."""


def answer(door: Door, rights: Rights, request: HostRequest, call: HostCall | None = None) -> HostAnswer:
    """Do what a request asks for, and answer it; one that lasts needs the ``call``."""
    try:
        value, data = door.call(request.method, from_json(request.arguments), request.data, rights, call)
        return HostAnswer(request.id, to_json(value), data)
    except ViewraError as error:
        return failed(request, error)


def failed(request: HostRequest, error: ViewraError) -> HostAnswer:
    """The answer to a request that failed."""
    return HostAnswer(request.id, b"", b"", error)
