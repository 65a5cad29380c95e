"""``viewra.Host`` runs a plugin written in Go, with HashiCorp's library and generated code, as any other plugin."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from tests.eventually import eventually
from viewra import Host
from viewra.errors import PluginFault, PluginUnavailable
from viewra.host import Connecting
from viewra.types import PluginState, Result

T = TypeVar("T")

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

MUSIC = Path(__file__).parents[2] / "examples" / "music"

FIELDS = """
id: "go_plugin"
name: "As its manifest says"
version: "1.0.0"
author: "somebody"
type: "generic"
entry_points: main: "go-plugin"
capabilities: {metadata_scraper: true, search_service: true}
runtime: call_timeout_s: default: 20
"""
SETTINGS = """
settings: {
    greeting: string | *"hello"
    refuse: string | *""
    stop: string | *""
}
"""

OpenHost = Callable[..., Host]


@pytest.fixture
def write(tmp_path: Path, go_programs: Path) -> Callable[..., Path]:
    """Make the plugin's directory, with this manifest."""

    def write(manifest: str = FIELDS + SETTINGS) -> Path:
        directory = tmp_path / "plugins" / "go_plugin"
        directory.mkdir(parents=True)
        (directory / "plugin.cue").write_text(manifest)
        shutil.copy2(go_programs / "viewraplugin", directory / "go-plugin")
        return directory

    return write


@pytest.fixture
def open_host(tmp_path: Path, quick_hosts: None) -> Iterator[OpenHost]:
    """A host with the plugin, enabled, and without the plugins that come with viewra."""
    del quick_hosts
    with ExitStack() as hosts:

        def opened(**options: Any) -> Host:
            host = Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", **options)
            hosts.enter_context(host)
            host.plugins["go_plugin"].enable()
            return host

        yield opened


@pytest.fixture
def host(write: Callable[..., Path], open_host: OpenHost) -> Host:
    write()
    return open_host()


def only(results: list[Result[T]]) -> Result[T]:
    assert [result.plugin_id for result in results] == ["go_plugin"]
    return results[0]


@pytest.mark.parametrize("connecting", [Connecting(), Connecting(auto_mtls=True)], ids=["plain", "autoMTLS"])
def test_hooks_give_its_values(write: Callable[..., Path], open_host: OpenHost, connecting: Connecting) -> None:
    write()
    host = open_host(connecting=connecting)
    file = str(MUSIC.parent / "music")
    assert only(host.hook.get_supported_types()).unwrap() == ("audio/*",)
    assert only(host.hook.can_handle(file_path=file, mime_type="audio/flac")).unwrap() is True
    assert only(host.hook.can_handle(file_path=file, mime_type="image/png")).unwrap() is False
    metadata = only(host.hook.extract_metadata(file_path=file, mime_type="audio/flac")).unwrap()
    assert metadata == {"title": "Go read music", "size": str(Path(file).stat().st_size)}
    page = only(host.hook.search(query={"title": "bäch"}, limit=3, offset=1)).unwrap()
    assert (page.total_count, page.has_more) == (9, True)
    assert [(hit.id, hit.title, hit.score) for hit in page.results] == [("7", "bäch", 0.5)]
    assert page.results[0].metadata == {"title": "bäch", "limit": "3"}
    assert only(host.hook.get_models()).unwrap() == ("Track",)
    assert only(host.hook.plugin_health()).unwrap().error == "a little tired"


@pytest.mark.parametrize("connecting", [Connecting(), Connecting(auto_mtls=True)], ids=["plain", "autoMTLS"])
def test_it_asks_its_host_over_go_plugins_broker(
    write: Callable[..., Path], open_host: OpenHost, connecting: Connecting
) -> None:
    write()
    host = open_host(connecting=connecting)
    for starts in ("0", "1"):
        (hit,) = only(host.hook.search(query={"title": "brokered"}, limit=1, offset=0)).unwrap().results
        assert hit.title == starts, "its own values, also after a restart"
        host.plugins["go_plugin"].restart()
    assert host.plugins["go_plugin"].stats.host_calls["kv.set"].calls == 96


def test_what_it_says_it_is_goes_before_its_manifest(host: Host) -> None:
    plugin = host.plugins["go_plugin"]
    plugin.load()
    info = plugin.info
    assert (info.name, info.version, info.tags) == ("A plugin in Go", "1.2.3", ("go",))
    assert info.author == "somebody"


def test_reflection_tells_its_services_and_the_others_are_not_offered(host: Host) -> None:
    plugin = host.plugins["go_plugin"]
    said = plugin.services
    assert said == ("metadata_scraper", "search_service"), "as its manifest says"
    plugin.load()
    assert plugin.services == ("database_service", "metadata_scraper", "scanner_hook", "search_service")
    assert plugin.admin_page is None
    assert host.hook.get_admin_pages() == []
    assert host.hook.get_search_capabilities() == [], "a method that it does not implement is no error"


def test_its_tables_are_made_in_its_own_database(host: Host, tmp_path: Path) -> None:
    host.plugins["go_plugin"].load()
    assert (tmp_path / "data/plugins/go_plugin/data.db").read_text() == "tables"
    with pytest.raises(PluginFault, match="rollback: it reported failure and gave no reason"):
        only(host.hook.rollback()).unwrap()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("refuse", r"extract_metadata: no audio in it$"),
        ("status", r"extract_metadata: the disk is on fire$"),
        ("bad", r"not valid: metadata\[title\]: "),
    ],
)
def test_errors_become_faults(host: Host, name: str, message: str) -> None:
    result = only(host.hook.extract_metadata(file_path=f"/{name}", mime_type="audio/flac"))
    assert isinstance(result.error, PluginFault)
    with pytest.raises(PluginFault, match=message):
        result.unwrap()
    assert host.plugins["go_plugin"].state is PluginState.RUNNING


