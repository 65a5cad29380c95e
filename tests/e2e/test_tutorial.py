"""docs/tutorial.md, followed: its commands are run, its files written, and what it shows is what one sees.

A block ``sh`` has a command in each line, without what only a shell understands. It is run to its end, and with
``until="…"`` goes on beside the rest. A block with a file's name is that file. A block ``text`` is the output since the
last command, or what a running command has shown last: its lines come in this order, ``…`` stands for anything.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.eventually import eventually
from tests.forking import PIPE, Forked, server
from tests.thorough import thorough
from viewra import Host
from viewra.authoring.sample_library import write_sample_library

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END_S = 60


@attrs.define
class Reader:
    """Somebody who follows the page in ``folder``, with an empty home."""

    folder: Path
    environment: dict[str, str]
    shown: str = ""
    background: Forked | subprocess.Popen[str] | None = None
    screen: Path = attrs.field(default=attrs.Factory(lambda self: self.folder / "screen", takes_self=True))
    seen: int = 0

    def run(self, commands: str) -> None:
        told = self._screen()
        if (place := re.search(r"/tmp/viewra-dev-\w+", told)) is not None:
            commands = commands.replace("/tmp/viewra-dev-12345678", place[0])
        self.shown = ""
        for command in commands.splitlines():
            with self._started(command, PIPE, PIPE) as process:
                out, err = process.communicate(timeout=120)
                assert process.wait() == 0, f"{command}\n{out}{err}"
            assert "Traceback" not in err
            self.shown += out

    def start(self, command: str, until: str) -> None:
        self.shown = ""
        with self.screen.open("wb") as screen:
            self.background = self._started(command.strip(), screen.fileno(), None)
        eventually(lambda: until in self._screen(), deadline_s=END_S)

    def _started(self, command: str, stdout: int, stderr: int | None) -> Forked | subprocess.Popen[str]:
        assert not set("|&;<>$`*?") & set(command), "a shell would do more than start this"
        home = self.environment["HOME"]
        words = [re.sub("^~(?=/|$)", home, word) for word in shlex.split(command)]
        if words[0] == "viewra":
            return server().start(
                words, module="viewra.cli", env=self.environment, cwd=self.folder, stdout=stdout, stderr=stderr
            )
        program = shutil.which(words[0], path=self.environment["PATH"])
        assert program is not None, f"{words[0]} is not installed"
        words[0] = program
        return subprocess.Popen(words, cwd=self.folder, env=self.environment, stdout=stdout, stderr=stderr, text=True)

    def write(self, name: str, text: str) -> None:
        self.shown, self.seen = "", len(self._screen())
        (self.folder / name).write_text(text)

    def sees(self, lines: str) -> None:
        """The lines are in the last output, or soon on the screen of the running command."""
        pattern = re.compile(".*?".join(re.escape(part) for part in _parts(lines)), re.DOTALL)
        if self.shown:
            assert pattern.search(self.shown), f"{lines}\n\nis not in\n\n{self.shown}"
            return
        try:
            eventually(lambda: pattern.search(self._screen()[self.seen :]) is not None, deadline_s=END_S)
        except AssertionError:
            pytest.fail(f"{lines}\n\nis not in\n\n{self._screen()[self.seen :]}")

    def end(self) -> None:
        if self.background is not None:
            self.background.send_signal(signal.SIGTERM)
            assert self.background.wait(END_S) == 0

    def _screen(self) -> str:
        return self.screen.read_text("utf-8", "replace") if self.screen.exists() else ""


def _parts(lines: str) -> list[str]:
    """What has to come one after the other: lines, and the parts of those with ``…`` in them."""
    return [part for line in lines.splitlines() for part in line.rstrip().split("…") if part]


@pytest.fixture
def reader(tmp_path: Path, fresh_database: Path) -> Iterator[Reader]:
    home = tmp_path / "home"
    write_sample_library(home / "Music")
    _disable_shipped(home / ".local" / "share" / "viewra", fresh_database)
    ours = ("VIEWRA_", "XDG_", "PYTEST")
    own = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    quick = "-p no:hypothesispytest -p no:xdist -p no:cacheprovider"
    environment = {**own, "HOME": str(home), "PATH": path, "PYTHONUTF8": "1", "PYTEST_ADDOPTS": quick}
    made = Reader(tmp_path, environment)
    try:
        yield made
    finally:
        if made.background is not None and made.background.poll() is None:
            made.background.kill()
            made.background.wait(END_S)


def _disable_shipped(data_dir: Path, database: Path) -> None:
    """Each of the plugins shipped with viewra costs a scan a process."""
    data_dir.mkdir(mode=0o700, parents=True)
    shutil.copy(database, data_dir)
    with Host(data_dir=data_dir, watch=False) as host:
        for plugin in host.plugins.values():
            plugin.disable()


@thorough
def test_every_command_of_the_tutorial(reader: Reader) -> None:
    for match in BLOCK.finditer(TUTORIAL.read_text()):
        kind, note, text = match.groups()
        until = re.fullmatch(r'until="(.+)"', note or "")
        if kind == "text":
            reader.sees(text)
        elif kind != "sh":
            reader.write(note, text)
        elif until is not None:
            reader.start(text, until[1])
        else:
            reader.run(text)
    reader.end()
