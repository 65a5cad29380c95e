"""``self.host.assets``: in this process and over the stream, with the fake and with a host's store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from viewra.assets import AssetStore
from viewra.bridge import Bridge, Rights, forget, has_stored
from viewra.bridge.assets import IDLE_S, MAX_UPLOADS, AssetsService
from viewra.codec.host.assets import CHUNK_BYTES
from viewra.errors import NotFound, PermissionDenied, QuotaExceeded, UsageError
from viewra.sdk import Plugin
from viewra.sdk.host import HostServices
from viewra.testing import FakeHostServices, in_process, loopback

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
LARGE = JPEG + bytes(2 * CHUNK_BYTES)


class Real(FakeHostServices):
    """The services of a host, over its database."""

    def __init__(self, bridge: Bridge) -> None:
        self.granted = set()
        self.rights = Rights(self.allows)
        self.hosted = bridge.of("under_test")
        HostServices.__init__(self, self.hosted.asking(self.rights))


@pytest.fixture
def store(engine: sa.Engine, tmp_path: Path) -> AssetStore:
    return AssetStore(engine, tmp_path / "assets")


@pytest.fixture(params=["fake in process", "real over loopback"])
def host(request: pytest.FixtureRequest, store: AssetStore) -> Iterator[HostServices]:
    plugin = Plugin()
    if request.param == "fake in process":
        with in_process(plugin, host=FakeHostServices(granted=())):
            yield plugin.host
        return
    with loopback(plugin, host=Real(Bridge(store.engine, store=store))):
        yield plugin.host


def test_what_is_stored_comes_back(host: HostServices) -> None:
    small = host.assets.put(JPEG, media_type="image/png")
    assert (small.id, small.media_type, small.size) == (hashlib.sha256(JPEG).hexdigest(), "image/jpeg", len(JPEG))
    large = host.assets.put_stream(iter([LARGE[:100], LARGE[100:]]))
    assert host.assets.put(LARGE) == large
    assert b"".join(host.assets.read(large.id)) == LARGE
    assert host.assets.get(small.id) == small
    page = host.assets.list(limit=1)
    assert (page.items, host.assets.list(after=page.next).items) == ((small,), (large,))
    assert host.assets.delete(large.id)
    assert host.assets.get(large.id) is None
    assert host.assets.links(album_id=7) == ()


def test_what_is_refused(host: HostServices) -> None:
    with pytest.raises(UsageError, match="empty"):
        host.assets.put(b"")
    with pytest.raises(UsageError, match="is said to be text/html"):
        host.assets.put(JPEG, media_type="text/html")
    with pytest.raises(UsageError, match="no id of an asset"):
        host.assets.get("../x")
    with pytest.raises(UsageError, match="name one of media_file_id, album_id, artist_id"):
        host.assets.links()
    with pytest.raises(NotFound):
        next(host.assets.read("0" * 64))
    with pytest.raises(PermissionDenied, match="library:read"):
        host.assets.all_links(album_id=7)
    with pytest.raises(PermissionDenied, match="library:write"):
        host.assets.link(host.assets.put(JPEG).id, "front", album_id=1)


def test_a_file_that_is_given_up_leaves_nothing(host: HostServices, store: AssetStore) -> None:
    def broken() -> Iterator[bytes]:
        yield JPEG
        raise ConnectionResetError

    for _ in range(MAX_UPLOADS + 1):
        with pytest.raises(ConnectionResetError):
            host.assets.put_stream(broken())
    assert not [*store.files.directory.glob("new/*")]
    assert host.assets.put_stream([JPEG]).size == len(JPEG)


def test_an_upload_without_end_and_uploads_without_number(store: AssetStore) -> None:
    clock = [0.0]
    service = AssetsService(store, "under_test", lambda: clock[0])
    first, *others = [service.begin() for _ in range(MAX_UPLOADS)]
    with pytest.raises(QuotaExceeded, match="32 files are on their way"):
        service.begin()
    clock[0] = IDLE_S
    for number in others:
        service.add(number, JPEG)
    service.begin()
    with pytest.raises(NotFound, match="there is no upload 1"):
        service.add(first, JPEG)
    for _ in range(63):
        service.add(others[0], bytes(1024 * 1024))
    with pytest.raises(UsageError, match="more than 67,108,864 bytes"):
        service.add(others[0], bytes(1024 * 1024))
    assert len([*store.files.directory.glob("new/*")]) == MAX_UPLOADS - 1
    service.close()
    assert not [*store.files.directory.glob("new/*")]


def test_an_uninstalled_plugin_leaves_no_assets(store: AssetStore) -> None:
    host = Real(Bridge(store.engine, store=store))
    host.assets.put(JPEG, kept=True)
    other = store.put("other", JPEG, kept=True)
    assert has_stored(store.engine, "under_test")
    forget(store.engine, "under_test")
    assert not has_stored(store.engine, "under_test")
    assert store.sweep() == 0
    assert store.get(other.id) == other
