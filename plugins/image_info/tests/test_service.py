"""The class that the host talks to, in this process, over gRPC, and as a process of its own."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.image_info.service import ImageInfo, formats
from viewra_plugins.image_info.service import plugin as plugin_module

from tests.fresh import run_main
from viewra.errors import PluginError
from viewra.testing import PluginUnderTest, check_metadata_scraper, in_process, loopback, subprocess_plugin

SETTINGS = {"max_megapixels": 1000, "max_exif_kb": 1024, "gps": True}


@pytest.mark.parametrize("run", [in_process, loopback])
def test_it_passes_the_check_suite(
    run: Callable[..., AbstractContextManager[PluginUnderTest]], suite: dict[str, Any]
) -> None:
    with run(ImageInfo(), settings=SETTINGS) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, **suite)


@pytest.mark.process
def test_it_passes_the_check_suite_as_a_process(plugin_dir: Path, suite: dict[str, Any]) -> None:
    with subprocess_plugin(plugin_dir) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, **suite)


@pytest.mark.parametrize(
    ("path", "mime_type", "answer"),
    [
        ("/photos/a.jpg", "image/jpeg", True),
        ("/photos/A.PNG", "", True),
        ("/photos/no ending", "image/webp", True),
        ("/photos/a.svg", "image/svg+xml", False),
        ("/music/a.flac", "audio/flac", False),
        ("/photos/jpg", "", False),
        ("/photos/\udcff.gif", "application/octet-stream", True),
    ],
)
def test_can_handle(path: str, mime_type: str, answer: bool) -> None:
    assert ImageInfo().can_handle(path, mime_type) is answer


def test_it_can_handle_every_type_it_names_and_every_sample(sample: Path) -> None:
    plugin = ImageInfo()
    assert all(plugin.can_handle("", mime_type) for mime_type in plugin.get_supported_types())
    assert plugin.can_handle(str(sample), "")


def test_heic_is_offered_where_pillow_heif_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "pillow_heif" else name)
    formats.available.cache_clear()
    formats.mime_types.cache_clear()
    try:
        assert "image/heic" not in formats.mime_types()
        assert "image/avif" in formats.mime_types()
    finally:
        formats.available.cache_clear()
        formats.mime_types.cache_clear()


def test_without_pillow_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_module, "find_spec", lambda _name: None)
    with pytest.raises(PluginError, match=r"install it with: pip install pillow"), loopback(ImageInfo()):
        pass


def test_a_start_does_not_import_pillow(plugin_dir: Path) -> None:
    done = run_main(plugin_dir, "service.ImageInfo().start(); print('PIL' in sys.modules)")
    assert done.stdout == "False\n"
