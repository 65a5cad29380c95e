"""Assets are stored once, by what they are, as long as something refers to them, through kills and full disks."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.unit.assets.conftest import JPEG, PNG, Clock, add_file
from viewra.assets import AssetStore, fsck
from viewra.assets.content import media_type_of
from viewra.assets.store import GRACE_S
from viewra.db.tables import media_files
from viewra.db.transactions import writing
from viewra.errors import NotFound, QuotaExceeded, UsageError, ViewraError


def files_of(store: AssetStore) -> set[str]:
    return {digest for digest, _status in store.files.all()}


def test_equal_content_is_stored_once(store: AssetStore) -> None:
    first = store.put("a", JPEG, media_type="image/jpeg")
    second = store.put_stream("b", (JPEG[:7], JPEG[7:]))
    assert first == second == store.get(first.id)
    assert first.id == hashlib.sha256(JPEG).hexdigest()
    assert (first.media_type, first.size) == ("image/jpeg", len(JPEG))
    assert files_of(store) == {first.id}
    assert not [*(store.files.directory / "new").iterdir()]
    assert store.known("a", first.id) == first
    assert store.known("c", first.id) is None, "knowing a hash does not give what it is of"
    with io.BufferedReader(store.files.open(first.id)) as file:
        assert file.read() == JPEG


@pytest.mark.parametrize(
    ("head", "claimed", "found"),
    [
        (JPEG, None, "image/jpeg"),
        (JPEG, "image/png", "image/jpeg"),
        (b"\0\0\0\x1cftypavif" + bytes(20), "image/avif", "image/avif"),
        (b"[00:01.00] la", "text/x-lrc; charset=utf-8", "text/x-lrc"),
        (b"[00:01.00] la", None, "application/octet-stream"),
        (b"\x01\x02", "application/x-thing", "application/x-thing"),
        (JPEG, "text/html", "it is said to be text/html, but its content is image/jpeg"),
        (b"<svg/>", "image/png", "it is said to be image/png, but its content is no picture of a known format"),
        (b"a\0b", "text/plain", "it is said to be text/plain, but its content is no text"),
        (b"x", "no type", "'no type' is no media type"),
    ],
)
def test_the_content_says_what_it_is(head: bytes, claimed: str | None, found: str) -> None:
    if "/" in found and " " not in found:
        assert media_type_of(head, claimed) == found
        return
    with pytest.raises(UsageError, match=found):
        media_type_of(head, claimed)


def test_what_is_refused(store: AssetStore, engine: sa.Engine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        store.put("a", b"")
    with pytest.raises(UsageError, match="more than 10 bytes"):
        store.put_stream("a", iter([JPEG, JPEG]), limit=10)
    small = AssetStore(engine, tmp_path / "assets", quota_bytes=100)
    small.put("a", JPEG)
    with pytest.raises(QuotaExceeded, match="assets of plugin a have 75 bytes of 100"):
        small.put("a", PNG)
    small.put("b", PNG)
    with pytest.raises(QuotaExceeded, match="1 assets, which is the limit"):
        AssetStore(engine, tmp_path / "assets", quota_assets=1).put("a", PNG)
    for wrong in ("../../etc/passwd", "0" * 64, "é", ""):
        with pytest.raises(NotFound):
            store.get(wrong)
    assert not [*(store.files.directory / "new").iterdir()]


def test_it_stays_as_long_as_something_refers_to_it(store: AssetStore, engine: sa.Engine, clock: Clock) -> None:
    file_id = add_file(engine)
    linked, kept, loose = store.put("a", JPEG), store.put("a", PNG, kept=True), store.put("a", b"loose")
    store.link("a", linked.id, "cover", {"media_file_id": file_id})
    store.link("a", linked.id, "front", {"media_file_id": file_id})
    assert [(one.asset, one.kind) for one in store.links({"media_file_id": file_id})] == [(linked, "front")]
    assert store.sweep() == 0
    clock.now += GRACE_S + 1
    assert store.sweep() == 1
    assert files_of(store) == {linked.id, kept.id}
    with pytest.raises(NotFound):
        store.get(loose.id)
    with writing(engine) as connection:
        connection.execute(sa.delete(media_files))
    assert store.delete("a", kept.id)
    assert not store.delete("a", kept.id)
    assert store.sweep() == 2
    assert files_of(store) == set()


def test_links_are_a_plugins_own_and_to_what_is_there(store: AssetStore, engine: sa.Engine) -> None:
    file_id = add_file(engine)
    asset = store.put("a", JPEG)
    with pytest.raises(NotFound, match="there is no asset"):
        store.link("b", asset.id, "front", {"media_file_id": file_id})
    with pytest.raises(NotFound, match="there is no album with the id 7"):
        store.link("a", asset.id, "front", {"album_id": 7})
    with pytest.raises(UsageError, match="is no kind"):
        store.link("a", asset.id, "front/..", {"media_file_id": file_id})
    store.link("a", asset.id, "front", {"media_file_id": file_id})
    assert not store.unlink("b", asset.id, None, {"media_file_id": file_id})
    assert store.unlink("a", asset.id, "cover", {"media_file_id": file_id})
    assert store.links({"media_file_id": file_id}) == []


class Killed(BaseException):
    """The process ends here."""


def kills() -> Iterator[tuple[str, Callable[[pytest.MonkeyPatch], None]]]:
    def at(where: str, name: str) -> Callable[[pytest.MonkeyPatch], None]:
        def patch(monkeypatch: pytest.MonkeyPatch) -> None:
            def die(*_arguments: object, **_more: object) -> None:
                raise Killed

            monkeypatch.setattr(f"{where}.{name}", die)

        return patch

    yield "before the rename", at("viewra.assets.files.AssetFiles", "place")
    yield "after the rename", at("viewra.assets.rows", "insert")
    yield "before the row's commit", at("viewra.assets.rows", "use")


@pytest.mark.parametrize("kill", [one for _, one in kills()], ids=[name for name, _ in kills()])
def test_a_kill_leaves_nothing_that_is_not_swept(
    store: AssetStore, monkeypatch: pytest.MonkeyPatch, kill: Callable[[pytest.MonkeyPatch], None]
) -> None:
    with monkeypatch.context() as patched:
        kill(patched)
        with pytest.raises(Killed):
            store.put("a", JPEG)
    for digest in files_of(store):
        os.utime(store.files.path(digest), (0, 0))
    assert all(one.harmless for one in fsck.verify(store))
    fsck.verify(store, repair=True)
    assert files_of(store) == set()
    asset = store.put("a", JPEG)
    assert files_of(store) == {asset.id}
    assert fsck.verify(store) == []


def test_a_full_disk(store: AssetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(ViewraError, match="No space left on device"):
            store.put("a", JPEG)
    assert store.put("a", JPEG).size == len(JPEG)
    assert not [*(store.files.directory / "new").iterdir()]


def test_fsck_finds_what_is_damaged_or_gone(store: AssetStore, engine: sa.Engine) -> None:
    damaged, gone = store.put("a", JPEG), store.put("a", PNG)
    store.files.path(damaged.id).write_bytes(JPEG + b"!")
    store.files.remove(gone.id)
    (found,) = fsck.verify(store)
    assert (found.check, found.count, found.repaired, found.harmless) == ("assets", 2, False, False)
    (found,) = fsck.verify(store, repair=True)
    assert found.repaired
    assert fsck.verify(store) == []
    assert store.put("a", PNG).id == gone.id, "it can be stored again"


def test_two_folders_share_a_database(engine: sa.Engine, tmp_path: Path) -> None:
    one, other = AssetStore(engine, tmp_path / "one"), AssetStore(engine, tmp_path / "other")
    asset = one.put("a", JPEG)
    assert other.known("a", asset.id) is None
    assert other.put("a", JPEG).number != asset.number
    assert files_of(other) == {asset.id}
