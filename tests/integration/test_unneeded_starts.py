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


@pytest.mark.process
def test_code_that_changed_beside_a_host_reads_again_what_that_has_read_since(
    tmp_path: Path, folder: Path, make_plugin: MakePlugin
) -> None:
    old, new = (READER.replace("self.settings.title", f"'{title}'") for title in ("old", "new"))
    directory = make_plugin("reader", old, capabilities=("metadata_scraper",))

    def opened() -> Host:
        return Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", watch=False)

    def title(host: Host) -> str:
        assert not host.scan(folder).failures
        with host.engine.connect() as connection:
            said = connection.exec_driver_sql("SELECT DISTINCT data FROM file_metadata WHERE data LIKE '%title%'")
            return str(said.scalar_one())

    with opened() as host:
        for plugin_id in host.plugins:
            (host.plugins[plugin_id].enable if plugin_id == "reader" else host.plugins[plugin_id].disable)()
        assert "old" in title(host)
        (directory / "main.py").write_text(new)
        (folder / "b.mp3").write_bytes(b"b")
        assert "old" in title(host)
    with opened() as host:
        assert "new" in title(host)
