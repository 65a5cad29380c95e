"""The messages on the control socket, for both ends, and the note in the data directory that contains its path.

One request per connection, one JSON object per line each way: ``{"command": …, "arguments": {…}}`` is answered with
``{"result": …}`` or ``{"error": {"message", "hint", "exit_status"}}``. If the connection is closed without an answer,
nothing was done: the host is ending.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from viewra.errors import ManifestError, UsageError, ViewraError
from viewra.transport.peer import peer_of


def read_line(connection: socket.socket, longest: int, deadline: float) -> bytes:
    """The bytes up to a line's end, or "" if the other end closed before it began.

    Raises UsageError for a line longer than ``longest`` bytes or without an end, and TimeoutError at ``deadline`` (by
    ``time.monotonic``).
    """
    data = bytearray()
    while True:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        chunk = connection.recv(64 * 1024)
        end = chunk.find(b"\n")
        data += chunk[:end] if end >= 0 else chunk
        if len(data) > longest:
            raise UsageError(f"a line of more than {longest} bytes on the control socket")
        if end >= 0:
            return bytes(data)
        if not chunk:
            if data:
                raise UsageError("a message on the control socket has no line end")
            return b""


def require_own(connection: socket.socket) -> None:
    """Raise ViewraError unless the other end is a process of this user, or of root."""
    peer = peer_of(connection)
    if peer.uid not in {os.geteuid(), 0}:
        raise ViewraError(f"user {peer.uid} may not use the control socket of user {os.geteuid()}")


def encoded(message: Mapping[str, Any]) -> bytes:
    """A message as a line; parts of paths that are not UTF-8 are passed on unchanged."""
    return json.dumps(message).encode("ascii") + b"\n"


def parse_request(line: bytes) -> tuple[str, Mapping[str, Any]]:
    """The command and its arguments; raises UsageError for an invalid request."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"a request on the control socket is not JSON: {error}") from error
    command, arguments = None, None
    if isinstance(request, dict):
        command, arguments = request.get("command"), request.get("arguments", {})
    if not isinstance(command, str) or not isinstance(arguments, dict):
        raise UsageError('a request is {"command": "…", "arguments": {…}}')
    return command, arguments


def failure(error: ViewraError) -> dict[str, Any]:
    """The answer for an error."""
    several = error.errors if isinstance(error, ManifestError) else (error,)
    message = "\n".join(map(str, several))
    return {"error": {"message": message, "hint": error.hint, "exit_status": error.exit_status}}


def write_note(note: Path, path: Path) -> None:
    """Write the path of the control socket atomically; raises OSError, which names the file."""
    fresh = note.with_name(f".{note.name}.new")
    try:
        fresh.write_bytes(os.fsencode(path) + b"\n")
        fresh.chmod(0o600)
        fresh.replace(note)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(note)) from error
