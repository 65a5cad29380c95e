"""Commands with closed output or on a full or read-only disk, and the form of error messages."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import (
    MUSIC,
    UNPRIVILEGED,
    Done,
    Viewra,
    environment,
    finished,
    needs_modes,
    run,
    start,
    start_anew,
)
from tests.forking import PIPE, server

pytestmark = pytest.mark.process
READ = pytest.mark.usefixtures("only_audio_tags")
UNREAD = pytest.mark.usefixtures("no_plugins")

LOOKS = (["search", "schumann"], ["library", "list"], ["library", "failures"], ["plugins", "list"], ["fsck"])
TALKS = (["plugins", "list", "--json"], ["--help"], ["plugins", "list", "--help"])
SONG = next((MUSIC / "Clara Schumann").rglob("*.mp3"))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MUSIC / "Clara Schumann", tmp_path / "music"))


def by_shell(data_dir: Path, how: str, *arguments: str | Path) -> Done:
    """The installed command as a shell runs it with these redirections."""
    return finished(start_anew(data_dir, *arguments, prefix=["sh", "-c", f'exec "$@" {how}', "sh"]))


def redirected(data_dir: Path, how: str, *arguments: str | Path) -> Done:
    """The same in a fork, where a stream that is closed is None, as an interpreter makes it."""
    words = how.split()
    closed = [name for word, name in CLOSED.items() if word in words]
    with open("/dev/full", "wb") as full:
        started = server().start(
            ["viewra", "--data-dir", str(data_dir), *map(str, arguments)],
            code=CLOSING.format(closed=closed),
            stdout=full.fileno() if ">/dev/full" in words else PIPE,
            stderr=full.fileno() if "2>/dev/full" in words else PIPE,
            env=environment(None),
        )
    return finished(started)


CLOSED = {"<&-": "stdin", ">&-": "stdout", "2>&-": "stderr"}
CLOSING = """
import runpy, sys
for name in {closed}:
    getattr(sys, name).close()
    setattr(sys, name, None)
    setattr(sys, f"__{{name}}__", None)
