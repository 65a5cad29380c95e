"""A sandboxed process without a network fetches through its host, with a key that it never sees."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.integration.test_host_services import CODE, ask
from tests.unit.bridge.fetch.serving import Said, serving
from viewra.host import Fetching, Host
from viewra.sdk import Plugin as InProcess

MANIFEST = """\
id: "one"
name: "Fetching"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
capabilities: search_service: true
permissions: [{resource: "network", actions: ["fetch"], hosts: ["127.0.0.1:%d"], reason: "covers"}]
settings: key: string | *"" @secret(host)
"""
CONFIG = """
    def start(self):
        self.host.kv.set("config", self.context.config)
"""


@pytest.mark.process
def test_a_sandboxed_plugin_fetches_through_its_host(tmp_path: Path) -> None:
    directory = tmp_path / "plugins" / "one"
    directory.mkdir(parents=True)
    (directory / "main.py").write_text(CODE.replace("    def search", f"{CONFIG}\n    def search"))
    with serving() as server, Host(
        data_dir=tmp_path / "data",
        plugin_dirs=[directory.parent],
        fetching=Fetching(contact="ops@example.org", proxy="off"),
    ) as host:  # fmt: skip
        (directory / "plugin.cue").write_text(MANIFEST % server.port)
        host.plugins.rescan()
        one = host.plugins["one"]
        one.enable()
        server.answers["/a"] = lambda asked: Said(body=json.dumps(asked.headers).encode())
        get = f"host.fetch.get({server.url('/a')!r}, headers={{'X-Key': '{{secret:key}}'}}).json()"
        assert "PermissionDenied: fetch.request needs the permission network:fetch" in str(ask(host, "one", get))
        one.grant("network:fetch")
        assert "there is no secret setting 'key'" in str(ask(host, "one", get))
        one.settings.change({"key": "hidden from it"})
        one.restart()
        seen = ask(host, "one", get)
        assert isinstance(seen, dict)
        assert server.asked[-1].headers["x-key"] == "hidden from it"
        assert seen["x-key"] == "{secret:key}"
        assert ask(host, "one", "host.kv.get('config')") == {"_json": "{}"}
        assert "is not among the hosts" in str(ask(host, "one", "host.fetch.get('http://169.254.169.254/').status"))
        server.answers["/cover"] = Said(
            body=b"\x89PNG\r\n\x1a\n" + bytes(100_000), headers={"Content-Type": "text/plain"}
        )
        stored = ask(host, "one", f"host.fetch.to_asset({server.url('/cover')!r}).asset_id")
        assert (stored_as := host.plugins.assets.get(str(stored))).media_type == "image/png"
        assert stored_as.size == 100_008
        assert "has more than 1,000 bytes" in str(
            ask(host, "one", f"host.fetch.to_asset({server.url('/cover')!r}, max_bytes=1000)")
        )
        for body in (b"<html>", b""):
            server.answers["/none"] = Said(body=body, headers={"Content-Type": "image/jpeg"})
            said = str(ask(host, "one", f"host.fetch.to_asset({server.url('/none')!r}, retries=0)"))
            assert "cannot be stored" in said, "the server's fault, not the plugin's"
        host.register(plugin := InProcess())
        assert plugin.host.fetch.get(server.url("/a")).ok

        # Fetches that hang hold up neither another service nor the end of the process.
        server.answers["/slow"] = Said(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", dripping=True)
        server.asked.clear()
        slow = f"host.fetch.get({server.url('/slow')!r}, timeout_s=300, retries=0).status"
        threads = [threading.Thread(target=ask, args=(host, "one", slow), daemon=True) for _ in range(5)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(server.asked) == 5)
        assert ask(host, "one", "host.kv.get('none', 7)") == 7
        one.unload()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
