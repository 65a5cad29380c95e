"""A host as an operator runs it, with the attacker in it and what it aims at; prints the table of what came of it."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from viewra.host import Host
from viewra.library import add_library

GRANTS = ("filesystem:read",)


def main(scratch: Path, sandbox: str) -> None:
    home, library, plugins = scratch / "home", scratch / "library", scratch / "plugins"
    for folder in (home, library, plugins):
        folder.mkdir()
    secret = home / "id_ed25519"
    secret.write_text("a private key")
    for name in ("spare", "movable"):
        (home / name).write_text("x")
        (home / name).chmod(0o666)
    (library / "song.txt").write_text("la")
    shutil.copytree(Path(__file__).parent / "attacker", plugins / "attacker")
    os.environ["HOST_SECRET"] = "x"
    listeners = [socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX), socket.socket()]
    datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    abstract = f"viewra-test-{os.getpid()}"
    address: Any
    for one, address in zip(listeners, (str(scratch / "s"), "\0" + abstract, ("127.0.0.1", 0)), strict=True):
        one.bind(address)
        one.listen(128)
    datagram.bind(str(scratch / "d"))
    opened = secret.open()
    os.set_inheritable(opened.fileno(), True)
    data_dir = scratch / "data"
    with subprocess.Popen(["sleep", "120"]) as victim:
        try:
            with Host(plugin_dirs=[plugins], data_dir=data_dir, watch=False, sandbox=sandbox) as host:
                other = data_dir / "plugins" / "other" / "data.db"
                other.parent.mkdir(parents=True)
                other.write_text("x")
                (data_dir / "secret.key").touch(mode=0o600)
                add_library(host.engine, str(library))
                targets = {
                    "secret": secret,
                    "spare": home / "spare",
                    "movable": home / "movable",
                    "library": library,
                    "database": data_dir / "viewra.db",
                    "key": data_dir / "secret.key",
                    "other": other,
                    "control": (data_dir / "control").read_text().strip(),
                    "open_file": secret,
                    "socket": scratch / "s",
                    "datagram": scratch / "d",
                }
                told: dict[str, Any] = {name: str(path) for name, path in targets.items()}
                told |= {"abstract": abstract, "port": listeners[2].getsockname()[1]}
                told |= {"host": os.getpid(), "victim": victim.pid}
                (plugins / "attacker" / "targets.json").write_text(json.dumps(told))
                plugin = host.plugins["attacker"]
                plugin.grant(*GRANTS)
                plugin.enable()
                plugin.load()
                sys.stdout.write((data_dir / "plugins" / "attacker" / "table.json").read_text() + "\n")
        finally:
            victim.kill()


main(Path(sys.argv[1]), sys.argv[2])