runpy.run_module("viewra.cli", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(("how", "said"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
def test_output_that_cannot_be_written_is_one_line(data_dir: Path, how: str, said: str) -> None:
    for done in (by_shell(data_dir, how, "--version"), *(redirected(data_dir, how, *one) for one in TALKS)):
        assert (done.status, done.err) == (1, f"viewra: standard output: {said}\n")
    wrong = redirected(data_dir, how, "scan", "/nowhere", "--json")
    assert (wrong.status, wrong.err.splitlines()[0]) == (2, "viewra: /nowhere: there is no such folder")


@UNREAD
@pytest.mark.parametrize("how", ["2>&-", "2>/dev/full", "<&- 2>&-"])
def test_a_command_without_stderr_works(data_dir: Path, music: Path, how: str) -> None:
    scan = by_shell if how == "2>&-" else redirected
    done = scan(data_dir, how, "scan", music, "--json")
    assert done.status == 0
    assert done.data["status"] == "completed"
    assert redirected(data_dir, how, "scan", "/nowhere").status == 2
    assert redirected(data_dir, f"{how} >/dev/full", "plugins").status == 2


def test_a_value_is_not_read_from_closed_input(data_dir: Path) -> None:
    done = by_shell(data_dir, "<&-", "plugins", "settings", "audio_tags", "legacy_encoding=-")
    assert (done.status, done.err) == (1, "viewra: standard input: Bad file descriptor\n")


def test_a_command_without_its_subcommand_shows_what_there_is(viewra: Viewra) -> None:
    done = viewra("plugins")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Usage: viewra plugins [OPTIONS] COMMAND")


def test_a_reader_that_has_had_enough_is_no_error_to_tell(data_dir: Path) -> None:
    with start(data_dir, "plugins", "list") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) == 1


def test_errors_are_json_for_programs(viewra: Viewra) -> None:
    wrong = viewra("scan", "/nowhere", "--json")
    assert wrong.status == 2
    assert wrong.data["error"]["message"] == "/nowhere: there is no such folder"
    assert set(wrong.data["error"]) == {"message", "hint", "exit_status"}
    assert wrong.err == ""
    unknown = viewra("plugins", "list", "--json", "--bogus")
    assert (unknown.status, unknown.data["error"]["exit_status"]) == (2, 2)


@READ
def test_nothing_raw_reaches_the_terminal(viewra: Viewra, tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\x9b2J\u202egnp\r"
    music = tmp_path / "music"
    music.mkdir()
    (music / f"{evil}\nviewra: forged.mp3").write_bytes(b"no song")
    (music / "broken\x1b[31m.mp3").symlink_to("nowhere")
    for done in (
        viewra("scan", music),
        viewra("scan", music, "--json"),
        viewra("show", music / f"{evil}\nviewra: forged.mp3"),
        viewra("library", "failures"),
        viewra("search", f"{evil}"),
        viewra("search", f"{evil}:x"),
        viewra(f"{evil}\nforged"),
        viewra("plugins", "info", f"{evil}\nviewra: forged"),
        viewra("scan", f"/{evil}\nviewra: forged"),
        viewra("plugins", "list", f"--{evil}"),
    ):
        text = done.out + done.err
        assert not set("\x1b\x07\x9b\u202e\r") & set(text), text
        assert "\nviewra: forged" not in text


@READ
def test_a_word_that_is_not_wanted_is_no_option(viewra: Viewra, music: Path) -> None:
    viewra("scan", music)
    every = viewra("search", "schumann", "--json").data["total"]
    fewer = viewra("search", "schumann", "-scherzo", "--json").data["total"]
    other = viewra("search", "--json", "-hello", "schumann").data["total"]
    assert 0 <= fewer <= every == other
    assert viewra("search", "-h").out.startswith("Usage")
    assert viewra("search", "-scherzo", "--json").data["total"] > 0


@UNREAD
def test_hanging_up_ends_a_scan_in_order(data_dir: Path, tmp_path: Path, make_plugin: Callable[..., Path]) -> None:
    code = """
        import sys, threading
        from viewra.sdk import Plugin, serve

        class Slow(Plugin):
            def get_supported_types(self):
                return ["audio/mpeg"]

            def can_handle(self, file_path, mime_type):
                return True

            def extract_metadata(self, file_path):
                print("it reads for ever", file=sys.stderr, flush=True)
                threading.Event().wait()

        serve(Slow())
    """
    make_plugin("slow", code, extra="runtime: call_timeout_s: default: 3600")
    options = ("--plugins", str(tmp_path / "plugins"))
    assert run(data_dir, *options, "plugins", "enable", "slow").status == 0
    music = tmp_path / "music"
    music.mkdir()
    shutil.copy(SONG, music)
    with start(data_dir, *options, "--log-level", "debug", "scan", str(music), "--json") as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "it reads for ever" in line:
                break
        else:
            pytest.fail(f"the scan has ended before: {''.join(said)}")
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert json.loads(out)["status"] == "cancelled"


@READ
@needs_modes
def test_looking_needs_nothing_that_can_be_written(data_dir: Path, viewra: Viewra, music: Path) -> None:
    viewra("scan", music)
    song = next(music.rglob("*.mp3"))
    for path in (*data_dir.rglob("*"), data_dir):
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        for arguments in (*LOOKS, ["show", song]):
            done = viewra(*arguments, prefix=UNPRIVILEGED)
            assert (done.status, done.err) == (0, "")
        refused = viewra("scan", music, prefix=UNPRIVILEGED)
        assert refused.status == 1
        assert str(data_dir) in refused.err
    finally:
        for path in (data_dir, *data_dir.rglob("*")):
            path.chmod(0o700)


@pytest.fixture
def disk(tmp_path: Path, audio_tags_database: Path) -> Iterator[Path]:
    """A disk of 4 MB of the test's own, with a data directory in it."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() or mount is None:
        pytest.skip("only root can mount a disk that is small enough to be filled")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    (place / "data").mkdir(mode=0o700)
    shutil.copy(audio_tags_database, place / "data")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(disk: Path, *, but: int = 0) -> None:
    (disk / "fill").unlink(missing_ok=True)
    free = os.statvfs(disk)
    (disk / "fill").write_bytes(bytes(free.f_bavail * free.f_frsize - but))


def test_on_a_full_disk_looking_works_and_the_rest_says_what_is_full(disk: Path, music: Path) -> None:
    data_dir = disk / "data"
    assert run(data_dir, "scan", music).status == 0
    fill(disk)
    song = str(next(music.rglob("*.mp3")))
    for arguments in (*LOOKS, ["show", song]):
        done = run(data_dir, *arguments)
        assert (done.status, done.err) == (0, ""), arguments
    for free in (0, 4096):
        fill(disk, but=free)
        scan = run(data_dir, "scan", music)
        assert scan.status == 1
        assert f"{data_dir}/control: No space left" in scan.err or "the disk is full" in scan.err
        assert scan.err.count("\n") == 2, "the line and its remedy"


def test_what_a_killed_scan_left_is_read_on_a_full_disk(disk: Path, music: Path) -> None:
    data_dir = disk / "data"
    assert run(data_dir, "scan", music).status == 0
    writer = """
import sqlite3, os, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("UPDATE media_search SET title = 'left behind'")
connection.execute("SELECT 1 FROM media_search").fetchone()
os._exit(0)
"""
    subprocess.run(["python3", "-c", writer, data_dir / "viewra.db"], check=True, timeout=60)
    assert (data_dir / "viewra.db-wal").stat().st_size > 0
    (data_dir / "viewra.db-shm").unlink()
    fill(disk)
    done = run(data_dir, "search", "left", "--json")
    assert done.data["total"] > 0, done
    fsck = run(data_dir, "fsck", "--json").data["findings"]
    assert [one["meaning"] for one in fsck] == ["files with old metadata in the search index"]
