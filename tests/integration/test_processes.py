"""Plugins in processes of their own, through a real host: lazy start, calls, failures, the end."""

from __future__ import annotations

import os
import signal
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from tests.forking import PIPE, server
from viewra import Host
from viewra.errors import PluginClosed, PluginFault, PluginTimeout, PluginUnavailable
from viewra.host import Limits
from viewra.types import FileToRead, PluginState
from viewra.types.values import Value

pytestmark = pytest.mark.process

SCRAPER = """
    import os, sys, time, signal
    from viewra.sdk import Plugin, serve

    class Scraper(Plugin):
        def initialize(self, context):
            self.log.info("ready to go", answer=42)
            print("a line on stdout")

        def can_handle(self, file_path, mime_type):
            return True

        def get_supported_types(self):
            return ["audio/*"]

        def extract_metadata(self, file_path):
            name = file_path.rpartition("/")[2]
            if name == "kill": os.kill(os.getpid(), signal.SIGKILL)
            if name == "exit": os._exit(3)
            if name == "hang": time.sleep(3600)
            if name == "fail": raise ValueError("cannot read it")
            return {"title": name, "pid": str(os.getpid())}

    serve(Scraper())
"""


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def host(tmp_path: Path, make_plugin: Callable[..., Path]) -> Iterator[Host]:
    make_plugin("scraper", SCRAPER, extra="runtime: call_timeout_s: default: 2")
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data") as host:
        host.plugins["scraper"].enable()
        yield host


def only(host: Host, path: str) -> Mapping[str, Value]:
    results = host.hook.extract_metadata(file_path=path, mime_type="audio/x-none")
    return next(result for result in results if result.plugin_id == "scraper").unwrap()


def test_a_plugin_starts_with_the_first_call(host: Host) -> None:
    plugin = host.plugins["scraper"]
    assert (plugin.state, plugin.pid) == (PluginState.READY, None)
    found = only(host, "/music/a.flac")
    assert found["title"] == "a.flac"
    assert plugin.state is PluginState.RUNNING
    assert str(plugin.pid) == found["pid"]
    assert plugin.services == ("metadata_scraper",)
    assert plugin.health().healthy


def test_listing_and_health_never_wake_one(host: Host) -> None:
    plugin = host.plugins["scraper"]
    assert plugin.info.name == "scraper"
    host.hook.plugin_info()
    host.hook.plugin_health()
    with pytest.raises(PluginUnavailable, match="does not run"):
        plugin.health()
    assert plugin.pid is None


