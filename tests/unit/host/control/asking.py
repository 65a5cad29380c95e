"""Answers of a control server, and clients that ask it."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from viewra.cli._control import _exchange
from viewra.errors import ManifestError, UsageError


def answer(command: str, arguments: Mapping[str, Any]) -> Any:
    match command:
        case "ping":
            return {"process": "process 1 (test)"}
        case "echo":
            return dict(arguments)
        case "wrong":
            raise UsageError("it cannot be", hint="do otherwise")
        case "manifest":
            errors = (ManifestError("a", file="x.cue", line=1, column=2), ManifestError("b"))
            raise ManifestError("a", errors=errors)
        case "bug":
            raise RuntimeError("a bug of ours")
    raise UsageError(f"no command {command!r}")


def send(path: Path, data: bytes, *, end: bool = True) -> bytes:
    """Everything that comes back for these bytes."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        received = b""
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it had read enough; the answer is there all the same
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
        return received


def call(path: Path, command: str, **arguments: Any) -> Any:
    return _exchange(path, command, arguments, time.monotonic() + 10)
