"""Runs a host as an operator does, with the attacker and its targets; prints the table of the outcomes.

With ``bare`` for a sandbox the attacker is run beside the host by nobody's help: it inherits all that a child inherits.
``landlock5`` is the sandbox of a kernel whose Landlock has that version. With ``zygote`` a zygote starts the attacker.
The host finds no plugins shipped with viewra, and begins with a copy of a database that is migrated.
"""

import json
import os
import shutil
import site
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from prey import let_anybody_trace, victim

from viewra import sdk
from viewra.host import Host
from viewra.host.installed import discovery
from viewra.library import add_library
from viewra.process import ZygoteUse
from viewra.process.sandbox import landlock
from viewra.process.sandbox.syscalls import architecture

GRANTS = ("filesystem:read",)


def listening(stack: ExitStack, address: Any, kind: int = socket.SOCK_STREAM) -> Any:
    """A socket that answers nobody; gives its address."""
    family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    one = stack.enter_context(socket.socket(family, kind))
    one.bind(address)
    if kind == socket.SOCK_STREAM:
        one.listen(128)
    return one.getsockname()


def targets(scratch: Path, stack: ExitStack, data_dir: Path) -> dict[str, Any]:
    """What is attacked."""
    home = scratch / "home"
    for name in ("spare", "movable"):
        (home / name).write_text("x")
        (home / name).chmod(0o666)
    other_code = scratch / "plugins" / "other" / "main.py"
    other = data_dir / "plugins" / "other" / "data.db"
    for file in (other, other_code):
        file.parent.mkdir(parents=True)
        file.write_text("x")
    (data_dir / "secret.key").touch(mode=0o600)
    control = Path((data_dir / "control").read_text().strip())
    neighbour = control.parent / "neighbour" / "plugin"
    neighbour.parent.mkdir(mode=0o700)
    own_group = Path("/proc/self/cgroup").read_text().rpartition("0::")[2].splitlines()[:1]
    found = architecture()
    return {
        "secret": str(home / "id_ed25519"),
        "spare": str(home / "spare"),
        "movable": str(home / "movable"),
        "library": str(scratch / "library"),
        "database": str(data_dir / "viewra.db"),
        "key": str(data_dir / "secret.key"),
        "other": str(other),
        "other_code": str(other_code),
        "control": str(control),
        "neighbour": listening(stack, str(neighbour)),
        "socket": listening(stack, str(scratch / "s")),
        "datagram": listening(stack, str(scratch / "d"), socket.SOCK_DGRAM),
        "abstract": listening(stack, f"\0viewra-test-{os.getpid()}")[1:].decode(),
        "port": listening(stack, ("127.0.0.1", 0))[1],
        "host": os.getpid(),
        "group": os.getpgrp(),
        "victim": stack.enter_context(victim())[0],
        "site": site.getsitepackages()[0],
        "viewra": sdk.__file__,
        "tgkill": found.calls["tgkill"] if found is not None else 0,
        "cgroup": next((str(one) for one in groups(own_group)), "/sys/fs/cgroup/cgroup.procs"),
    }


def groups(own: list[str]) -> Iterator[Path]:
    """The file of the host's own control group, wherever the tree is."""
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        for path in own:
            if (file := Path(f"{root}{path}", "cgroup.procs")).exists():
                yield file


def bare(attacker: Path, own: Path, scratch: Path) -> None:
    """Run the attacks with nothing around them."""
    sockets = scratch / "sockets"
    for folder in (own, sockets):
        folder.mkdir(parents=True)
    environment = {**os.environ, "PLUGIN_UNIX_SOCKET_DIR": str(sockets), "ATTACK": "1"}
    command = [sys.executable, str(attacker / "main.py"), "--bare", str(own)]
    subprocess.run(command, check=True, close_fds=False, env=environment, stdin=subprocess.DEVNULL, timeout=60)


def main(scratch: Path, sandbox: str, database: Path) -> None:
    home, library, plugins = scratch / "home", scratch / "library", scratch / "plugins"
    for folder in (home, library, plugins):
        folder.mkdir()
    (home / "id_ed25519").write_text("a private key")
    (library / "song.txt").write_text("la")
    attacker, data_dir = plugins / "attacker", scratch / "data"
    own = data_dir / "plugins" / "attacker"
    shutil.copytree(Path(__file__).parent / "attacker", attacker)
    data_dir.mkdir(mode=0o700)
    shutil.copyfile(database, data_dir / "viewra.db")
    setattr(discovery, "shipped_directory", lambda: None)  # noqa: B010  # no attribute for mypy
    os.environ["HOST_SECRET"] = "x"
    let_anybody_trace()
    opened = (home / "id_ed25519").open()
    os.set_inheritable(opened.fileno(), True)
    kind = {"bare": "off", "zygote": "auto"}.get(sandbox, sandbox)
    zygote: ZygoteUse = "always" if sandbox == "zygote" else "off"
    if number := sandbox.removeprefix("landlock") if sandbox.startswith("landlock") else "":
        landlock.version = lambda: int(number)
        kind = "landlock"
    with (
        ExitStack() as stack,
        Host(plugin_dirs=[plugins], data_dir=data_dir, watch=False, sandbox=kind, zygote=zygote) as host,
    ):
        add_library(host.engine, str(library))
        (attacker / "targets.json").write_text(json.dumps(targets(scratch, stack, data_dir)))
        if sandbox == "bare":
            bare(attacker, own, scratch)
        else:
            plugin = host.plugins["attacker"]
            plugin.grant(*GRANTS)
            plugin.enable()
            plugin.load()
            (run,) = plugin.stats.runs
            assert run.origin.kind == ("zygote" if sandbox == "zygote" else "spawn"), run.origin
        sys.stdout.write((own / "table.json").read_text() + "\n")


main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
