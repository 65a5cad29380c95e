"""Runs the program of system calls as a plugin, confined or not, and prints its outcomes as JSON."""

import contextlib
import json
import os
import sys
from pathlib import Path

from prey import victim

from viewra.errors import HandshakeError
from viewra.process import LaunchPlan, Spawner, plugin_environment
from viewra.process.sandbox.machine import machine
from viewra.process.sandbox.rules import Rules, confinement

USER = 61100
ALONE = ("newer", "x32", "int80")


def outcomes(spawner: Spawner, program: Path, arguments: tuple[str, ...], extra: dict[str, str], confined: bool) -> str:
    """What it printed, or how it ended where that is nothing."""
    lines: list[str] = []
    user = USER if machine().root else None
    if confined and user is not None:
        os.chown(extra["OWN"], user, user)
    rules = Rules(code=(str(program.parent),), private=(extra["OWN"],), user=user)
    plan = LaunchPlan(
        (str(program), *arguments),
        plugin_environment(extra),
        confinement=confinement(rules, machine()) if confined else None,
    )
    child = spawner.launch(plan, on_line=lambda _, text: lines.append(text))
    with contextlib.suppress(HandshakeError):  # it says none
        child.handshake_line(30)
    child.wait(60)
    return "\n".join(lines) or f"{arguments[0] if arguments else '?'} {child.describe_exit()}"


def main(program: Path, scratch: Path, confined: bool) -> None:
    own = scratch / "own"
    own.mkdir()
    for name in ("secret", "spare"):
        (scratch / name).write_text("x")
        (scratch / name).chmod(0o666)
    said: list[str] = []
    with victim() as (pid, memory), contextlib.closing(Spawner()) as spawner:
        extra = {"OWN": str(own), "SECRET": str(scratch / "secret"), "SPARE": str(scratch / "spare")}
        extra |= {"VICTIM": str(pid), "MEMORY": memory}
        for arguments in ((), *((one,) for one in ALONE)):
            said += outcomes(spawner, program, arguments, extra, confined).splitlines()
    sys.stdout.write(json.dumps(dict(line.split(" ", 1) for line in said)) + "\n")


main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "confined")
