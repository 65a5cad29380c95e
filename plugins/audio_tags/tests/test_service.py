"""The class that the host talks to, in this process, over gRPC, and as a process of its own."""

import codecs
import re
import subprocess
import sys
from pathlib import Path

import pytest
from viewra_plugins.audio_tags.service import AudioTags
from viewra_plugins.audio_tags.service.plugin import LEGACY_ENCODINGS

from tests.audio import odd
from viewra.testing import check_metadata_scraper, in_process, loopback, subprocess_plugin
from viewra.types import PluginContext


@pytest.mark.parametrize("run", [in_process, loopback])
def test_it_passes_the_check_suite(run, suite):
    with run(AudioTags()) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, **suite)


@pytest.mark.process
def test_it_passes_the_check_suite_as_a_process(plugin_dir, suite):
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
def test_can_handle(path, mime_type, answer):
    assert AudioTags().can_handle(path, mime_type) is answer


def test_it_can_handle_every_type_it_names_and_every_sample(sample):
    plugin = AudioTags()
    assert all(plugin.can_handle("", mime_type) for mime_type in plugin.get_supported_types())
    assert plugin.can_handle(str(sample), "")


def test_without_mutagen_it_says_what_to_install(plugin_dir: Path):
    # the way the host starts it, but with nothing to import mutagen from
    code = (
        "import sys, runpy; sys.modules['mutagen'] = None; "
        f"sys.path.insert(0, {str(plugin_dir)!r}); runpy.run_path({str(plugin_dir / 'main.py')!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "pip install mutagen" in done.stderr
    assert "Traceback" not in done.stderr


def test_each_code_page_of_the_manifest_is_known(plugin_dir: Path):
    manifest = (plugin_dir / "plugin.cue").read_text(encoding="utf-8")
    allowed = re.search(r'legacy_encoding: \*"" \| (.*)', manifest)
    assert set(re.findall(r'"([^"]+)"', allowed[1])) == set(LEGACY_ENCODINGS)
    assert [name for name in LEGACY_ENCODINGS.values() if not codecs.lookup(name)] == []


def test_the_setting_reaches_the_reader(tmp_path: Path):
    path = tmp_path / "a.wav"
    info = odd.chunk(b"LIST", b"INFO" + odd.chunk(b"INAM", "Прогулка".encode("cp1251")))
    path.write_bytes(odd.wav(odd.wav_format(), bytes(16), info))
    plugin = AudioTags()
    assert plugin.extract_metadata(str(path))["title"] == "Ïðîãóëêà"  # by default it is Windows-1252
    plugin.bind(context=PluginContext("audio_tags", {"legacy_encoding": "windows-1251"}))
    assert plugin.extract_metadata(str(path))["title"] == "Прогулка"
