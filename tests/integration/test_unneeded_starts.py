"""A scan starts only the scrapers that have something to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MakePlugin
from viewra import Host

READER = """
from viewra.sdk import Plugin, serve

class Reader(Plugin):
    def get_supported_types(self):
        return ["audio/*"]

    def can_handle(self, file_path, mime_type):
        return True

    def extract_metadata(self, file_path):
        return {"title": self.settings.title}

serve(Reader())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "a.mp3").write_bytes(b"a")
    return folder


@pytest.mark.process
def test_what_an_earlier_start_showed_spares_the_next_one_until_code_or_settings_change(
    tmp_path: Path, folder: Path, make_plugin: MakePlugin
) -> None:
    settings = 'settings: title: string | *"old"'
    directory = make_plugin("reader", READER, capabilities=("metadata_scraper",), extra=settings)

    def starts(*, title: str = "") -> int:
        with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", watch=False) as host:
            for plugin_id in host.plugins:
                (host.plugins[plugin_id].enable if plugin_id == "reader" else host.plugins[plugin_id].disable)()
            if title:
                host.plugins["reader"].settings.change({"title": title})
            assert not host.scan(folder).failures
            return host.plugins["reader"].stats.starts

    assert starts() == 1
    assert starts() == 0, "nothing is to be read, and what the plugin reads is known"
    assert starts(title="new") == 1, "a setting may change what it reads"
    assert starts() == 0
    (directory / "main.py").write_text(READER + "# changed\n")
    assert starts() == 1, "new code reads every file"
    (folder / "b.flac").write_bytes(b"b")
    assert starts() == 1
    (folder / "c.jpg").write_bytes(b"c")
    assert starts() == 0, "a file of a type that it does not read"
