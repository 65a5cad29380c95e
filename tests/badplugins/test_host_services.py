"""Sandboxed plugins that abuse the stream to their host: it stays free for others, and their process can be ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from tests.integration.test_host_services import ask, write
from viewra.bridge.attachment import Attachment
from viewra.host import Host

pytestmark = pytest.mark.process

HOSTILE = """\
from viewra import sdk
from viewra.codec.host.attach import HostRequest
from viewra.sdk.host import uplink

class Hostile(sdk.Plugin):
    def search(self, query, limit, offset):
        if query["do"] == "hear nothing":
            uplink._Stream.receive = lambda stream, answers: None
        asking = self.host._asking
        stream = asking._attached(1e12)
        size = int(query["size"])
        stream._outgoing.put(HostRequest(1, "cache.set", b'{"key":"a","json":false}', bytes(size), 0.0))
        for number in range(int(query["requests"])):
            stream._outgoing.put(HostRequest(number + 2, "cache.get", b'{"key":"a"}', b"", 0.0))
        return sdk.SearchResponse((), 0)

    def get_search_capabilities(self):
        return sdk.SearchCapabilities(fields=("do", "size", "requests"))

sdk.serve(Hostile())
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    for plugin_id in ("hostile", "quiet"):
        write(tmp_path / "plugins", plugin_id)
    (tmp_path / "plugins" / "hostile" / "main.py").write_text(HOSTILE)
    with Host(data_dir=tmp_path / "data", plugin_dirs=[tmp_path / "plugins"], watch=False) as host:
        for plugin_id in ("hostile", "quiet"):
            host.plugins[plugin_id].enable()
        assert ask(host, "quiet", "host.kv.set('mine', 1)")
        yield host


def abuse(host: Host, do: str, size: int, requests: int) -> None:
    search = host.plugins["hostile"].search
    assert search is not None
    search.search({"do": do, "size": str(size), "requests": str(requests)}, 1, 0)


def test_a_flood_of_requests(host: Host) -> None:
    before = psutil.Process().memory_info().rss
    abuse(host, "flood", 1, 30_000)
    hostile = host.plugins["hostile"]
    eventually(lambda: hostile.stats.host_calls.get("cache.get") is not None)
    assert ask(host, "quiet", "host.kv.get('mine')") == 1, "within the deadline of a call"
    hostile.unload()
    assert hostile.stats.host_calls["cache.get"].calls < 30_000, "they were slowed down"
    assert psutil.Process().memory_info().rss - before < 50 << 20
    assert ask(host, "quiet", "host.kv.get('hostile', 'nothing')") == "nothing"


def test_one_that_never_reads_its_answers(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Attachment.__init__.__kwdefaults__, "send_s", 0.5)  # type: ignore[arg-type]
    abuse(host, "hear nothing", 500_000, 500)

    def attached() -> bool:
        return any(thread.name.startswith("bridge-hostile") for thread in threading.enumerate())

    hostile = host.plugins["hostile"]
    eventually(lambda: hostile.stats.host_calls.get("cache.get") is not None)  # the host has begun to answer
    eventually(lambda: not attached())
    assert ask(host, "quiet", "host.kv.get('mine')") == 1
    assert hostile.stats.host_calls["cache.get"].calls < 500
