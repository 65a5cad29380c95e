"""A host that is not open, is closed, was opened again, or belongs to the process that this one was forked from."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.leftovers import Present
from viewra import Host, hookimpl
from viewra.cli._control import ask, find_host
from viewra.errors import UsageError, ViewraError
from viewra.host.installed.lock import holder
from viewra.sdk import Plugin
from viewra.types import PluginState

pytestmark = pytest.mark.usefixtures("quick_hosts")


class Finder(Plugin):
    def extract_metadata(self, file_path: str) -> dict[str, str]:
        return {"title": file_path}

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        return True

    def get_supported_types(self) -> list[str]:
        return []


CALLS: dict[str, Callable[[Host], object]] = {
    "hook": lambda host: host.hook,
    "plugins": lambda host: host.plugins,
    "engine": lambda host: host.engine,
    "metrics": lambda host: host.metrics(),
    "register": lambda host: host.register(Finder()),
    "unregister": lambda host: host.unregister("finder"),
    "scan": lambda host: host.scan("/music"),
    "search": lambda host: host.search("x"),
    "finish_notifications": lambda host: host.finish_notifications(0),
    "detach": lambda host: host.detach(),
}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(data_dir=tmp_path / "data", watch=False)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_host_that_was_never_opened_refuses(host: Host, call: Callable[[Host], object]) -> None:
    with pytest.raises(ViewraError, match="the host is not open") as raised:
        call(host)
    assert raised.value.hint == "use it in a with block, or call open() first"


def test_a_closed_host_refuses_every_call_and_can_be_opened_again(host: Host) -> None:
    for _ in range(2):
        with host:
            hook = host.hook
            host.register(Finder())
            (result,) = (one for one in hook.plugin_info() if one.plugin_id == "finder")
            assert result.value is not None
            assert host.search("x").total == 0
            with pytest.raises(UsageError, match="open already"):
                host.open()
        for call in CALLS.values():
            with pytest.raises(ViewraError, match="the host is closed"):
                call(host)
        with pytest.raises(ViewraError, match="the host is closed"):
            hook.plugin_info()
        host.close()


def test_observers_hear_of_what_starts_while_it_opens(
    tmp_path: Path, make_plugin: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    make_plugin("eager", "import nowhere", extra="runtime: lazy: false")
    host = Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=False)
    with host:
        host.plugins["eager"].enable()
    heard = threading.Event()

    class Observer:
        @hookimpl
        def plugin_state_changed(self, plugin_id: str, new: PluginState) -> None:
            if plugin_id == "eager" and new is PluginState.CRASHED:
                heard.set()

    host.pm.register(Observer())
    with host:
        assert heard.wait(60)
    assert "an observer of plugin states failed" not in caplog.text


@pytest.mark.shipped
def test_a_host_that_could_not_be_opened_can_be_opened_later(host: Host) -> None:
    other = Host(data_dir=host.data_dir, watch=False)
    with other, pytest.raises(ViewraError, match="is in use by"):
        host.open()
    with pytest.raises(ViewraError, match="the host is closed"):
        host.hook  # noqa: B018
    with host:
        assert "audio_tags" in host.plugins


def in_a_fork(work: Callable[[], object]) -> object:
    """What ``work`` gives in a forked process, as JSON data."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = json.dumps(work())
        except BaseException as error:
            answer = json.dumps(repr(error))
        os.write(writer, answer.encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as read:
        said = json.loads(read.read())
    os.waitpid(child, 0)
    return said


def errors_of(host: Host, *more: Callable[[], object]) -> dict[str, str]:
    told = {}
    for name, call in [*((name, lambda call=call: call(host)) for name, call in CALLS.items()), *enumerate(more)]:
        try:
            call()
            told[str(name)] = "nothing"
        except ViewraError as error:
            told[str(name)] = str(error)
    return told


@pytest.fixture
def on_any_database(tmp_path: Path, migrated_url: str) -> Host:
    return Host(data_dir=tmp_path / "data", database_url=migrated_url, watch=False)


@pytest.mark.shipped
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_fork_of_its_process_cannot_use_it_and_ends_nothing(on_any_database: Host) -> None:
    host = on_any_database
    with host:
        host.register(Finder())
        hook, plugins, plugin = host.hook, host.plugins, host.plugins["audio_tags"]

        def child() -> object:
            more = [lambda: plugins["audio_tags"], lambda: plugin.state, plugin.load, lambda: plugin.metadata_scraper]
            told = errors_of(host, hook.plugin_info, host.open, *more)
            before = set(os.listdir("/proc/self/fd"))
            host.close()
            return {"told": told, "closed": sorted(before - set(os.listdir("/proc/self/fd")))}

        said = in_a_fork(child)
        assert isinstance(said, dict)
        assert len(said["told"]) == len(CALLS) + 6
        for told in said["told"].values():
            assert told == f"the host was opened by process {os.getpid()}, and this is a fork of that"
        assert said["closed"] == [], "what it could close, it closed as it was forked"
        assert find_host(host.data_dir) is not None
        assert str(os.getpid()) in (holder(host.data_dir) or "")
        assert host.search("x").total == 0, "its database is still its own"
        assert [one.plugin_id for one in hook.plugin_info() if one.value and one.plugin_id == "finder"] == ["finder"]


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_closing_waits_for_no_fork_and_gives_the_data_directory_free(on_any_database: Host) -> None:
    host = on_any_database
    mine, its = socket.socketpair()
    child = 0
    try:
        with host:
            child = os.fork()
            if child == 0:
                its.recv(1)
                os._exit(0)
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "it is still there"
        assert holder(host.data_dir) is None
        with Host(data_dir=host.data_dir, database_url=host.database_url, watch=False):
            assert ask(host.data_dir, "ping")["pid"] == os.getpid()
    finally:
        mine.send(b"x")
        if child:
            os.waitpid(child, 0)
        mine.close()
        its.close()


@pytest.mark.shipped
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_fork_of_a_process_whose_host_is_closed_may_open_it(host: Host) -> None:
    before = Present()
    with host:
        known = sorted(host.plugins)

    def child() -> object:
        with host:
            return sorted(host.plugins)

    assert known
    assert in_a_fork(child) == known
    before.nothing_is_left(descriptors=3)
