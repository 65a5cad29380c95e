"""A plugin that fetches from a server of this machine, as it would from one of the internet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from tests.unit.bridge.fetch.serving import Server, serving
from viewra.bridge import Fetcher, Fetching, Rights
from viewra.bridge.door import DirectAsking, Door
from viewra.bridge.fetcher import PluginFetch
from viewra.codec.host import fetch as codec
from viewra.sdk.host.fetch import Fetch


@attrs.define
class Rig:
    """A host's HTTP, its plugins, and what they may do."""

    server: Server
    fetcher: Fetcher
    names: dict[str, list[str]]
    hosts: list[str]
    secrets: dict[str, str] = attrs.field(factory=dict)
    limits: dict[str, float] = attrs.field(factory=lambda: {"requests_per_s": 1000.0})
    plugins: dict[str, PluginFetch] = attrs.field(factory=dict)

    def plugin(self, plugin_id: str = "one", rights: Rights | None = None) -> Fetch:
        """``self.host.fetch`` of a plugin."""
        made = self.plugins.get(plugin_id) or self.fetcher.of(plugin_id)
        self.plugins[plugin_id] = made
        door = Door(plugin_id, {one.name: (one, getattr(made, one.action)) for one in codec.ALL})
        return Fetch(DirectAsking(door, rights or self.rights()))

    def rights(self) -> Rights:
        """What the plugins may do."""
        return Rights(lambda _: True, lambda: tuple(self.hosts), lambda: self.secrets, self.limits)


@pytest.fixture(scope="session")
def one_server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(one_server: Server) -> Server:
    one_server.asked.clear()
    one_server.answers.clear()
    return one_server


@pytest.fixture
def make(server: Server, tmp_path: Path) -> Iterator[Callable[[Fetching], Rig]]:
    rigs: list[Rig] = []

    def made(options: Fetching) -> Rig:
        names: dict[str, list[str]] = {}

        def resolve(host: str, _port: int) -> list[str]:
            found = names.get(host)
            if found is None:
                raise OSError("the name is not known")
            return found

        fetcher = Fetcher(options, tmp_path / "fetched", resolve=resolve)
        rig = Rig(server, fetcher, names, [f"127.0.0.1:{server.port}"])
        rigs.append(rig)
        return rig

    yield made
    for rig in rigs:
        for plugin in rig.plugins.values():
            plugin.close()
        rig.fetcher.close()


@pytest.fixture
def rig(make: Callable[[Fetching], Rig]) -> Rig:
    return make(Fetching(contact="ops@example.org", proxy="off"))


@pytest.fixture
def public(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """This machine counts as one of the internet, so that plugins share a cache."""
    monkeypatch.setattr("viewra.bridge.fetch.network.is_inside", lambda _address: False)
    rig.names["a.example.org"] = ["127.0.0.1"]
    rig.hosts[:] = [f"a.example.org:{rig.server.port}"]
    return rig
