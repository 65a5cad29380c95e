"""Plugins in processes of their own whose answers and refusals are attacks: everything the host does with them ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from viewra import Host
from viewra.errors import PluginFault, PluginUnavailable
from viewra.types import ScanReport

pytestmark = pytest.mark.process

T = TypeVar("T")
MB = 1024 * 1024
REPORTS = {
    "deep": 'b"[" * 6000',
    "not UTF-8": 'b"\\xff\\xfe"',
    "surrogates": 'b\'{"type": "\\\\ud800", "message": "\\\\udfff", "causes": [], "call_id": "\\\\ud800"}\'',
    "10 MB": 'b"x" * 10_000_000',
}
HOSTILE = """
    import os
    from viewra.codec import fault
    from viewra.sdk import Health, Plugin, serve
    from viewra.sdk.servicers import _handlers

    REPORT = {report}
    fault.encode = lambda error, call_id: REPORT
    _handlers.clean = lambda text, size: text  # no limit of the SDK's own

    class Hostile(Plugin):
        def start(self):
            if os.path.exists(os.path.join(os.path.dirname(__file__), "refuse")):
                raise ValueError("not now")

        def stop(self): raise ValueError("never")
        def health(self): raise ValueError("who asks?")
        def quiesce(self): raise ValueError("never")
        def get_supported_types(self): return ["audio/*"]
        def can_handle(self, file_path, mime_type): raise ValueError("no luck")
        def extract_metadata(self, file_path): raise ValueError({error})
        def on_scan_started(self, *_): raise ValueError("no luck")
        def on_media_file_scanned(self, *_): raise ValueError("no luck")
        def on_scan_completed(self, *_): raise ValueError("no luck")
        def search(self, *_): raise ValueError("no luck")
        def get_search_capabilities(self): raise ValueError("no luck")

    serve(Hostile())
"""


def ends(what: Callable[[], T], timeout_s: float = 40.0) -> T:
    """Do something on a thread that is given up when it hangs, so that the test fails and does not hang itself."""
    answer: list[T] = []
    errors: list[BaseException] = []

    def do() -> None:
        try:
            answer.append(what())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join(timeout_s)
    assert not thread.is_alive(), "it hangs"
    if errors:
        raise errors[0]
    return answer[0]


def errors_of(report: ScanReport) -> list[str]:
    return [failure.error for failure in report.failures if failure.plugin == "hostile"]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.flac").write_bytes(b"fLaC" + bytes(number + 1))
    return folder


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_reports_of_faults_hang_nothing(
    make_plugin: Callable[..., Path], tmp_path: Path, music: Path, report: str
) -> None:
    code = HOSTILE.format(report=report, error='"no luck"')
    directory = make_plugin("hostile", code, capabilities=("metadata_scraper", "scanner_hook", "search_service"))
    host = Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", watch=False)
    ends(host.open)
    try:
        plugin = host.plugins["hostile"]
        plugin.enable()
        scanned = ends(lambda: host.scan(music))
        assert len(errors_of(scanned)) == 3
        assert ends(lambda: host.hook.search(query={"q": "x"}, limit=1, offset=0))[0].error is not None
        (directory / "main.py").write_text((directory / "main.py").read_text() + "\n")
        ends(plugin.reload)
        ends(plugin.unload)
        (directory / "refuse").touch()
        with pytest.raises(PluginUnavailable):
            ends(plugin.load)
        (directory / "refuse").unlink()
        ends(plugin.restart)
        assert plugin.state == "running"
    finally:
        ends(host.close)


@pytest.mark.parametrize(("size_mb", "said"), [(3, "3,145,728 bytes"), (15, "sent too much")])
def test_large_refusals_reach_neither_database_nor_memory(
    make_plugin: Callable[..., Path], tmp_path: Path, music: Path, size_mb: int, said: str
) -> None:
    code = HOSTILE.format(report='b"{}"', error=f'"e" * ({size_mb} * 1024 * 1024)')
    directory = make_plugin("hostile", code)
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", watch=False) as host:
        host.plugins["hostile"].enable()
        host.plugins["hostile"].load()
        report = ends(lambda: host.scan(music))
        errors = errors_of(report)
        assert [len(error) < 6000 for error in errors] == [True] * 3
        assert all(said in error for error in errors), errors
        after = psutil.Process().memory_info().rss
        scraper: Any = host.plugins["hostile"].metadata_scraper
        for _ in range(10):  # what one refusal takes while it is read is given back, or used again
            with pytest.raises(PluginFault) as caught:
                scraper.extract_metadata(str(music / "0.flac"))
            assert len(str(caught.value)) < 6000
            del caught
        assert psutil.Process().memory_info().rss - after < 80 * MB
    assert sum(file.stat().st_size for file in (tmp_path / "data").rglob("*") if file.is_file()) < 5 * MB
