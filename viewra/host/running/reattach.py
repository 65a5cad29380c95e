"""Records where a detached plugin runs, so that the next host can connect to its process.

The record has the fields of go-plugin's reattach configuration (Protocol, ProtocolVersion, Addr, Pid, Test), and more
that identify the process reliably.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, Self

import attrs

from viewra.errors import UsageError

RECORD_NAME = "detached.json"


@attrs.frozen
class Reattach:
    """Where a plugin runs. ``network`` and ``address`` are as in its handshake line; ``pid`` is its process.

    ``started`` is the process's start time in clock ticks since boot, 0 if unknown (a plugin started by hand);
    ``code_hash`` is the hash of its code. ``test`` marks a process that a developer started by hand, for example in a
    debugger: the host never kills it, and initializes it.
    """

    pid: int
    network: str
    address: str
    app_version: int = 1
    started: int = 0
    code_hash: str = ""
    test: bool = False

    def to_json(self) -> str:
        """The record as JSON, which a Go host can read, too."""
        return json.dumps(
            {
                "Protocol": "grpc",
                "ProtocolVersion": self.app_version,
                "Addr": {"Network": self.network, "String": self.address},
                "Pid": self.pid,
                "Test": self.test,
                "Started": self.started,
                "CodeHash": self.code_hash,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a record; raises UsageError if the text is not one."""
        try:
            data: dict[str, Any] = json.loads(text)
            if data.get("Protocol", "grpc") != "grpc":
                raise ValueError(f"the protocol {data['Protocol']!r} is not grpc")
            return cls(
                pid=int(data["Pid"]),
                network=str(data["Addr"]["Network"]),
                address=str(data["Addr"]["String"]),
                app_version=int(data.get("ProtocolVersion", 1)),
                started=int(data.get("Started", 0)),
                code_hash=str(data.get("CodeHash", "")),
                test=bool(data.get("Test", False)),
            )
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise UsageError(
                f"not a plugin to attach to: {text[:200]!r} ({error})",
                hint='write what the plugin printed: {"Protocol": "grpc", "Pid": …, "Addr": {…}, …}',
            ) from error


def keep(directory: Path, record: Reattach) -> None:
    """Store a record for the next host, where the plugin cannot write: the next host may kill the recorded process."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = directory / f"{RECORD_NAME}.new"
    draft.touch(mode=0o600)
    draft.write_text(record.to_json())
    draft.replace(directory / RECORD_NAME)


def take(directory: Path) -> Reattach | None:
    """Remove and return the record that the last host left; None if there is none or it cannot be read."""
    path = directory / RECORD_NAME
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return None
    with contextlib.suppress(OSError):
        path.unlink()
    try:
        return Reattach.from_json(text)
    except UsageError:
        return None
