"""The class that the host talks to, in this process, over gRPC, and as a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from viewra_plugins.media_info.service import MediaInfo

from viewra.testing import check_metadata_scraper, in_process, loopback, subprocess_plugin

SETTINGS = {"max_scan_mb": 64, "max_seconds": 10}


@pytest.mark.parametrize("run", [in_process, loopback])
def test_it_passes_the_check_suite(run, suite):
    with run(MediaInfo(), settings=SETTINGS) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, **suite)


@pytest.mark.process
def test_it_passes_the_check_suite_as_a_process(plugin_dir, suite):
    with subprocess_plugin(plugin_dir) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, **suite)


@pytest.mark.parametrize(
    ("path", "mime_type", "answer"),
    [
        ("/films/a.mkv", "video/x-matroska", True),
        ("/films/A.MKV", "", True),
        ("/films/no ending", "video/anything", True),
        ("/music/a.flac", "audio/flac", True),
        ("/music/a.mid", "audio/midi", False),
        ("/films/a.srt", "application/x-subrip", False),
        ("/films/mkv", "", False),
        ("/films/\udcff.webm", "application/octet-stream", True),
    ],
)
def test_can_handle(path, mime_type, answer):
    assert MediaInfo().can_handle(path, mime_type) is answer


def test_it_can_handle_every_type_it_names_and_every_sample(sample):
    plugin = MediaInfo()
    assert all(plugin.can_handle("", mime_type) for mime_type in plugin.get_supported_types())
    assert plugin.can_handle(str(sample), "")


def run_main(plugin_dir: Path, code: str) -> subprocess.CompletedProcess[str]:
    start = f"sys.path.insert(0, {str(plugin_dir)!r}); runpy.run_path({str(plugin_dir / 'main.py')!r}, run_name='x')"
    whole = f"import sys, runpy; {code}; {start}; print('av' in sys.modules)"
    return subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=False, timeout=60)


def test_without_pyav_it_says_what_to_install(plugin_dir: Path):
    done = run_main(plugin_dir, "import importlib.util; importlib.util.find_spec = lambda name: None")
    assert done.returncode == 1
    assert "pip install 'viewra[plugins]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_start_does_not_import_pyav(plugin_dir: Path):
    assert run_main(plugin_dir, "pass").stdout == "False\n"
