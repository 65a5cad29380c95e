"""Tries everything that a plugin must not be able to do; writes the outcomes to its own folder.

Run as ``main.py --bare FOLDER`` it is no plugin, and nothing confines it: what came of it shows which attacks are real.
"""

import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import on_files
import on_processes
import on_sockets

TARGETS: dict[str, Any] = json.loads((Path(__file__).parent / "targets.json").read_text())
Tries = Iterator[tuple[str, Callable[[], object]]]


def attacks(own: Path) -> Tries:
    for module in (on_files, on_sockets, on_processes):
        yield from module.attacks(own, TARGETS)


def allowed(own: Path) -> Tries:
    yield "write in its own folder", lambda: (own / "x").write_text("x")
    yield "link within its own folder", lambda: os.link(own / "x", own / "y")
    yield "make a pipe with a name", lambda: os.mkfifo(own / "pipe")
    yield "read the library", Path(TARGETS["library"], "song.txt").read_bytes
    yield "read its code", Path(__file__).read_bytes
    yield "connect to a socket of its own", on_sockets.own_socket
    yield "start a thread", lambda: threading.Thread(target=len, args=("",)).start()
    yield "make a temporary file", lambda: tempfile.TemporaryFile().close()
    yield "signal itself", lambda: os.kill(os.getpid(), 0)
    yield "have its variable", lambda: os.environ["ATTACK"]


def attack_all(own: Path) -> None:
    for name in ("own", "moved"):
        (own / name).write_text("x")
    table = {}
    for kind, tries in (("attack", attacks), ("allowed", allowed)):
        for name, attack in tries(own):
            try:
                attack()
                table[name] = (kind, "done")
            except BaseException as error:
                table[name] = (kind, f"{type(error).__name__}: {error}")
    (own / "table.json").write_text(json.dumps(table))


def serve() -> None:
    from viewra import sdk

    class Attacker(sdk.Plugin):
        def start(self) -> None:
            attack_all(Path(self.context.base_path))

        def search(self, query: Mapping[str, str], limit: int, offset: int) -> list[object]:
            return []

    sdk.serve(Attacker())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        attack_all(Path(sys.argv[2]))
    else:
        serve()
