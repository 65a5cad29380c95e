"""Users' mistakes and failing disks: one clear line, the right exit status, no data lost."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from pathlib import Path

import psutil
import pytest

from tests.conftest import MakePlugin
from tests.e2e.conftest import MUSIC, ROOT, UNPRIVILEGED, Done, Viewra, needs_modes, run, start
from tests.eventually import eventually
from tests.forking import Forked
from tests.thorough import some

pytestmark = pytest.mark.process
READ = pytest.mark.usefixtures("only_audio_tags")
UNREAD = pytest.mark.usefixtures("no_plugins")

MALFORMED = ROOT / "tests" / "audio" / "malformed"


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for number, song in enumerate(sorted(MUSIC.rglob("*.mp3"))):
        shutil.copyfile(song, folder / f"{number}.mp3")
    return folder


def refused(done: Done, status: int, *texts: str) -> None:
    assert done.status == status, done.err
    assert len(done.err.splitlines()) <= 2, "one line, and one with the remedy"
    for text in texts:
        assert text in done.err


@UNREAD
def test_folder_that_does_not_exist(viewra: Viewra, tmp_path: Path) -> None:
    refused(viewra("scan", tmp_path / "nowhere"), 2, "nowhere", "no such folder")


@UNREAD
def test_second_folder_that_does_not_exist_stops_before_the_first_is_scanned(viewra: Viewra, music: Path) -> None:
    refused(viewra("scan", music, music / "nowhere"), 2, "nowhere")
    assert viewra("library", "list", "--json").data == []


@UNREAD
def test_file_instead_of_a_folder(viewra: Viewra, music: Path) -> None:
    refused(viewra("scan", music / "0.mp3"), 2, "not a folder")


@UNREAD
def test_folder_that_holds_a_library(viewra: Viewra, music: Path, tmp_path: Path) -> None:
    viewra("scan", music)
    refused(viewra("scan", tmp_path), 2, "contains the library", "library remove")


@UNREAD
@needs_modes
def test_folder_without_permission(viewra: Viewra, music: Path) -> None:
    closed = music / "closed"
    closed.mkdir()
    shutil.copyfile(music / "0.mp3", closed / "x.mp3")
    viewra("scan", music)
    closed.chmod(0)
    try:
        whole = viewra("scan", music, "--json", prefix=UNPRIVILEGED)
        assert whole.status == 0, whole.err
        assert [(f["path"], f["plugin"]) for f in whole.data["failures"]] == [(str(closed), None)]
        assert whole.data["files"]["deleted"] == 0, "what cannot be seen is not gone"
        refused(viewra("scan", closed, prefix=UNPRIVILEGED), 1, "closed", "Permission denied")
    finally:
        closed.chmod(0o755)


@UNREAD
def test_links_that_lead_nowhere_or_in_circles(viewra: Viewra, music: Path) -> None:
    (music / "broken.mp3").symlink_to("nowhere.mp3")
    (music / "loop").symlink_to(music)
    report = viewra("scan", music, "--json")
    assert report.status == 0
    assert report.data["files"]["new"] == 3
    assert "broken.mp3" in report.data["failures"][0]["path"]
    assert all(failure["plugin"] is None for failure in report.data["failures"])


@READ
def test_name_that_is_not_utf8(viewra: Viewra, music: Path) -> None:
    odd = os.fsencode(music) + b"/caf\xe9.mp3"
    shutil.copyfile(os.fsencode(music / "0.mp3"), odd)
    report = viewra("scan", music, "--json")
    assert report.data["files"]["failed"] == 0, report.data["failures"]
    shown = viewra("show", odd, "--json")
    assert shown.data["path"].endswith("caf\\xe9.mp3")
    assert "artist" in shown.data["metadata"]
    assert "caf\\xe9.mp3" in viewra("show", odd).out


@READ
def test_malformed_files_are_a_failure_each(viewra: Viewra, music: Path) -> None:
    samples = sorted(path.name for path in MALFORMED.iterdir())
    shutil.copytree(MALFORMED, music, dirs_exist_ok=True)
    assert viewra("plugins", "enable", "media_info").status == 0
    report = viewra("scan", music, "--json")
    assert report.status == 0
    assert report.data["files"]["new"] == 3 + len(samples)
    assert report.data["files"]["failed"] == len(samples)
    failed = {(failure["plugin"], Path(failure["path"]).name) for failure in report.data["failures"]}
    assert sorted(name for plugin, name in failed if plugin == "audio_tags") == samples
    assert {plugin for plugin, _ in failed} == {"audio_tags", "media_info"}, "libav reads one or the other of them"
    again = viewra("scan", music, "--json").data
    assert again["files"]["failed"] == 0, "the outcome is kept: it is not read again"


@READ
def test_empty_and_sparse_files(viewra: Viewra, music: Path) -> None:
    (music / "empty.flac").touch()
    with (music / "sparse.mp3").open("wb") as sparse:
        sparse.truncate(4 << 30)
    report = viewra("scan", music, "--json")
    assert report.status == 0
    assert {Path(failure["path"]).name for failure in report.data["failures"]} == {"empty.flac", "sparse.mp3"}


@UNREAD
@needs_modes
def test_database_that_is_read_only(viewra: Viewra, data_dir: Path, music: Path) -> None:
    viewra("scan", music)
    (data_dir / "viewra.db").chmod(0o400)
    refused(viewra("scan", music, prefix=UNPRIVILEGED), 1, "viewra.db")
    (data_dir / "viewra.db").chmod(0o600)
    assert viewra("scan", music, "--json").data["files"]["unchanged"] == 3


@UNREAD
def test_database_of_a_newer_schema(viewra: Viewra, data_dir: Path, music: Path) -> None:
    viewra("scan", music)
    with sqlite3.connect(data_dir / "viewra.db") as database:
        database.execute("update alembic_version set version_num = '9999'")
    database.close()
    refused(viewra("scan", music), 1, "9999", "upgrade viewra")
    refused(viewra("search", "bach"), 1, "9999")


@UNREAD
def test_file_that_is_no_database(viewra: Viewra, data_dir: Path, music: Path) -> None:
    (data_dir / "viewra.db").write_text("not a database, " * 100)
    refused(viewra("scan", music), 1, "viewra.db")
    assert (data_dir / "viewra.db").read_text().startswith("not a database")


@UNREAD
def test_two_scans_at_once(
    viewra: Viewra, data_dir: Path, music: Path, make_plugin: MakePlugin, tmp_path: Path
) -> None:
    with _slow_scan(data_dir, music, make_plugin, tmp_path) as first:
        refused(viewra("scan", music), 1, f"process {first.pid}", "--data-dir")
        assert viewra("search", "title:nothing", "--json").status == 0, "looking works beside it"
        assert viewra("plugins", "list").status == 0
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)


def test_data_directory_with_a_very_long_path(music: Path, tmp_path: Path, no_plugins_database: Path) -> None:
    data_dir = tmp_path / ("long" * 40) / ("long" * 40)
    data_dir.mkdir(mode=0o700, parents=True)
    shutil.copy(no_plugins_database, data_dir)
    report = run(data_dir, "scan", str(music), "--json")
    assert report.status == 0
    assert report.data["files"]["new"] == 3


def test_data_directory_that_cannot_be(music: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(run(tmp_path / "file" / "data", "scan", str(music)), 1, "data directory", "--data-dir")


@UNREAD
@pytest.mark.parametrize("number", some([signal.SIGINT, signal.SIGTERM]))
def test_interrupted_scan_goes_on_later(
    viewra: Viewra, data_dir: Path, music: Path, make_plugin: MakePlugin, tmp_path: Path, number: int
) -> None:
    with _slow_scan(data_dir, music, make_plugin, tmp_path) as process:
        plugins = psutil.Process(process.pid).children(recursive=True)
        assert plugins
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in out + err
    assert "cancelled" in out
    assert not [plugin for plugin in plugins if plugin.is_running() and plugin.status() != psutil.STATUS_ZOMBIE]
    _check(data_dir)
    (tmp_path / "told" / "go").touch()
    report = viewra("--plugins", str(tmp_path / "plugins"), "scan", music, "--json").data
    assert report["status"] == "completed"
    shown = viewra("--plugins", str(tmp_path / "plugins"), "show", music / "0.mp3", "--json").data
    assert (shown["metadata"]["slow"]["value"], shown["metadata"]["slow"]["plugin"]) == ("yes", "slow")


@READ
def test_killed_scan_goes_on_later(
    viewra: Viewra, data_dir: Path, music: Path, make_plugin: MakePlugin, tmp_path: Path
) -> None:
    with _slow_scan(data_dir, music, make_plugin, tmp_path) as process:
        plugins = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.communicate(timeout=60)
    _, alive = psutil.wait_procs(plugins, timeout=10)
    assert not [plugin for plugin in alive if plugin.status() != psutil.STATUS_ZOMBIE]
    _check(data_dir)
    (tmp_path / "told" / "go").touch()
    report = viewra("--plugins", str(tmp_path / "plugins"), "scan", music, "--json").data
    assert report["status"] == "completed"
    shown = viewra("--plugins", str(tmp_path / "plugins"), "show", music / "2.mp3", "--json").data
    assert {"slow", "artist"} <= set(shown["metadata"])


def _check(data_dir: Path) -> None:
    database = sqlite3.connect(data_dir / "viewra.db")
    assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert database.execute("pragma foreign_key_check").fetchall() == []
    database.close()


class _slow_scan:  # noqa: N801 - reads as a function
    """A scan that waits in a plugin until the file ``go`` is there; entered when the plugin has been called."""

    def __init__(self, data_dir: Path, music: Path, make_plugin: MakePlugin, tmp_path: Path) -> None:
        told = tmp_path / "told"  # beside the host's data, of whose folder no plugin may change the names
        told.mkdir()
        code = f"""
            import pathlib, time
            from viewra.sdk import Plugin, serve
            class Slow(Plugin):
                def can_handle(self, file_path, mime_type): return True
                def get_supported_types(self): return ["audio/*"]
                def extract_metadata(self, file_path):
                    pathlib.Path({str(told / "called")!r}).touch()
                    while not pathlib.Path({str(told / "go")!r}).exists():
                        time.sleep(0.01)
                    return {{"slow": "yes"}}
            serve(Slow())
        """
        make_plugin("slow", code, may=("filesystem:write",))
        options = ("--plugins", str(tmp_path / "plugins"))
        assert run(data_dir, *options, "plugins", "enable", "slow", "--grant-requested").status == 0
        self._called = told / "called"
        self._process = start(data_dir, *options, "scan", str(music))

    def __enter__(self) -> Forked:
        eventually(lambda: self._called.exists() or self._process.poll() is not None)
        assert self._process.poll() is None
        return self._process

    def __exit__(self, *_exception: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
