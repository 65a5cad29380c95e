"""Parsers in C that hang on one file: the scan goes on, that file gets an error, and all others are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from viewra import Host
from viewra.library import show

pytestmark = pytest.mark.process

PARSER = """
    import ctypes
    from pathlib import Path
    from viewra.sdk import Plugin, serve

    class Parser(Plugin):
        def get_supported_types(self): return ["audio/*"]
        def can_handle(self, file_path, mime_type): return True
        def extract_metadata(self, file_path):
            name = Path(file_path).stem
            if name == "hangs":
                ctypes.PyDLL(None).pause()  # in C, with Python's lock: nothing else in the process goes on
            return {"title": name}

    serve(Parser())
"""
EXTRA = """
runtime: call_timeout_s: default: 1
runtime: health: {interval_s: 0.3, timeout_s: 0.5, failures: 2}
"""


def test_a_file_on_which_a_parser_in_c_hangs_costs_that_file(tmp_path: Path, make_plugin: Callable[..., Path]) -> None:
    make_plugin("parser", PARSER, extra=EXTRA)
    music = tmp_path / "music"
    music.mkdir()
    good = [str(number) for number in range(8)]
    for name in [*good, "hangs"]:
        (music / f"{name}.mp3").write_bytes(name.encode())
    url = f"sqlite:///{tmp_path / 'viewra.db'}"
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", database_url=url) as host:
        for plugin in host.plugins.values():
            plugin.enable() if plugin.id == "parser" else plugin.disable()
        report = host.scan(str(music))
        assert [(Path(one.path).stem, one.plugin) for one in report.failures] == [("hangs", "parser")]
        shown = [show(host.engine, str(music / f"{name}.mp3")).metadata for name in good]
        assert [metadata["title"].value for metadata in shown] == good
