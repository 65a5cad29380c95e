"""What each host service does for a plugin, asked through ``self.host``: the same wherever the plugin runs.

``SUITE`` has a function for each service. It is called in this process, over loopback, over single calls, and, from a
copy of this file in a plugin's folder, in a sandboxed process; so it imports nothing that a plugin does not have. Each
needs a host on which it was not called before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from viewra.errors import PermissionDenied, QuotaExceeded, UsageError
from viewra.types import NewTask, Recording, StoredValue, TaskState

if TYPE_CHECKING:
    from viewra.sdk.host import HostServices
    from viewra.sdk.host.kv import KeyValues

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64)
GRANTED = ("library:read", "library:write", "network:fetch")
TITLE = "Sarabande"
BODY = b"from the network"


class Given(NamedTuple):
    """``file_id`` is a file of the library with the title ``TITLE``; at ``url`` is ``BODY``."""

    file_id: int
    url: str


def kv(host: HostServices, given: Given) -> None:
    """Values come back as they were, and are compared and set."""
    del given
    _values(host.kv)


def cache(host: HostServices, given: Given) -> None:
    """As ``kv``."""
    del given
    _values(host.cache)


def fetch(host: HostServices, given: Given) -> None:
    """A body comes into memory, or to an asset."""
    found = host.fetch.get(given.url)
    assert (found.status, found.body) == (200, BODY)
    stored = host.fetch.to_asset(given.url)
    assert b"".join(host.assets.read(stored.asset_id)) == BODY
    _raises(QuotaExceeded, lambda: host.fetch.get(given.url, max_bytes=3))


def library(host: HostServices, given: Given) -> None:
    """Files are listed, and matched with recordings."""
    page = host.library.files(limit=1)
    assert [one.id for one in page.items] == [given.file_id]
    assert page.next is None
    assert [*host.library.pages(f"title:{TITLE}")] == [page.items]
    assert host.library.with_ids([given.file_id], f"title:{TITLE}") == [*page.items]
    assert host.library.stats().files == 1
    ((match,),) = host.library.match([Recording(title=TITLE)])
    assert match.media_file_id == given.file_id
    assert match.score >= 0.6


def assets(host: HostServices, given: Given) -> None:
    """A picture is stored once, linked with a file, and read."""
    stored = host.assets.put(JPEG)
    assert host.assets.put(JPEG) == stored
    assert stored.media_type == "image/jpeg"
    said = {"approved": "ja, \u00fcberall", "type": "Front"}
    host.assets.link(stored.id, "cover", media_file_id=given.file_id, source_url="https://a.example/", metadata=said)
    (link,) = host.assets.links(media_file_id=given.file_id)
    assert (link.asset, link.kind, link.source_url, link.metadata) == (stored, "front", "https://a.example/", said)
    assert b"".join(host.assets.read(stored.id)) == JPEG
    assert host.assets.delete(stored.id)
    assert host.assets.links(media_file_id=given.file_id) == ()


def tasks(host: HostServices, given: Given) -> None:
    """A task with a key is there once, and is cancelled by it."""
    del given
    later = 3600.0
    assert host.tasks.enqueue("count", {"n": 1}, key="once", delay_s=later)
    assert host.tasks.enqueue("count", {"n": 2}, key="once", delay_s=later) is None
    assert host.tasks.enqueue_many([NewTask("a", delay_s=later), NewTask("b", priority=3, delay_s=later)]) == 2
    first, _, last = host.tasks.list()
    assert (first.data, first.key, last.priority) == ({"n": 1}, "once", 3)
    assert host.tasks.count() == {TaskState.DELAYED: 3}
    assert host.tasks.cancel(key="once")
    assert not host.tasks.cancel(first.id)
    _raises(UsageError, lambda: host.tasks.enqueue("count", delay_s=float("nan")))


def schedule(host: HostServices, given: Given) -> None:
    """A schedule is set, replaced and removed."""
    del given
    host.schedule.set("sweep", "every 6h", {"deep": True})
    host.schedule.set("sweep", "30 3 * * mon")
    assert [(one.name, one.schedule) for one in host.schedule.list()] == [("sweep", "30 3 * * mon")]
    assert host.schedule.remove("sweep")
    assert not host.schedule.remove("sweep")
    _raises(UsageError, lambda: host.schedule.set("sweep", "now and then"))


def metadata(host: HostServices, given: Given) -> None:
    """What a plugin found is put; what metadata cannot have is refused."""
    host.metadata.put(given.file_id, {"mood": "calm", "genre": ["Baroque", "Suite"]})
    _raises(UsageError, lambda: host.metadata.put(given.file_id, {"mood": ""}))


def events(host: HostServices, given: Given) -> None:
    """A plugin publishes under its own name, and under no other."""
    del given
    host.events.publish("under_test.found", {"n": 1})
    _raises(PermissionDenied, lambda: host.events.publish("another.found"))
    _raises(PermissionDenied, lambda: host.events.publish("library.changed"))


def progress(host: HostServices, given: Given) -> None:
    """What lasts is reported until it has ended."""
    del given
    host.progress.report("covers", 1, 2, text="at it")
    host.progress.end("covers")
    _raises(UsageError, lambda: host.progress.report("covers", -1))


def notify(host: HostServices, given: Given) -> None:
    """A message is sent, and withdrawn by its key."""
    del given
    host.notify("the disk is nearly full", level="warning", key="disk")
    host.notify.withdraw("disk")
    _raises(UsageError, lambda: host.notify("x", level="fatal"))


SUITE: dict[str, Callable[[HostServices, Given], None]] = {
    one.__name__: one
    for one in (kv, cache, fetch, library, assets, tasks, schedule, metadata, events, progress, notify)
}


def _values(store: KeyValues) -> None:
    for value in (b"\x00\xff", b"", "\u00e9", 1.5, True, {"a": [None, "b"]}):
        version = store.set("key", value)
        assert version
        assert store.entry("key") == StoredValue(value, version)
    assert store.get("none", 7) == 7
    store.set("null", None, ttl_s=3600)
    assert store.get("null", 7) is None
    assert store.list() == ("key", "null")
    assert store.list("n") == ("null",)
    assert store.set("key", 1, if_version=3) is None
    assert store.delete("key")
    assert store.set("key", 1, if_version=0)
    _raises(UsageError, lambda: store.get("k" * 513))


def _raises(kind: type[Exception], does: Callable[[], object]) -> None:
    try:
        does()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__} was raised")
