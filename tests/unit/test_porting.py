"""The examples of docs/porting.md do what they did before they were ported."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from viewra.manifest.report import check
from viewra.testing import FakeFetch, FakeHostServices, FakeLibrary, in_process
from viewra.types import Event, Fetched, MediaFile, MetadataValue

PORTED = Path(__file__).resolve().parents[2] / "examples" / "porting"


@pytest.mark.parametrize("name", sorted(folder.name for folder in PORTED.iterdir() if folder.is_dir()))
def test_manifest_is_fine(name: str) -> None:
    report = check(PORTED / name)
    assert not report.errors
    assert f"examples/porting/{name}" in (PORTED.parents[1] / "docs" / "porting.md").read_text("utf-8")


def test_a_pluggy_plugin(tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    song.write_bytes(b"x" * 2048)
    with in_process(_plugin("sizes", "Sizes"), manifest=PORTED / "sizes" / "plugin.cue") as running:
        assert running.metadata_scraper is not None
        assert running.metadata_scraper.extract_metadata(str(song)) == {"size_kib": "2"}


def test_a_beets_plugin() -> None:
    host = FakeHostServices(granted={"library:write"})
    with in_process(_plugin("decades", "Decades"), manifest=PORTED / "decades" / "plugin.cue", host=host) as running:
        assert running.scanner_hook is not None
        running.scanner_hook.on_media_file_scanned(1, "/a.mp3", {"date": "1888-05-01"})
        running.scanner_hook.on_media_file_scanned(2, "/b.mp3", {})
    assert host.put_metadata == {1: {"decade": "1880s"}}


def test_a_navidrome_plugin() -> None:
    url = "https://scrobbles.example.org/submit"
    title = {"title": MetadataValue("Lent", "audio_tags")}
    fetch = FakeFetch({url: Fetched(503, url, {})})
    host = FakeHostServices(
        FakeLibrary(media_files=[MediaFile(5, 1, "/a.mp3", "audio/mpeg", 1, 1, title)]), fetch=fetch
    )
    plugin = _plugin("scrobbles", "Scrobbles")
    manifest = PORTED / "scrobbles" / "plugin.cue"
    with in_process(plugin, manifest=manifest, settings={"session_key": "k"}, host=host):
        plugin.on_event(Event("playback.ended", {"file": 5}, published_at=1_700_000_000_000_000))
        assert host.tasks_queue.run(plugin) == 0  # the site is down: later, which is no failed attempt
        fetch.answers[url] = b""
        plugin.on_event(Event("playback.ended", {"file": 5}, published_at=1_700_000_000_000_000))
        assert host.tasks_queue.run(plugin) == 1
    assert json.loads(fetch.requests[-1].body) == {"title": "Lent", "timestamp": 1_700_000_000}


def _plugin(name: str, kind: str) -> Any:
    return runpy.run_path(str(PORTED / name / "main.py"))[kind]()
