"""``host.register``: a plugin object of this process answers the same hooks, and its failures are contained."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from viewra import Host
from viewra.errors import PluginFault, UsageError
from viewra.sdk import Plugin
from viewra.testing import FakePlugin
from viewra.types import PluginState


def test_registered_object_answers_hooks_until_it_is_unregistered(viewra_host: Host) -> None:
    fake = FakePlugin("mine")
    plugin = viewra_host.register(fake)
    assert viewra_host.plugins["mine"] is plugin
    assert plugin.state is PluginState.RUNNING
    assert plugin.pid is None
    results = viewra_host.hook.search(query={"q": "x"}, limit=1, offset=0)
    assert [(result.plugin_id, result.unwrap().results[0].title) for result in results] == [("mine", "x")]
    viewra_host.unregister(fake)
    assert viewra_host.hook.search(query={"q": "x"}, limit=1, offset=0) == []
    assert "mine" not in viewra_host.plugins
    assert [name for name, _ in fake.calls if name in {"initialize", "start", "stop"}] == [
        "initialize",
        "start",
        "stop",
    ]


def test_one_that_refuses_to_start_is_not_registered(viewra_host: Host) -> None:
    with pytest.raises(PluginFault, match="no licence"):
        viewra_host.register(FakePlugin("mine", on={"initialize": RuntimeError("no licence")}))
    assert "mine" not in viewra_host.plugins


def test_two_of_one_id(viewra_host: Host) -> None:
    viewra_host.register(FakePlugin("mine"))
    with pytest.raises(UsageError, match="'mine' is there already"):
        viewra_host.register(FakePlugin("mine"))


def test_closing_the_host_does_not_wait_long_for_one_that_hangs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    go_on, waited = threading.Event(), list[bool]()

    class Hanging(Plugin):
        def stop(self) -> None:
            waited.append(go_on.wait(100))

    try:
        with Host(data_dir=tmp_path / "data") as host:
            host.register(Hanging())
            host.close()
        assert waited == []
        assert "plugin hanging, stop: did not answer within 3 s" in caplog.text
    finally:
        go_on.set()


def test_closing_the_host_stops_it(tmp_path: Path) -> None:
    fake = FakePlugin("mine")
    with Host(data_dir=tmp_path / "data") as host:
        host.register(fake)
    assert fake.called("stop") == [()]


def test_unregistering_what_is_not_there(viewra_host: Host) -> None:
    with pytest.raises(UsageError, match="not registered"):
        viewra_host.unregister("nobody")
