"""What many threads of a plugin, and two hosts of one database, do to its values, tasks and assets at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from viewra.assets import AssetStore
from viewra.bridge import Bridge, Rights, kv
from viewra.errors import NotFound, QuotaExceeded
from viewra.sdk.host import HostServices
from viewra.types import Asset

T = TypeVar("T")

THREADS = 16


def at_once(do: Callable[[int], T], threads: int = THREADS) -> list[T | QuotaExceeded]:
    """What ``do`` returns for each number, called at the same time; an exceeded quota is a result, too."""
    begin = threading.Barrier(threads)
    results: list[T | QuotaExceeded] = []

    def run(number: int) -> None:
        begin.wait(60)
        try:
            results.append(do(number))
        except QuotaExceeded as error:
            results.append(error)

    started = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join(60)
    assert len(results) == threads
    return results


@pytest.fixture
def hosts(engine: sa.Engine, tmp_path: Path) -> list[HostServices]:
    """The services of one plugin: of one host in SQLite, of two that share PostgreSQL."""
    count = 1 if engine.dialect.name == "sqlite" else 2
    bridges = [Bridge(engine, store=AssetStore(engine, tmp_path / f"assets{number}")) for number in range(count)]
    return [HostServices(bridge.of("one").asking(Rights(bool))) for bridge in bridges]


def test_values_that_are_compared_and_set_lose_no_change(hosts: list[HostServices]) -> None:
    def add_three(number: int) -> None:
        store = hosts[number % len(hosts)].kv
        added = 0
        while added < 3:
            found = store.entry("count")
            if found is None:
                added += store.set("count", 1, if_version=0) is not None
            else:
                assert isinstance(found.value, int)
                added += store.set("count", found.value + 1, if_version=found.version) is not None

    at_once(add_three)
    assert hosts[0].kv.get("count") == 3 * THREADS


def test_values_beyond_the_quota_are_refused_whoever_comes_first(
    hosts: list[HostServices], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kv, "MAX_BYTES", 5 * 1010)
    results = at_once(lambda number: hosts[0].kv.set(f"{number:010}", bytes(1000)))
    assert sum(isinstance(one, int) for one in results) == 5
    assert len(hosts[0].kv.list()) == 5


def test_a_key_is_enqueued_once(hosts: list[HostServices]) -> None:
    results = at_once(lambda number: hosts[number % len(hosts)].tasks.enqueue("a", number, key="once", delay_s=60))
    assert len([one for one in results if one is not None]) == 1
    assert len(hosts[0].tasks.list()) == 1


def test_equal_files_are_one_asset_and_different_ones_have_one_quota(engine: sa.Engine, tmp_path: Path) -> None:
    store = AssetStore(engine, tmp_path / "assets", quota_bytes=3500)
    same = at_once(lambda _number: store.put("one", b"same" * 250))
    assert len({one.id for one in same if isinstance(one, Asset)}) == 1
    assert store.delete("one", same[0].id)  # type: ignore[union-attr]
    arrived = threading.Barrier(8)

    def put(number: int) -> Asset:
        with store.incoming("one") as incoming:
            incoming.add(bytes([number]) * 1000)
            arrived.wait(60)  # each had room when it began
            return incoming.finish(None, kept=True)

    results = at_once(put, 8)
    assert sum(isinstance(one, Asset) for one in results) == 3
    assert sum(one.size for one in store.page(plugin_id="one")) == 3000


def test_an_asset_that_is_deleted_while_it_is_read(hosts: list[HostServices]) -> None:
    assets = hosts[0].assets
    stored = assets.put(bytes(3 << 20))
    parts = assets.read(stored.id)
    assert next(parts)
    assert assets.delete(stored.id)
    with pytest.raises(NotFound):
        next(parts)
