"""The main job from the command line: scan real music, look at it, change it, scan again."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import MakePlugin
from tests.e2e.conftest import NO_PLUGIN, ON_BOTH, Viewra, files

pytestmark = pytest.mark.process

ONE_PLUGIN = pytest.mark.usefixtures("only_audio_tags")


@ON_BOTH
def test_scan_show_search(viewra: Viewra, music: Path) -> None:
    count = sum(path.is_file() for path in music.rglob("*"))
    scanned = viewra("scan", music, "--json")
    assert scanned.status == 0
    assert scanned.data["status"] == "completed"
    assert scanned.data["files"] == files(seen=count, new=count, read=count)
    assert scanned.data["failures"] == []

    song = next(music.rglob("*Joplin*/*/01*"))
    shown = viewra("show", song, "--json").data
    assert shown["path"] == str(song)
    assert shown["size"] == song.stat().st_size
    assert shown["metadata"]["artist"] == {
        "value": "Scott Joplin",
        "plugin": "audio_tags",
        "why": "the priority in its manifest",
        "others": [{"plugin": "file_names", "value": "Scott Joplin"}],
        "stated_in": None,
    }
    duration = shown["metadata"]["duration"]
    assert (duration["plugin"], duration["why"]) == ("media_info", "the priority in its manifest")
    assert [other["plugin"] for other in duration["others"]] == ["audio_tags"]

    several = viewra("show", next(music.rglob("01 Romanze*")), "--json").data["metadata"]["artist"]
    assert several["value"] == ["Clara Schumann", "Johannes Brahms"]
    assert viewra("search", "artist:brahms", "--json").data["total"] == 3

    found = viewra("search", "artist:joplin entertainer", "--json").data
    assert found["total"] >= 1
    assert found["results"][0]["path"] == str(song)
    assert 0 <= found["results"][0]["score"] <= 1
    assert viewra("search", "artist:bach", "--json").data["results"][0]["source"] == "library"


@ONE_PLUGIN
@ON_BOTH
def test_second_scan_notices_what_happened(viewra: Viewra, music: Path) -> None:
    before = viewra("scan", music, "--json").data["files"]["seen"]
    songs = sorted(path for path in music.rglob("*") if path.is_file())
    again = viewra("scan", music, "--json").data["files"]
    assert again == files(seen=before, unchanged=before)

    changed, moved, copied_away, gone = songs[:4]
    old_id = viewra("show", moved, "--json").data["media_file_id"]
    changed.write_bytes(changed.read_bytes() + b"\0")
    moved.rename(music / ("moved" + moved.suffix))
    target = music / ("copied" + copied_away.suffix)
    shutil.copy2(copied_away, target)
    copied_away.unlink()
    gone.unlink()
    third = viewra("scan", music, "--json").data["files"]
    assert third == files(seen=before - 1, changed=1, moved=2, missing=1, unchanged=before - 4, read=1)
    assert viewra("show", music / ("moved" + moved.suffix), "--json").data["media_file_id"] == old_id
    (listed,) = viewra("library", "missing", "--json").data
    assert (listed["path"], set(listed)) == (str(gone), {"path", "media_file_id", "since"})
    shown = viewra("show", gone, "--json").data
    assert (shown["missing_since"], shown["media_file_id"]) == (listed["since"], listed["media_file_id"])
    assert viewra("library", "purge", "--missing-for", "1d", "--json").data == {"purged": 0}
    assert viewra("library", "purge", "--json").data == {"purged": 1}
    assert viewra("show", gone).status == 2


@NO_PLUGIN
def test_plugin_that_was_updated_reads_again(
    viewra: Viewra, music: Path, make_plugin: MakePlugin, tmp_path: Path
) -> None:
    code = """
        from viewra.sdk import Plugin, serve
        class P(Plugin):
            def can_handle(self, file_path, mime_type): return True
            def get_supported_types(self): return ["audio/*"]
            def extract_metadata(self, file_path): return {"version": "1"}
        serve(P())
    """
    viewra("scan", music)
    directory = make_plugin("late", code)
    options = ("--plugins", str(tmp_path / "plugins"))
    assert viewra(*options, "plugins", "enable", "late").status == 0
    song = next(path for path in music.rglob("*") if path.is_file())
    for version in ("1", "2"):
        scanned = viewra(*options, "scan", music, "--json").data
        assert scanned["files"]["unchanged"] == scanned["files"]["seen"]
        metadata = viewra(*options, "show", song, "--json").data["metadata"]
        assert (metadata["version"]["value"], metadata["version"]["plugin"]) == (version, "late")
        main = directory / "main.py"
        main.write_text(main.read_text().replace('"1"', '"2"'))


@ONE_PLUGIN
@ON_BOTH
def test_whose_word_counts(viewra: Viewra, music: Path, make_plugin: MakePlugin, tmp_path: Path) -> None:
    make_plugin(
        "late",
        """
        from viewra.sdk import Plugin, serve
        class P(Plugin):
            def can_handle(self, file_path, mime_type): return True
            def get_supported_types(self): return ["audio/*"]
            def extract_metadata(self, file_path): return {"title": "xyzzy"}
        serve(P())
        """,
    )
    viewra("plugins", "disable", "file_names")
    viewra("scan", music)
    options = ("--plugins", str(tmp_path / "plugins"))
    viewra(*options, "plugins", "enable", "late")
    viewra(*options, "scan", music)
    song = next(path for path in music.rglob("*") if path.is_file())

    def title() -> tuple[str, str, str, list[str]]:
        said = viewra(*options, "show", song, "--json").data["metadata"]["title"]
        return said["value"], said["plugin"], said["why"], [other["plugin"] for other in said["others"]]

    assert title() == ("xyzzy", "late", "read last", ["audio_tags"])
    assert viewra("search", "title:xyzzy", "--json").data["total"] > 0
    ordered = viewra(*options, "library", "set-priority", "*", "audio_tags", "late", "--json")
    assert ordered.data == [{"field": "*", "plugins": ["audio_tags", "late"]}]
    assert title()[1:] == ("audio_tags", "the order for all fields", ["late"])
    assert viewra("search", "title:xyzzy", "--json").data["total"] == 0
    viewra(*options, "library", "set-priority", "title", "late")
    assert title()[1:] == ("late", "the order for title", ["audio_tags"])
    assert "xyzzy" in viewra(*options, "show", song).out
    assert "title  late" in viewra("library", "set-priority").out
    assert viewra(*options, "library", "set-priority", "title", "--unset", "--json").data == ordered.data
    for wrong in (["title"], ["title", "no_such_plugin"], ["--unset"], ["title", "late", "--unset"]):
        refused = viewra(*options, "library", "set-priority", *wrong)
        assert (refused.status, bool(refused.err)) == (2, True)


@ONE_PLUGIN
def test_fsck(viewra: Viewra, data_dir: Path, music: Path) -> None:
    viewra("scan", music)
    assert viewra("fsck", "--json").data == {"ok": True, "findings": []}
    assert "everything agrees" in viewra("fsck").out
    with closing(sqlite3.connect(data_dir / "viewra.db")) as database, database:
        database.execute("DELETE FROM media_search")
    found = viewra("fsck")
    assert (found.status, "viewra fsck --repair" in found.out) == (1, True)
    (repaired,) = viewra("fsck", "--repair", "--json").data["findings"]
    assert repaired["repaired"]
    assert viewra("fsck").status == 0
    assert viewra("search", "bach", "--json").data["total"] > 0


def test_plugins_list_and_info(viewra: Viewra) -> None:
    found = {one["id"]: one for one in viewra("plugins", "list", "--json").data}
    plugin = found.pop("audio_tags")
    states = dict.fromkeys(["file_names", "image_info", "library_history", "media_info", "sidecars"], "ready")
    opting_in = (
        "artwork",
        "duplicates",
        "lyrics",
        "musicbrainz_enricher",
        "notify_webhook",
        "opensubsonic",
        "replaygain",
    )
    states |= dict.fromkeys([*opting_in, "tmdb"], "disabled")
    assert {plugin_id: other["state"] for plugin_id, other in found.items()} == states
    assert plugin["state"] == "ready"
    assert plugin["services"] == ["metadata_scraper"]
    promised = {"id", "name", "version", "type", "state", "reason", "pid", "services", "path"}
    assert set(plugin) == promised | {"pids", "origins", "spawned", "health", "breaker"}
    info = viewra("plugins", "info", "audio_tags", "--json").data
    (permission,) = info["permissions"]
    assert (permission["resource"], permission["action"], permission["granted"]) == ("filesystem", "read", True)
    assert viewra("plugins", "disable", "audio_tags").status == 0
    assert viewra("plugins", "list", "--json").data[0]["state"] == "disabled"
    assert viewra("plugins", "enable", "audio_tags").status == 0
    unknown = viewra("plugins", "info", "audio_tag")
    assert unknown.status == 2
    assert "did you mean audio_tags?" in unknown.err


@ONE_PLUGIN
@ON_BOTH
def test_people_get_tables(viewra: Viewra, music: Path) -> None:
    summary = viewra("scan", music).out
    assert "files: " in summary
    assert "completed" in summary
    assert "TITLE" in viewra("search", "bach").out
    assert "nothing found" in viewra("search", "xyzzy").out
    assert "FIELD" in viewra("show", next(music.rglob("*.flac"))).out
    assert str(music) in viewra("library", "list").out
    assert "audio_tags" in viewra("plugins", "list").out
    assert "filesystem:read (granted)" in viewra("plugins", "info", "audio_tags").out


@ONE_PLUGIN
def test_readers_that_stop_early_are_no_error(viewra: Viewra, data_dir: Path, music: Path) -> None:
    viewra("scan", music)
    reader, writer = os.pipe()
    os.close(reader)
    from tests.e2e.conftest import start

    with start(data_dir, "search", "a*") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    os.close(writer)
