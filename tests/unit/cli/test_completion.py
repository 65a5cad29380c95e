"""Completion in shells: what a line can go on with, that failures are silent, and the scripts in their shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from viewra import library
from viewra.cli import _completion, _names
from viewra.cli._completion import lines
from viewra.cli._main import COMMANDS, group
from viewra.cli.completion import command
from viewra.db import open_database, writing
from viewra.db.plugin_state import set_enabled


def words(typed: str) -> list[str]:
    return [line.split("\t")[1] for line in lines(group, typed)]


@pytest.fixture
def data_dir(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory whose database knows a plugin, a library and a field, as those that the environment names."""
    engine = open_database(sqlite_url)
    music = tmp_path / "my music"
    music.mkdir()
    library.add_library(engine, str(music))
    set_enabled(engine, "audio_tags", str(tmp_path / "audio_tags"), enabled=True)
    with writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO metadata_fields (field) VALUES ('bitrate'), ('bpm')")
    engine.dispose()
    monkeypatch.setenv("VIEWRA_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("VIEWRA_DATABASE", raising=False)
    return tmp_path


def test_what_a_line_goes_on_with(data_dir: Path) -> None:
    assert words("viewra ") == [*COMMANDS]
    assert words("viewra comp") == ["completion"]
    assert words("viewra plugins info ") == words("viewra plugins settings aud") == ["audio_tags"]
    assert words("viewra library failures --plugin a") == ["audio_tags"]
    assert words("viewra search bi") == ["bitrate:"]
    assert words("viewra search bach -bp") == ["-bpm:"]
    assert words("viewra export '(bp") == ["(bpm:"]
    assert words("viewra ls so") == ["sort:"]
    assert words("viewra ls sort:-ad") == ["sort:-added"]
    assert words("viewra ls --sort ye") == ["year"]
    assert words("viewra search kind:v") == ["kind:video"]
    assert words("viewra library set-priority bp") == ["bpm"]
    assert words("viewra library set-priority bpm audio") == ["audio_tags"]
    assert words("viewra ls --fo") == ["--format"]
    assert words("viewra export --format c") == ["csv"]
    assert words("viewra completion f") == ["fish"]
    assert lines(group, "viewra library remove ") == [f"path\t{data_dir}/my music\t"]
    assert lines(group, "viewra library missing /no") == ["file\t/no\t"]
    assert lines(group, "viewra show a") == ["file\ta\t"]
    assert lines(group, "viewra scan a") == ["dir\ta\t"]
    assert lines(group, "viewra search ar")[0].startswith("open\t")
    assert words(f"viewra --data-dir {data_dir}/other plugins info ") == []


@pytest.mark.parametrize("content", [None, b"", b"this is no database"])
def test_a_database_that_cannot_be_read_gives_nothing(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "viewra.db").write_bytes(content)
    assert words(f"viewra --data-dir {tmp_path} plugins info ") == []
    assert not (tmp_path / "viewra.db-wal").exists()
    assert words("viewra --database postgresql://nobody@127.0.0.1:1/x plugins info ") == []


def test_another_database_than_the_default(migrated_url: str, tmp_path: Path) -> None:
    engine = open_database(migrated_url)
    set_enabled(engine, "sidecars", str(tmp_path / "sidecars"), enabled=True)
    engine.dispose()
    assert _names.read(migrated_url, _names.PLUGINS) == ["sidecars"]
    assert words(f"viewra --database {migrated_url} plugins info s") == ["sidecars"]


def test_failures_are_silent(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> list[str]:
        raise RuntimeError("no")

    monkeypatch.setenv(_completion.VARIABLE, "viewra plugins info ")
    monkeypatch.setattr(_names, "read", fail)
    _completion.answer(group)
    assert capfd.readouterr() == ("", "")


def script(shell: str) -> str:
    made = command.callback
    assert made is not None
    done = subprocess.run(
        [sys.executable, "-m", "viewra.cli", "completion", shell],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


ANSWER = r"""printf 'plain\tone two\tnumbers\nopen\tsort:x:\t\n'"""


@pytest.mark.process
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_in_its_shell(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    (tmp_path / "viewra").write_text(f"#!/bin/sh\n[ \"$_VIEWRA_COMPLETE\" = 'viewra ls sort:' ] && {ANSWER}\n")
    (tmp_path / "viewra").chmod(0o755)
    ask = {
        "bash": "compopt() { :; }; COMP_LINE='viewra ls sort:'; COMP_POINT=15; COMP_WORDS=(viewra ls sort :)\n"
        "COMP_CWORD=3; _viewra_completion viewra : sort; printf '%s\\n' \"${COMPREPLY[@]}\"",
        "zsh": "compadd() { print -l -- ${(P)@[-1]} }; words=(viewra ls sort:); CURRENT=3; PREFIX=sort:; _viewra",
        "fish": "complete -C 'viewra ls sort:'",
    }[shell]
    before = "compdef() { : }\n" if shell == "zsh" else ""
    flags = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(
        [shell, *flags, "-c", f"{before}{script(shell)}\n{ask}"],
        capture_output=True, text=True, check=True, timeout=60, env=environment,
    )  # fmt: skip
    found = {
        "bash": ["one two", "x:"],  # what stands before the colon is on the line already
        "zsh": ["sort:x:", "one two"],
        "fish": ["sort:x:"],  # only what begins as the word does
    }
    assert done.stdout.splitlines() == found[shell], done.stderr
