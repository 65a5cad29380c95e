"""``kv`` and ``cache``: one suite for both, what only one of them does, and the database behind ``kv``."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from viewra.bridge import cache, kv
from viewra.bridge.bridge import Bridge, forget, has_stored
from viewra.bridge.cache import CacheService
from viewra.bridge.kv import KeyValueService
from viewra.db.plugin_values import KeptValue, read_value
from viewra.errors import QuotaExceeded, UsageError

Store = KeyValueService | CacheService


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["kv", "cache"])
def store(request: pytest.FixtureRequest, clock: Clock, engine: sa.Engine) -> Store:
    return CacheService(clock) if request.param == "cache" else KeyValueService(engine, "one", clock)


def put(store: Store, key: str, data: bytes = b"x", ttl_s: float | None = None, if_version: int | None = None) -> int:
    return store.set(key, data, False, ttl_s, if_version) or 0


def read(store: Store, key: str) -> bytes | None:
    found = store.get(key)
    return found.data if found is not None else None


def test_stores_replaces_and_deletes(store: Store) -> None:
    assert read(store, "a") is None
    put(store, "a", b"1")
    put(store, "a", b"\x00\xff")
    assert read(store, "a") == b"\x00\xff"
    assert store.delete("a", None)
    assert not store.delete("a", None)
    assert read(store, "a") is None


def test_lists_by_prefix_in_the_order_of_bytes(store: Store) -> None:
    for key in ("b", "a/\U0010ffff", "a/1", "a/é", "a0", "a/2"):
        put(store, key)
    assert store.list("a/", "", 10) == ["a/1", "a/2", "a/é", "a/\U0010ffff"]
    assert store.list("a/", "", 2) == ["a/1", "a/2"]
    assert store.list("a/", "a/2", 10) == ["a/é", "a/\U0010ffff"]
    assert store.list("a/", "b", 10) == []
    assert len(store.list("", "", 10)) == 6


def test_compares_and_sets(store: Store) -> None:
    first = put(store, "a", b"1", if_version=0)
    assert first
    assert not put(store, "a", b"2", if_version=0), "it is there already"
    second = put(store, "a", b"2", if_version=first)
    assert second not in (0, first)
    assert not put(store, "a", b"3", if_version=first)
    assert not store.delete("a", first)
    assert read(store, "a") == b"2"
    assert store.delete("a", second)
    assert not put(store, "a", b"4", if_version=second), "a deleted key has no old version"


def test_expires(store: Store, clock: Clock) -> None:
    version = put(store, "a", ttl_s=5)
    put(store, "b")
    clock.now += 4.9
    assert read(store, "a") == b"x"
    clock.now += 0.1
    assert read(store, "a") is None
    assert store.list("", "", 10) == ["b"]
    assert not store.delete("a", None)
    assert not put(store, "a", if_version=version)
    assert put(store, "a", if_version=0)


def test_a_value_may_have_one_mebibyte(store: Store) -> None:
    put(store, "a", bytes(1024 * 1024))
    with pytest.raises(UsageError, match="1,048,577 bytes"):
        put(store, "a", bytes(1024 * 1024 + 1))


def test_kv_is_kept_and_belongs_to_one_plugin(engine: sa.Engine) -> None:
    put(KeyValueService(engine, "one"), "a")
    assert read(KeyValueService(engine, "one"), "a") == b"x"
    assert read(KeyValueService(engine, "two"), "a") is None
    assert KeyValueService(engine, "two").list("", "", 10) == []
    forget(engine, "two")
    assert has_stored(engine, "one")
    forget(engine, "one")
    assert not has_stored(engine, "one")
    assert read(KeyValueService(engine, "one"), "a") is None


def test_kv_refuses_more_than_its_quota(engine: sa.Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kv, "MAX_BYTES", 100)
    store = KeyValueService(engine, "one", clock)
    put(store, "a", bytes(59), ttl_s=5)
    put(store, "b", bytes(39))
    with pytest.raises(QuotaExceeded, match="100 of 100 bytes"):
        put(store, "c")
    put(store, "b", bytes(39)), put(store, "b", bytes(38))
    with pytest.raises(QuotaExceeded):
        put(store, "c")
    clock.now += 5
    put(store, "c", bytes(59))
    monkeypatch.setattr(kv, "MAX_KEYS", 2)
    other = KeyValueService(engine, "two", clock)
    put(other, "a"), put(other, "b"), put(other, "b")
    with pytest.raises(QuotaExceeded, match="2 of 2 keys"):
        put(other, "c")
    other.delete("a", None)
    put(other, "c")


def test_cache_drops_what_was_not_used_for_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 3 * (200 + 101))
    store = CacheService()
    for key in ("a", "b", "c"):
        put(store, key, bytes(100))
    read(store, "a")
    put(store, "d", bytes(100))
    assert store.list("", "", 10) == ["a", "c", "d"]
    put(store, "a", bytes(150))
    assert store.list("", "", 10) == ["a", "d"]


def test_a_value_that_changes_while_it_is_read_is_not_remembered(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = KeyValueService(engine, "one")
    put(store, "a", b"old")
    fresh = KeyValueService(engine, "one")
    reads: Callable[..., KeptValue | None] = read_value

    def read_then_change(*arguments: object) -> KeptValue | None:
        found = reads(*arguments)
        monkeypatch.setattr(kv, "read_value", reads)
        put(fresh, "a", b"new")
        return found

    put(fresh, "room")
    monkeypatch.setattr(kv, "read_value", read_then_change)
    assert read(fresh, "a") == b"old"
    assert read(fresh, "a") == b"new"


def test_each_plugin_has_services_of_its_own(engine: sa.Engine) -> None:
    bridge = Bridge(engine)
    assert bridge.of("one") is bridge.of("one")
    assert bridge.of("one") is not bridge.of("two")
    before = bridge.of("one")
    bridge.discard("one")
    assert bridge.of("one") is not before


def test_hosts_on_one_postgresql_see_each_others_changes(engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("a SQLite database has one host")
    here, there = KeyValueService(engine, "one"), KeyValueService(engine, "one")
    for value in (b"1", b"2"):
        put(there, "a", value)
        assert read(here, "a") == value
    there.delete("a", None)
    assert read(here, "a") is None
