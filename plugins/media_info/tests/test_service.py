"""The class that the host talks to, in this process, over gRPC, and as a process of its own."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.media_info.service import MediaInfo
from viewra_plugins.media_info.service import plugin as plugin_module

from tests.fresh import run_main
from viewra.errors import PluginError
from viewra.testing import PluginUnderTest, check_metadata_scraper, in_process, loopback, subprocess_plugin

SETTINGS = {"max_scan_mb": 64, "max_seconds": 10}


@pytest.mark.parametrize("run", [in_process, loopback])
def test_it_passes_the_check_suite(
    run: Callable[..., AbstractContextManager[PluginUnderTest]], suite: dict[str, Any]
) -> None:
    with run(MediaInfo(), settings=SETTINGS) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, **suite)


@pytest.mark.process
def test_it_passes_the_check_suite_as_a_process(plugin_dir: Path, suite: dict[str, Any]) -> None:
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
def test_can_handle(path: str, mime_type: str, answer: bool) -> None:
    assert MediaInfo().can_handle(path, mime_type) is answer


def test_it_can_handle_every_type_it_names_and_every_sample(sample: Path) -> None:
    plugin = MediaInfo()
    assert all(plugin.can_handle("", mime_type) for mime_type in plugin.get_supported_types())
    assert plugin.can_handle(str(sample), "")


def test_without_pyav_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_module, "find_spec", lambda _name: None)
    with pytest.raises(PluginError, match=r"install it with: pip install av"), loopback(MediaInfo()):
        pass


def test_a_start_does_not_import_pyav(plugin_dir: Path) -> None:
    done = run_main(plugin_dir, "service.MediaInfo().start(); print('av' in sys.modules)")
    assert done.stdout == "False\n"
