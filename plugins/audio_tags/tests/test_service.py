"""The class that the host talks to, in this process, over gRPC, and as a process of its own."""

import codecs
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.audio_tags.service import AudioTags
from viewra_plugins.audio_tags.service import plugin as plugin_module
from viewra_plugins.audio_tags.service.plugin import LEGACY_ENCODINGS

from tests.audio import odd
from tests.fresh import run_main
from viewra.errors import PluginError
from viewra.testing import PluginUnderTest, check_metadata_scraper, in_process, loopback, subprocess_plugin
from viewra.types import PluginContext


@pytest.mark.parametrize("run", [in_process, loopback])
def test_it_passes_the_check_suite(
    run: Callable[..., AbstractContextManager[PluginUnderTest]], suite: dict[str, Any]
) -> None:
    with run(AudioTags()) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, **suite)


@pytest.mark.process
def test_it_passes_the_check_suite_as_a_process(plugin_dir: Path, suite: dict[str, Any]) -> None:
    with subprocess_plugin(plugin_dir) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, **suite)


@pytest.mark.parametrize(
    ("path", "mime_type", "answer"),
    [
        ("/music/a.flac", "audio/flac", True),
        ("/music/A.FLAC", "", True),
        ("/music/no ending", "audio/mpeg", True),
        ("/music/a.jpg", "image/jpeg", False),
        ("/music/a.mid", "audio/midi", False),
        ("/music/flac", "", False),
        ("/music/\udcff.opus", "application/octet-stream", True),
    ],
)
def test_can_handle(path: str, mime_type: str, answer: bool) -> None:
    assert AudioTags().can_handle(path, mime_type) is answer


def test_it_can_handle_every_type_it_names_and_every_sample(sample: Path) -> None:
    plugin = AudioTags()
    assert all(plugin.can_handle("", mime_type) for mime_type in plugin.get_supported_types())
    assert plugin.can_handle(str(sample), "")


def test_without_mutagen_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_module, "find_spec", lambda _name: None)
    with pytest.raises(PluginError, match=r"install it with: pip install mutagen"), loopback(AudioTags()):
        pass


def test_its_main_file_needs_no_mutagen(plugin_dir: Path) -> None:
    done = run_main(plugin_dir, "service.AudioTags().start()", without="mutagen")
    assert done.returncode == 1
    assert done.stderr == "mutagen is not installed; install it with: pip install mutagen\n"


def test_each_code_page_of_the_manifest_is_known(plugin_dir: Path) -> None:
    manifest = (plugin_dir / "plugin.cue").read_text(encoding="utf-8")
    allowed = re.search(r'legacy_encoding: \*"" \| (.*)', manifest)
    assert allowed is not None
    assert set(re.findall(r'"([^"]+)"', allowed[1])) == set(LEGACY_ENCODINGS)
    for name in LEGACY_ENCODINGS.values():
        codecs.lookup(name)  # or it raises


def test_the_setting_reaches_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    info = odd.chunk(b"LIST", b"INFO" + odd.chunk(b"INAM", "Прогулка".encode("cp1251")))
    path.write_bytes(odd.wav(odd.wav_format(), bytes(16), info))
    plugin = AudioTags()
    assert plugin.extract_metadata(str(path))["title"] == "Ïðîãóëêà"  # by default it is Windows-1252
    plugin.bind(context=PluginContext("audio_tags", {"legacy_encoding": "windows-1251"}))
    assert plugin.extract_metadata(str(path))["title"] == "Прогулка"
