"""What goes over the control socket, for either end, and the note in the data directory by which it is found.

One request a connection, one JSON object a line each way: ``{"command": …, "arguments": {…}}`` is answered with
``{"result": …}`` or ``{"error": {"message", "hint", "exit_status"}}``. A connection that is closed without an answer
has done nothing: the host is ending.
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

NOTE_NAME = "control"
"""The file in the data directory that has the socket's path; the path itself may be too long for a socket there."""


def read_note(data_dir: Path) -> Path | None:
    """Where the control socket of the host on this data directory is, or was; None when there is no host."""
    try:
        text = (data_dir / NOTE_NAME).read_bytes().strip()
    except OSError:
        return None
    return Path(os.fsdecode(text)) if text and b"\0" not in text else None


def read_line(connection: socket.socket, longest: int, deadline: float) -> bytes:
    """What arrives up to a line's end, or "" when the other side closed before it began.

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
                raise UsageError("a line on the control socket has no end")
            return b""


def require_own(connection: socket.socket) -> None:
    """Raise ViewraError unless the other end is a process of this user's, or of root's."""
    peer = peer_of(connection)
    if peer.uid not in {os.geteuid(), 0}:
        raise ViewraError(f"user {peer.uid} may not use the control socket of user {os.geteuid()}")


def encoded(message: Mapping[str, Any]) -> bytes:
    """A message as a line; parts of paths that are not UTF-8 go through as they are."""
    return json.dumps(message).encode("ascii") + b"\n"


def parse_request(line: bytes) -> tuple[str, Mapping[str, Any]]:
    """The command and its arguments; raises UsageError for what is no request."""
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
    """The answer that says what went wrong."""
    several = error.errors if isinstance(error, ManifestError) else (error,)
    message = "\n".join(map(str, several))
    return {"error": {"message": message, "hint": error.hint, "exit_status": error.exit_status}}


def write_note(note: Path, path: Path) -> None:
    """Write where the control socket is, at once or not at all; raises OSError, which names the file."""
    fresh = note.with_name(f".{note.name}.new")
    try:
        fresh.write_bytes(os.fsencode(path) + b"\n")
        fresh.chmod(0o600)
        fresh.replace(note)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(note)) from error