@pytest.mark.parametrize(("title", "message"), [("refuse", "the index is being rebuilt"), ("overrate", "score")])
def test_failures_of_a_search(host: Host, title: str, message: str) -> None:
    with pytest.raises(PluginFault, match=message):
        only(host.hook.search(query={"title": title}, limit=3, offset=0)).unwrap()


def test_a_large_answer(host: Host) -> None:
    assert len(only(host.hook.extract_metadata(file_path="/large", mime_type="audio/flac")).unwrap()) == 100


def test_settings_reach_it_and_a_refusal_is_told(host: Host) -> None:
    plugin = host.plugins["go_plugin"]
    plugin.load()
    plugin.settings.change({"refuse": "no licence"})
    plugin.unload()
    with pytest.raises(PluginUnavailable, match=r"at the step initialize: no licence$"):
        plugin.load()


def test_what_it_logs_and_prints_arrives(host: Host) -> None:
    plugin = host.plugins["go_plugin"]
    plugin.load()
    eventually(lambda: {"printed to os.Stdout", "printed to os.Stderr"} <= {one.message for one in plugin.logs})
    record = next(one for one in plugin.logs if one.message == "initialized")
    assert (record.level, record.module) == ("info", "viewra")
    assert record.fields["plugin"] == "go_plugin"
    plugin.unload()
    eventually(lambda: "stopping" in {one.message for one in plugin.logs})


def test_a_panic_in_a_call(host: Host) -> None:
    plugin = host.plugins["go_plugin"]
    plugin.load()
    pid = plugin.pid
    with pytest.raises(PluginUnavailable, match="exit status 2; its last output: panic: all is lost") as caught:
        only(host.hook.extract_metadata(file_path="/panic", mime_type="audio/flac")).unwrap()
    assert caught.value.in_call
    eventually(lambda: sum(one.level == "error" for one in plugin.logs) == 2)  # reading is asked once more
    panics = [one for one in plugin.logs if one.level == "error"]
    assert panics[0].message.startswith("panic: all is lost")
    assert "viewraplugin/main.go" in panics[0].fields["traceback"]
    assert only(host.hook.can_handle(file_path="/a", mime_type="audio/flac")).unwrap() is True, "it was started again"
    assert plugin.pid != pid


def test_one_that_hangs_in_stop_is_reaped_all_the_same(host: Host) -> None:
    plugin = host.plugins["go_plugin"]
    plugin.settings.change({"stop": "hang"})
    plugin.load()
    pid = plugin.pid
    assert pid is not None
    plugin.unload()
    assert not psutil.pid_exists(pid)
    assert plugin.state is PluginState.STOPPED


def test_a_scan_by_single_calls(host: Host, tmp_path: Path) -> None:
    shutil.copytree(MUSIC, tmp_path / "music")
    host.plugins["go_plugin"].load()  # its manifest does not say that it listens
    report = host.scan(tmp_path / "music")
    assert report.counts.new > 15
    assert report.counts.failed == 0
    assert not any(host.finish_notifications(20).values())
    hits = host.search("title:go", limit=100, plugins=False).results
    assert len(hits) == report.counts.new
    heard = only(host.hook.search(query={"title": "heard"}, limit=1, offset=0)).unwrap().results[0].title.split("; ")
    assert (heard[0], heard[-1]) == ("started music", "completed")
    assert len(heard) == report.counts.new + 2


def test_it_saves_an_asset_at_the_hosts_address(
    write: Callable[..., Path], open_host: OpenHost, tmp_path: Path
) -> None:
    asks = 'permissions: [{resource: "library", actions: ["write"], reason: "adds covers"}]'
    write(FIELDS + SETTINGS + asks)
    host = open_host()
    shutil.copytree(MUSIC, tmp_path / "music")
    host.scan(tmp_path / "music")
    file = host.library.files().items[0]
    query = {"title": "asset", "file": str(file.id)}
    with pytest.raises(PluginFault, match="library:write, which is not granted"):
        only(host.hook.search(query=query, limit=1, offset=0)).unwrap()
    host.plugins["go_plugin"].grant("library:write")
    (hit,) = only(host.hook.search(query=query, limit=1, offset=0)).unwrap().results
    assert hit.metadata["exists"] == "true"
    asset = host.assets.get(hit.title)
    assert (asset.media_type, asset.size, str(asset.number)) == ("image/jpeg", 4 + (5 << 20), hit.id)
    (link,) = host.assets.links({"media_file_id": file.id})
    assert (link.kind, link.plugin_id, link.source_url.partition("/release")[0]) == (
        "front",
        "go_plugin",
        "https://coverartarchive.org",
    )
    assert link.metadata == {"quality": "high"}


@pytest.mark.parametrize("form", ["#Plugin: {%s}", "#Plugin: {%s}\n_settings: true"], ids=["old", "old with more"])
def test_an_old_manifest(write: Callable[..., Path], open_host: OpenHost, form: str) -> None:
    write(form % FIELDS)
    host = open_host()
    assert host.plugins["go_plugin"].state is PluginState.READY, host.plugins["go_plugin"].reason
    assert only(host.hook.get_supported_types()).unwrap() == ("audio/*",)
