"""Notifications to scanner hooks: in order, at their own pace, without delaying a scan, none lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import MUSIC, ON_BOTH, Viewra

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("only_audio_tags")]

LISTENER = """
    import json, pathlib, time
    from viewra.sdk import Plugin, serve

    class Listener(Plugin):
        def heard(self, *what):
            with open({heard!r}, "a") as file:
                file.write(json.dumps(what) + "\\n")

        def on_scan_started(self, scan_job_id, library_id, library_path):
            self.heard("started", scan_job_id, library_id, library_path)

        def on_media_file_scanned(self, media_file_id, file_path, metadata):
            while {slow} and not pathlib.Path({go!r}).exists():
                time.sleep(0.01)
            self.heard("file", media_file_id, file_path, dict(metadata))

        def on_scan_completed(self, scan_job_id, library_id, stats):
            self.heard("completed", scan_job_id, library_id, dict(stats))

    serve(Listener())
"""


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MUSIC / "Clara Schumann", tmp_path / "music"))


@pytest.fixture
def listen(tmp_path: Path, make_plugin: Callable[..., Path], viewra: Viewra) -> Callable[..., Viewra]:
    """Make and enable a listener; gives a ``viewra`` that knows it."""

    def make(*, slow: bool) -> Viewra:
        (tmp_path / "told").mkdir()  # beside the host's data, of whose folder no plugin may change the names
        names = {"heard": str(tmp_path / "told" / "heard"), "go": str(tmp_path / "told" / "go")}
        make_plugin(
            "listener", LISTENER.format(slow=slow, **names), capabilities=("scanner_hook",), may=("filesystem:write",)
        )
        options = ("--plugins", str(tmp_path / "plugins"))
        assert viewra(*options, "plugins", "enable", "listener", "--grant-requested").status == 0
        return lambda *arguments, **keywords: viewra(*options, *arguments, **keywords)

    return make


def heard(tmp_path: Path) -> list[list[Any]]:
    return [json.loads(line) for line in (tmp_path / "told" / "heard").read_text().splitlines()]


@ON_BOTH
def test_a_listener_hears_everything_in_order(listen: Callable[..., Viewra], music: Path, tmp_path: Path) -> None:
    viewra = listen(slow=False)
    report = viewra("scan", music, "--json", "--wait").data
    assert report["pending_notifications"] == {}
    first, *files, last = heard(tmp_path)
    assert first == ["started", 1, 1, str(music)]
    assert [event[0] for event in files] == ["file"] * report["files"]["new"]
    assert all(event[3]["artist"] for event in files), "with the metadata that the scrapers found"
    assert last[:3] == ["completed", 1, 1]
    assert last[3]["new"] == str(report["files"]["new"])
    assert last[3]["status"] == "completed"


@ON_BOTH
def test_a_slow_listener_never_holds_up_a_scan(listen: Callable[..., Viewra], music: Path, tmp_path: Path) -> None:
    viewra = listen(slow=True)
    report = viewra("scan", music, "--json").data
    count = report["files"]["new"]
    assert report["status"] == "completed"
    assert report["pending_notifications"]["listener"] >= count
    assert f"listener has {count + 3} notifications pending" in viewra("scan", music).out

    (tmp_path / "told" / "go").touch()
    report = viewra("scan", music, "--json", "--wait").data
    assert report["pending_notifications"] == {}
    kinds = [event[0] for event in heard(tmp_path)]
    # At least once: the one that was under way when the command ended may come twice.
    assert kinds[:1] == ["started"]
    assert kinds.count("completed") == 3
    assert kinds[-2:] == ["started", "completed"]
    assert {event[1] for event in heard(tmp_path) if event[0] == "file"} == set(range(1, count + 1))
