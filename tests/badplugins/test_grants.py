"""What a plugin may do follows what the operator granted: at once, for the next host, and for new code."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from viewra.errors import PluginUnavailable, UsageError
from viewra.host import Host
from viewra.library import add_library
from viewra.process.sandbox.machine import machine

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-")]

CODE = """\
import socket
from viewra import sdk

class Curious(sdk.Plugin):
    def search(self, query, limit, offset):
        try:
            if "port" in query:
                socket.create_connection(("127.0.0.1", int(query["port"])), 5).close()
            else:
                open(query["path"]).close()
            said = "done"
        except OSError as error:
            said = type(error).__name__
        return sdk.SearchResponse((sdk.SearchResult("1", said),), 1)

    def get_search_capabilities(self):
        return sdk.SearchCapabilities(fields=("path", "port"))

sdk.serve(Curious())
"""
ASKS = 'permissions: [{resource: "filesystem", actions: ["read"], reason: "looks at covers"}%s]'
MORE = ', {resource: "network", actions: ["external"]}'


def ask(host: Host, **query: str) -> str:
    search = host.plugins["curious"].search
    assert search is not None
    return search.search(query, 1, 0).results[0].title


@pytest.fixture(autouse=True)
def _confined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIEWRA_SANDBOX", "auto")


def test_a_life_of_grants(tmp_path: Path, make_plugin: Callable[..., Path]) -> None:
    directory = make_plugin("curious", CODE, capabilities=("search_service",), extra=ASKS % "")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    one, two = (str(tmp_path / name / "file") for name in ("one", "two"))
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=False) as host:
        plugin = host.plugins["curious"]
        plugin.enable()
        add_library(host.engine, str(tmp_path / "one"))
        assert ask(host, path=one) == "PermissionError"
        with pytest.raises(UsageError, match="does not request network:external"):
            plugin.grant("network:external")
        with pytest.raises(UsageError, match="no permission 'filesystem:raed'") as wrong:
            plugin.grant("filesystem:raed")
        assert wrong.value.hint == "did you mean filesystem:read?"
        plugin.grant("filesystem:read")
        assert [(one.name, one.granted, one.reason) for one in plugin.permissions] == [
            ("filesystem:read", True, "looks at covers")
        ]
        assert ask(host, path=one) == "done"
        # A library that is added later is readable from its first scan on.
        assert ask(host, path=two) == "PermissionError"
        host.scan(tmp_path / "two")
        assert ask(host, path=two) == "done"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=False) as host,
    ):
        port = str(server.getsockname()[1])
        plugin = host.plugins["curious"]
        assert ask(host, path=one) == "done"
        # New code that asks for more waits until that is granted.
        manifest = directory / "plugin.cue"
        manifest.write_text(manifest.read_text().replace(ASKS % "", ASKS % MORE).replace("1.0.0", "2.0.0"))
        with pytest.raises(PluginUnavailable, match="asks for more than it may do: network:external") as refused:
            plugin.reload()
        assert refused.value.hint == "viewra plugins grant curious network:external"
        assert ask(host, port=port) == "PermissionError"
        plugin.grant("network:external")
        assert plugin.info.version == "2.0.0"
        assert ask(host, port=port) == "done"
        plugin.revoke("network:external", "filesystem:read")
        assert ask(host, port=port) == "PermissionError"
        assert ask(host, path=one) == "PermissionError"
