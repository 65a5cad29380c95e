"""The class that the host talks to, in this process, over gRPC, and as a process of its own."""

import codecs
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.sidecars.service import Sidecars, nfo
from viewra_plugins.sidecars.service import plugin as plugin_module
from viewra_plugins.sidecars.service.formats import ENDINGS, TYPES

from tests.fresh import run_main
from viewra.errors import PluginError
from viewra.library import descriptions
from viewra.manifest import load
from viewra.testing import PluginUnderTest, check_metadata_scraper, in_process, loopback, subprocess_plugin

PLUGIN = Path(__file__).resolve().parents[1]
SETTINGS = {"max_file_kb": 64, "max_entries": 1000, "legacy_encoding": "windows-1252", "roots": []}


@pytest.mark.parametrize("run", [in_process, loopback])
def test_it_passes_the_check_suite(
    run: Callable[..., AbstractContextManager[PluginUnderTest]], suite: dict[str, Any]
) -> None:
    with run(Sidecars(), settings=SETTINGS) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, **suite)


@pytest.mark.process
def test_it_passes_the_check_suite_as_a_process(suite: dict[str, Any]) -> None:
    with subprocess_plugin(PLUGIN) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, **suite)


@pytest.mark.parametrize(
    ("path", "mime_type", "answer"),
    [
        ("/music/a.cue", "application/x-cue", True),
        ("/music/A.M3U8", "", True),
        ("/music/no ending", "text/vtt", True),
        ("/music/cover.jpg", "image/jpeg", True),
        ("/music/a.flac", "audio/flac", False),
        ("/music/cue", "", False),
        ("/music/\udcff.srt", "application/octet-stream", True),
    ],
)
def test_can_handle(path: str, mime_type: str, answer: bool) -> None:
    assert Sidecars().can_handle(path, mime_type) is answer


def test_the_manifest_has_every_ending_under_a_type_that_the_plugin_names() -> None:
    manifest = load(PLUGIN)
    declared = {extension: kind for kind, extensions in manifest.media_types.items() for extension in extensions}
    # viewra itself tells cue sheets from other files with their ending, which a declaration would take for cue sheets
    assert declared == {ending: TYPES[form][0] for ending, form in ENDINGS.items() if ending != ".cue"}
    assert set(declared.values()) <= set(Sidecars().get_supported_types())
    assert all(permission.details.get("reason") for permission in manifest.permissions)


def test_each_code_page_of_the_manifest_is_known() -> None:
    allowed = re.search(r"legacy_encoding: (.*)", (PLUGIN / "plugin.cue").read_text(encoding="utf-8"))
    assert allowed is not None
    names = re.findall(r'"([^"]+)"', allowed[1])
    assert len(names) > 10
    for name in names:
        codecs.lookup(name)  # raises LookupError for a name that is not known


def test_the_settings_reach_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "music" / "a.m3u"
    path.parent.mkdir()
    (tmp_path / "Прогулка.mp3").touch()
    path.write_bytes("../Прогулка.mp3\n../x.mp3\n".encode("cp1251"))
    settings = SETTINGS | {"legacy_encoding": "windows-1251", "roots": [str(tmp_path)], "max_entries": 1}
    with loopback(Sidecars(), settings=settings) as plugin:
        assert plugin.metadata_scraper is not None
        fields = plugin.metadata_scraper.extract_metadata(str(path))
    assert dict(fields) == {"sidecar_format": "m3u", "entry_count": "2", "playlist_entries": "1 ../Прогулка.mp3"}


def test_without_defusedxml_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_module, "find_spec", lambda _name: None)
    with pytest.raises(PluginError, match=r"install it with: pip install defusedxml"), loopback(Sidecars()):
        pass


def test_its_main_file_needs_no_defusedxml() -> None:
    done = run_main(PLUGIN, "service.Sidecars().start()", without="defusedxml")
    assert done.stderr == "defusedxml is not installed; install it with: pip install defusedxml\n"


def test_every_field_that_it_reads_from_nfo_files_counts_before_those_of_others() -> None:
    tables = (nfo._TEXTS, nfo._LINES, nfo._NUMBERS, nfo._UUIDS)
    named = {field for table in tables for field in table.values()} | {f"{site}_id" for site in nfo._IDS}
    named |= {*descriptions.OF_EACH_EPISODE.values()}
    assert load(PLUGIN).priority == dict.fromkeys(named | {"date", "collection", "actor", "album"}, 8)
