"""docs/go.md, followed: its commands are run, and its example does what the page says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import forking
from tests.thorough import thorough
from viewra.testing import FakeHostServices, subprocess_plugin

pytestmark = [pytest.mark.process, pytest.mark.timeout(300), thorough]  # Go compiles for half a minute

PAGE = Path(__file__).resolve().parents[2] / "docs" / "go.md"
BLOCK = re.compile(r"^```(sh|diff) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_its_commands_and_its_example(go_programs: Path, tmp_path: Path) -> None:
    del go_programs  # they are built first: the libraries are compiled once
    if shutil.which("patch") is None:
        pytest.skip("the page applies its example with patch, which is not installed")
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    for kind, name, text in BLOCK.findall(PAGE.read_text("utf-8")):
        if kind == "diff":
            (tmp_path / name).write_text(text, "utf-8")
        else:
            for line in text.splitlines():
                status, said = _run(line, environment, tmp_path)
                assert status == 0, f"{line}\n{said}"

    song = tmp_path / "Erik Satie - Lent.mp3"
    song.write_bytes(b"x")
    song.with_suffix(".lrc").write_text("la")
    host = FakeHostServices(plugin_id="words")
    with subprocess_plugin(tmp_path / "words", host=host) as plugin:
        assert plugin.metadata_scraper is not None
        read = plugin.metadata_scraper.extract_metadata(str(song))
    assert read == {"artist": "Erik Satie", "title": "Lent", "lyrics": "la"}
    assert host.kv.get("last") == song.name


def _run(line: str, environment: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Run a command; gives its status, and what it said."""
    argv = line.split()
    if argv[0] == "viewra":
        forked = forking.server().start(
            argv, module="viewra.cli", env=environment, cwd=folder, stdout=forking.PIPE, stderr=forking.PIPE
        )
        said = "".join(forked.communicate(120))
        return forked.wait(), said
    done = subprocess.run(["bash", "-c", line], env=environment, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
