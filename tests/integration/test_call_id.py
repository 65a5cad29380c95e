"""From a fault in the host to its traceback in the plugin's log, by the call's id."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.eventually import eventually
from viewra import Host
from viewra.errors import PluginFault, PluginTimeout
from viewra.host import Plugin
from viewra.host.logs.file import log_path
from viewra.host.logs.reader import PluginLogReader
from viewra.transport.hclog import LogRecord
from viewra.types import FileToRead, Result

pytestmark = pytest.mark.process

FAILING = """
    import threading
    from viewra.sdk import Plugin, serve

    class Failing(Plugin):
        def get_supported_types(self): return ["audio/*"]
        def can_handle(self, file_path, mime_type): return True
        def extract_metadata(self, file_path):
            try:
                {}["index"]
            except KeyError as error:
                raise ValueError("no \\N{SNOWMAN} index") from error

        def get_search_capabilities(self): raise SystemExit(3)

        def search(self, query, limit, offset):
            if query["q"] == "deep":
                self.deeper(0)
            if query["q"] == "slow":
                threading.Event().wait(1.5)
            raise RuntimeError("x" * 100_000)

        def deeper(self, depth): self.and_deeper(depth + 1)
        def and_deeper(self, depth): self.deeper(depth + 1)

    serve(Failing())
"""


@pytest.fixture
def host(tmp_path: Path, make_plugin: Callable[..., Path]) -> Iterator[Host]:
    services = ("metadata_scraper", "search_service")
    directory = make_plugin("failing", FAILING, capabilities=services, extra="runtime: call_timeout_s: search: 1")
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", log_level="error") as host:
        host.plugins["failing"].enable()
        host.plugins["failing"].load()
        yield host


@pytest.fixture
def plugin(host: Host) -> Plugin:
    return host.plugins["failing"]


def logged(plugin: Plugin, call_id: str = "", *, call: str = "") -> LogRecord:
    """The one record with this id, or of this call, waited for, as it is on disk."""
    field, value = ("call", call) if call else ("call_id", call_id)
    assert plugin.path is not None
    path = log_path(plugin.path.parent.parent / "data", plugin.id)

    def found() -> list[LogRecord]:
        with PluginLogReader(path) as reader:
            return reader.last(10, lambda record: record.fields.get(field) == value)

    eventually(found, f"no record of {value}")
    (record,) = found()
    return record


def test_a_fault_leads_to_its_traceback(plugin: Plugin, caplog: pytest.LogCaptureFixture) -> None:
    scraper = plugin.metadata_scraper
    assert scraper is not None
    with caplog.at_level(logging.DEBUG, "viewra.adapters"), pytest.raises(PluginFault) as caught:
        scraper.extract_metadata("/a")
    fault = caught.value
    assert (fault.kind, fault.causes) == ("ValueError", ("KeyError: 'index'",))
    assert fault.reason == "no \N{SNOWMAN} index"
    assert str(fault) == "plugin failing, extract_metadata: no \N{SNOWMAN} index (because: KeyError: 'index')"
    assert any(fault.call_id in record.getMessage() for record in caplog.records if record.name == "viewra.adapters")
    record = logged(plugin, fault.call_id)
    # A file that cannot be read is no fault of the plugin's: the terminal is spared the traceback.
    assert (record.level, record.message) == ("debug", "extract_metadata failed: ValueError")
    assert record.fields["call"] == "extract_metadata"
    traceback = record.fields["traceback"]
    assert "main.py" in traceback
    assert "KeyError: 'index'" in traceback
    assert traceback.endswith("ValueError: no \N{SNOWMAN} index")


def test_each_call_has_an_id_of_its_own_also_through_hooks(host: Host, plugin: Plugin) -> None:
    ids = set()
    for _ in range(3):
        results: tuple[Result[Any], ...] = (
            *host.hook.extract_metadata(file_path="/a", mime_type="audio/flac"),
            *host.hook.get_search_capabilities(),
        )
        for result in results:
            if result.plugin_id == "failing":
                assert isinstance(result.error, PluginFault)
                ids.add(result.error.call_id)
    assert len(ids) == 6
    assert {logged(plugin, one).fields["call"] for one in ids} == {"extract_metadata", "get_search_capabilities"}


@pytest.mark.parametrize(("query", "begins", "ends"), [("deep", "deeper", "exceeded"), ("long", "search", "xxx")])
def test_a_traceback_without_end_is_cut_in_the_middle(plugin: Plugin, query: str, begins: str, ends: str) -> None:
    search = plugin.search
    assert search is not None
    with pytest.raises(PluginFault) as caught:
        search.search({"q": query}, 10, 0)
    traceback = logged(plugin, caught.value.call_id).fields["traceback"]
    assert traceback.startswith("Traceback (most recent call last):")
    assert begins in traceback[:2000]
    assert "\n  [...]\n" in traceback
    assert ends in traceback[-200:]
    assert len(traceback) < 10_000


def test_a_call_that_fails_after_its_deadline_says_so_in_the_plugins_log(plugin: Plugin) -> None:
    search = plugin.search
    assert search is not None
    with pytest.raises(PluginTimeout):
        search.search({"q": "slow"}, 10, 0)
    assert logged(plugin, call="search").message == "search failed after its deadline: RuntimeError"


def test_what_should_not_fail_is_an_error_in_the_log(plugin: Plugin) -> None:
    search = plugin.search
    assert search is not None
    with pytest.raises(PluginFault) as caught:
        search.get_search_capabilities()
    record = logged(plugin, caught.value.call_id)
    assert (record.level, record.message) == ("error", "get_search_capabilities failed: SystemExit")


def test_files_that_fail_in_a_batch_are_outcomes_and_no_records(host: Host, plugin: Plugin) -> None:
    session = next(result for result in host.hook.open_scraper() if result.plugin_id == "failing").unwrap()
    files = [FileToRead("/a", "audio/flac"), FileToRead("/b", "audio/flac")]
    assert [outcome.error for outcome in session.submit(files).result(60)] == ["no \N{SNOWMAN} index"] * 2
    scraper = plugin.metadata_scraper
    assert scraper is not None
    with pytest.raises(PluginFault) as caught:
        scraper.extract_metadata("/a")
    logged(plugin, caught.value.call_id)
    assert [record.message for record in plugin.logs] == ["extract_metadata failed: ValueError"]
