"""``self.host`` as authors use it: in this process and over the stream, with the fake and with a host's services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

from viewra.assets import AssetStore
from viewra.bridge import Bridge, Rights
from viewra.errors import HostError, NotFound, PermissionDenied, QuotaExceeded, UsageError
from viewra.library import add_library
from viewra.sdk import Plugin
from viewra.sdk.host import HostServices
from viewra.testing import FakeHostServices, FakeLibrary, in_process, loopback
from viewra.types import FileEntry, MediaFile, MetadataValue, StoredValue

Run = Callable[..., AbstractContextManager[Any]]


class Real(FakeHostServices):
    """The services of a host, over its database."""

    def __init__(self, bridge: Bridge) -> None:
        self.granted = None
        self.rights = Rights(self.allows)
        self.hosted = bridge.of("under_test")
        HostServices.__init__(self, self.hosted.asking(self.rights))


@pytest.fixture(params=[in_process, loopback])
def run(request: pytest.FixtureRequest) -> Run:
    chosen: Run = request.param
    return chosen


@pytest.fixture(params=["fake", "real"])
def services(request: pytest.FixtureRequest, engine: sa.Engine, tmp_path: Path) -> FakeHostServices:
    return (
        FakeHostServices()
        if request.param == "fake"
        else Real(Bridge(engine, store=AssetStore(engine, tmp_path / "assets")))
    )


@pytest.fixture
def host(run: Run, services: FakeHostServices) -> Iterator[HostServices]:
    plugin = Plugin()
    with run(plugin, host=services):
        yield plugin.host


@pytest.mark.parametrize("name", ["kv", "cache"])
def test_values_come_back_as_they_were(host: HostServices, name: str) -> None:
    store = getattr(host, name)
    for value in (b"\x00\xff", b"", "é", 1.5, True, {"a": [None, "b"]}):
        version = store.set("key", value)
        assert store.entry("key") == StoredValue(value, version)
    assert store.get("none", 7) == 7
    store.set("null", None)
    assert store.get("null", 7) is None
    assert store.list() == ("key", "null")
    assert store.delete("key")
    assert store.set("key", 1, if_version=3) is None


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda host: host.kv.get(""), "key: is required"),
        (lambda host: host.kv.get("k" * 513), "more than 512 bytes"),
        (lambda host: host.kv.get(7), "key: must be text"),
        (lambda host: host.kv.set("k", {1, 2}), "a value of type set cannot be stored"),
        (lambda host: host.kv.set("k", 1, ttl_s=-1), "ttl_s: must be a number"),
        (lambda host: host.kv.set("k", "x", if_version=2**60), "if_version: must be a whole number"),
        (lambda host: host.kv.set("k", float("nan")), "cannot be stored"),
        (lambda host: host.kv.set("k", "\ud800"), "cannot be stored"),
        (lambda host: host.kv.list(limit=5000), "limit: must be a whole number from 1 to 1000"),
        (lambda host: host.notify(""), "text: is required"),
        (lambda host: host.notify("x", level="fatal"), "level: must be one of info, warning, error"),
        (lambda host: host.notify("x", key="k" * 201), "key: has more than 200 bytes"),
        (lambda host: host.notify(cast("str", 5)), "text: must be text"),
        (lambda host: host.progress.report("x", -1), "done: must be a number"),
        (lambda host: host.library.artists(role="singer"), "role: must be one of"),
    ],
)
def test_wrong_arguments_are_named(ask: Callable[[HostServices], object], says: str) -> None:
    host = FakeHostServices()
    with pytest.raises(UsageError, match=says):
        ask(host)
    assert host.kv.get("k") is None


def test_progress_and_notices(host: HostServices, services: FakeHostServices) -> None:
    for number in range(17):
        host.progress.report(f"task {number:02}", number, 20, text="at it")
    host.progress.end("task 16")
    assert [task.name for task in services.hosted.progress] == [f"task {number:02}" for number in range(1, 16)]
    assert services.hosted.progress[0].total == 20
    host.notify("first")
    host.notify("low", level="warning", key="disk")
    host.notify("lower", level="error", key="disk")
    assert [(one.level, one.text) for one in services.hosted.notices] == [("error", "lower"), ("info", "first")]
    host.notify("a\0b", key="k\0")
    assert services.hosted.notices[0].text == "a\ufffdb"
    host.notify.withdraw("k\0")
    host.notify.withdraw("disk")
    assert [one.text for one in services.hosted.notices] == ["first"]


def test_any_title_or_name_of_a_file_can_be_shown(host: HostServices, services: FakeHostServices) -> None:
    """What a plugin works on must not end its work."""
    host.progress.report("reading", 1, text="x" * 5000)
    host.notify("caf\udce9.mp3 " + "é" * 5000)
    (shown,), (notice,) = services.hosted.progress, services.hosted.notices
    assert shown.text.startswith("xxx")
    assert shown.text.endswith(" [cut: 5,000 bytes in all]")
    assert notice.text.startswith("caf\\udce9.mp3 é")
    assert max(len(one.text.encode()) for one in (shown, notice)) <= 2000


def test_the_last_hundred_notices_are_kept(engine: sa.Engine) -> None:
    bridge = Bridge(engine)
    host, other = (
        HostServices(bridge.of("one").asking(Rights(bool))),
        HostServices(bridge.of("two").asking(Rights(bool))),
    )
    other.notify("of another plugin")
    for number in range(103):
        host.notify(str(number))
    assert [one.text for one in bridge.of("one").notices] == [str(number) for number in range(102, 2, -1)]
    assert len(bridge.of("two").notices) == 1


def test_library_of_a_host(run: Run, engine: sa.Engine, tmp_path: Path) -> None:
    add_library(engine, str(tmp_path))
    plugin = Plugin()
    with run(plugin, host=Real(Bridge(engine))):
        library = plugin.host.library
        assert [one.path for one in library.libraries()] == [str(tmp_path)]
        assert library.stats().files == 0
        for listing in (library.files, library.albums, library.artists, library.genres, library.series):
            assert listing().items == ()
        assert library.playlists().items == library.missing().items == ()
        assert "title" in library.fields()
        for absent in (7, "/etc/passwd", str(tmp_path), "/a\0b", "/\ud800"):
            with pytest.raises(NotFound) as refused:
                library.file(absent)
            assert not refused.value.hint or isinstance(absent, int), "it is not told what else is on the disk"
        assert library.metadata([7], ["title"]) == {}
        with pytest.raises(UsageError):
            library.files(after="no cursor")


def test_library_values(run: Run) -> None:
    entry = FileEntry(1, 1, "/m/\udcff.flac", "audio/flac", 5, 6, "audio", "Title", year=1999)
    said = MetadataValue(("a", "b"), "tags", "priority", (("names", "a"), ("other", ("x", "y"))))
    file = MediaFile(1, 1, "/m/\udcff.flac", "audio/flac", 5, 6, {"artist": said}, ("/m/b",))
    plugin = Plugin()
    fake = FakeLibrary(file_entries=[entry] * 3, media_files=[file])
    with run(plugin, host=FakeHostServices(fake)):
        page = plugin.host.library.files("artist:b", limit=2)
        assert page.items == (entry, entry)
        assert plugin.host.library.files(after=page.next).items == (entry,)
        assert plugin.host.library.file("/m/\udcff.flac") == file
        assert fake.queries == ["artist:b", ""]
        assert plugin.host.library.metadata([1, 7], ["artist", "title"]) == {1: {"artist": ("a", "b")}}
        assert plugin.host.library.metadata([], ["title"]) == {}
        with pytest.raises(UsageError, match="1 to 100 names"):
            plugin.host.library.metadata([1], [])


def test_library_needs_its_permission(run: Run) -> None:
    plugin = Plugin()
    fake = FakeHostServices(granted=())
    with run(plugin, host=fake):
        with pytest.raises(PermissionDenied, match=r"library\.files needs the permission library:read") as denied:
            plugin.host.library.files()
        assert "viewra plugins grant under_test library:read" in str(denied.value.hint)
        plugin.host.kv.set("a", 1)
        fake.granted = {"library:read"}
        plugin.host.library.files()
    assert fake.hosted.figures["library.files"].errors == {"PermissionDenied": 1}
    assert fake.hosted.figures["library.files"].calls == 2


@pytest.mark.parametrize("error", [QuotaExceeded("full", hint="delete"), NotFound("gone"), HostError("broken")])
def test_errors_keep_their_kind(run: Run, error: HostError, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object) -> None:
        raise error

    fake = FakeLibrary()
    monkeypatch.setattr(fake, "stats", fails)
    plugin = Plugin()
    with run(plugin, host=FakeHostServices(fake)), pytest.raises(type(error)) as raised:
        plugin.host.library.stats()
    assert type(raised.value) is type(error)
    assert (raised.value.message, raised.value.hint) == (error.message, error.hint)


def test_a_bug_in_a_service_is_contained(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeLibrary()
    fake.stats = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    plugin = Plugin()
    with run(plugin, host=FakeHostServices(fake)):
        for _ in range(5):
            with pytest.raises(HostError, match="failed in the host: ZeroDivisionError"):
                plugin.host.library.stats()
        plugin.host.kv.set("a", 1)
    assert caplog.text.count("the host service library.stats failed") == 1, "a plugin cannot fill the log by it"


def test_an_object_that_no_host_runs_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match="FakeHostServices"):
        _ = Plugin().host