def test_first_calls_at_the_same_time_start_one_process(host: Host) -> None:
    pids: set[str] = set()
    threads = [threading.Thread(target=lambda: pids.add(str(only(host, "/a.flac")["pid"]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 1


def test_output_arrives_with_level_and_fields(host: Host) -> None:
    host.plugins["scraper"].load()
    eventually(lambda: len(host.plugins["scraper"].logs) >= 2)
    records = {record.message: record for record in host.plugins["scraper"].logs}
    assert records["ready to go"].level == "info"
    assert records["ready to go"].fields["answer"] == 42
    assert records["a line on stdout"].level == "debug"


@pytest.mark.parametrize(("name", "how"), [("kill", "SIGKILL"), ("exit", "exit status 3")])
def test_death_in_a_call_is_told_and_it_is_started_again(host: Host, name: str, how: str) -> None:
    plugin = host.plugins["scraper"]
    scraper = plugin.metadata_scraper
    assert scraper is not None
    first = scraper.extract_metadata("/a")["pid"]
    with pytest.raises(PluginUnavailable, match=how) as caught:
        scraper.extract_metadata(f"/{name}")
    assert caught.value.in_call
    assert plugin.stats.crashes == 2  # reading a file twice is harmless: it was asked once more
    eventually(lambda: plugin.state is PluginState.RUNNING)  # without a call
    assert scraper.extract_metadata("/a")["pid"] != first


def test_hang_ends_with_the_deadline_and_other_calls_go_on(host: Host) -> None:
    scraper = host.plugins["scraper"].metadata_scraper
    assert scraper is not None
    with pytest.raises(PluginTimeout, match="did not answer within 2 s"):
        scraper.extract_metadata("/hang")
    assert scraper.extract_metadata("/a")["title"] == "a"


def test_fault_names_plugin_call_and_kind(host: Host) -> None:
    scraper = host.plugins["scraper"].metadata_scraper
    assert scraper is not None
    with pytest.raises(PluginFault, match=r"^plugin scraper, extract_metadata: cannot read it$") as caught:
        scraper.extract_metadata("/fail")
    assert caught.value.kind == "ValueError"


def test_batch_with_a_file_that_fails_and_one_that_is_not_utf8(host: Host) -> None:
    results = host.hook.open_scraper()
    session = next(result for result in results if result.plugin_id == "scraper").unwrap()
    good, bad, odd = session.submit([FileToRead("/good"), FileToRead("/fail"), FileToRead("/x\udcffy/odd")]).result(60)
    assert good.metadata is not None
    assert bad.error == "cannot read it"
    assert odd.metadata is not None
    assert odd.metadata["title"] == "odd"


def test_enable_disable_load_unload_restart(host: Host) -> None:
    plugin = host.plugins["scraper"]
    plugin.load()
    first = plugin.pid
    assert first is not None
    plugin.restart()
    assert plugin.pid not in {None, first}
    assert not psutil.pid_exists(first)
    plugin.unload()
    now: tuple[PluginState, int | None] = plugin.state, plugin.pid
    assert now == (PluginState.STOPPED, None)
    scraper = plugin.metadata_scraper
    assert scraper is not None
    with pytest.raises(PluginClosed):
        scraper.extract_metadata("/a")
    plugin.disable()
    assert plugin.state is PluginState.DISABLED
    assert plugin.metadata_scraper is None
    assert "scraper" not in {result.plugin_id for result in host.hook.get_supported_types()}
    plugin.enable()
    assert "scraper" in {result.plugin_id for result in host.hook.get_supported_types()}


def test_state_changes_are_announced(tmp_path: Path, make_plugin: Callable[..., Path]) -> None:
    from viewra import hookimpl

    class Observer:
        def __init__(self) -> None:
            self.seen: list[tuple[str, str]] = []

        @hookimpl
        def plugin_state_changed(self, plugin_id: str, old: PluginState, new: PluginState) -> None:
            self.seen.append((str(old), str(new)))
            raise RuntimeError("an observer's failure is its own")

    make_plugin("scraper", SCRAPER)
    observer = Observer()
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data") as host:
        host.pm.register(observer)
        host.plugins["scraper"].enable()
        host.plugins["scraper"].load()
    assert observer.seen[:3] == [("disabled", "ready"), ("ready", "starting"), ("starting", "running")]
    assert ("draining", "stopped") in observer.seen


def test_closing_the_host_ends_every_process_and_socket(tmp_path: Path, make_plugin: Callable[..., Path]) -> None:
    make_plugin("scraper", SCRAPER)
    host = Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data").open()
    host.plugins["scraper"].enable()
    only(host, "/a.flac")
    pid = host.plugins["scraper"].pid
    assert pid is not None
    sockets = [str(c.laddr) for c in psutil.Process(pid).net_connections("unix") if "plugin" in str(c.laddr)]
    assert sockets
    host.close()
    host.close()
    assert not psutil.pid_exists(pid)
    assert not any(Path(socket).exists() for socket in sockets)


def test_plugins_die_with_a_host_that_is_killed(tmp_path: Path, make_plugin: Callable[..., Path]) -> None:
    make_plugin("scraper", SCRAPER)
    program = f"""
        import sys
        from viewra import Host
        with Host(plugin_dirs=[{str(tmp_path / "plugins")!r}], data_dir={str(tmp_path / "data")!r}) as host:
            host.plugins["scraper"].enable()
            host.plugins["scraper"].load()
            print(host.plugins["scraper"].pid, flush=True)
            sys.stdin.read()
    """
    with server().start(["-c"], code=textwrap.dedent(program), stdin=PIPE, stdout=PIPE) as killed:
        assert killed.stdout is not None
        pid = int(killed.stdout.readline())
        assert psutil.pid_exists(pid)
        os.kill(killed.pid, signal.SIGKILL)
    eventually(lambda: not alive(pid))


@pytest.mark.parametrize(
    ("limits", "path", "message"),
    [
        (Limits(text_bytes=10), "/a-name-of-more-than-ten-bytes", "has 29 bytes; at most 10"),
        (Limits(entries=1), "/a", "has 2 entries; at most 1"),
        (Limits(message_bytes=2000), "/" + "x" * 3000, "sent too much"),
    ],
)
def test_limits_are_the_hosts(
    tmp_path: Path, make_plugin: Callable[..., Path], limits: Limits, path: str, message: str
) -> None:
    make_plugin("scraper", SCRAPER)
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", limits=limits) as host:
        host.plugins["scraper"].enable()
        scraper = host.plugins["scraper"].metadata_scraper
        assert scraper is not None
        with pytest.raises(PluginFault, match=message):
            scraper.extract_metadata(path)
