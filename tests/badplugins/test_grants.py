"""A plugin's permissions follow the operator's grants: at once, for the next host, and for new code."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from viewra.errors import PluginFault, PluginUnavailable, UsageError
from viewra.host import Host
from viewra.host.plugin import Plugin
from viewra.host.running import confining
from viewra.library import add_library
from viewra.process.sandbox.machine import machine

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-")]

CODE = """\
import os
import socket
from viewra import sdk

class Curious(sdk.Plugin):
    def search(self, query, limit, offset):
        try:
            if "port" in query:
                socket.create_connection(("127.0.0.1", int(query["port"])), 5).close()
            else:
                open(query["path"], query.get("mode", "r")).close()
            said = "done"
        except OSError as error:
            if "raise" in query:
                raise
            said = type(error).__name__
        return sdk.SearchResponse((sdk.SearchResult("1", said),), 1)

    def get_search_capabilities(self):
        return sdk.SearchCapabilities(fields=("path", "port", "mode", "raise"))

sdk.serve(Curious())
"""
ASKS = 'permissions: [{resource: "filesystem", actions: ["read"], reason: "looks at covers"}%s]'
MORE = ', {resource: "network", actions: ["external"]}'


def ask(host: Host, **query: str) -> str:
    search = host.plugins["curious"].search
    assert search is not None
    return search.search(query, 1, 0).results[0].title


def user_of(plugin: Plugin) -> int | None:
    assert plugin.sandbox is not None
    assert plugin.sandbox.rules is not None
    return plugin.sandbox.rules.user


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
        # So does code that asks to do the same elsewhere.
        text = manifest.read_text()
        manifest.write_text(text.replace('reason: "looks', 'paths: ["/etc"], reason: "looks').replace("2.0.0", "3.0.0"))
        with pytest.raises(PluginUnavailable, match=r"more than it may do: filesystem:read: .*only /etc"):
            plugin.reload()
        assert ask(host, path="/etc/passwd") == "PermissionError"
        manifest.write_text(text)
        plugin.reload()
        plugin.revoke("network:external", "filesystem:read")
        assert ask(host, port=port) == "PermissionError"
        assert ask(host, path=one) == "PermissionError"


@pytest.mark.skipif(not machine().root, reason="only a host that is root has users of their own for plugins")
def test_a_user_of_its_own_gets_at_what_others_own(
    tmp_path: Path, make_plugin: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_plugin("curious", CODE, capabilities=("search_service",), may=("filesystem:read", "filesystem:write"))
    home = tmp_path / "home"
    library = home / "music"
    library.mkdir(parents=True)
    (library / "song").touch(mode=0o600)
    for path, mode in ((library / "song", 0o600), (library, 0o700), (home, 0o700)):
        path.chmod(mode)
        os.chown(path, 12345, 12345)
    song, new = str(library / "song"), str(library / "new")
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=False) as host:
        plugin = host.plugins["curious"]
        plugin.grant("filesystem:read")
        plugin.enable()
        assert ask(host, path=song) == "done"
        assert ask(host, path=song, mode="a") == "PermissionError"
        with pytest.raises(PluginFault, match="outside of what it was granted, unless it needs filesystem:write: see"):
            ask(host, path=str(tmp_path / "elsewhere"), mode="a", **{"raise": "1"})
        plugin.grant("filesystem:write")
        assert ask(host, path=song, mode="a") == "done"
        assert ask(host, path=new, mode="a") == "done"
        private = tmp_path / "data" / "plugins" / "curious"
        assert private.stat().st_uid == user_of(plugin) != 0
        # On a file system that goes by the user alone it has none of its own, and says so.
        monkeypatch.setattr(confining, "foreign_mount", lambda paths: (paths[0], "nfs4"))
        plugin.reload()
        assert user_of(plugin) is None
        assert plugin.sandbox is not None
        assert any("is on nfs4" in one for one in plugin.sandbox.missing)
        assert ask(host, path=str(private / "own"), mode="a") == "done"
        assert private.stat().st_uid == 0
