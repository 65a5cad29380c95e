"""An object that a program registered: its life, its deadlines, and the operations that it has no directory for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import attrs
import pytest

from viewra.bridge import HostedPlugin
from viewra.codec.limits import Limits
from viewra.errors import PluginError, UsageError
from viewra.host.database.databases import PluginDatabases
from viewra.host.running.in_process import CALL_S, LocalPlugin, deadline_s, plugin_id_of
from viewra.host.running.lifecycle import MIGRATION_S, STOP_S, TASK_S
from viewra.sdk import Plugin
from viewra.sdk_db import revision
from viewra.types import PluginContext, PluginInfo, SchemaState

from .test_adoption import RECORD


class AudioTags2Reader(Plugin):
    """One that notes what is asked of it."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.fails = False

    def initialize(self, ctx: PluginContext) -> None:
        self.did.append(f"initialize {ctx.plugin_id} {ctx.log_level}")

    def start(self) -> None:
        self.did.append("start")

    def stop(self) -> None:
        self.did.append("stop")
        if self.fails:
            raise RuntimeError("still busy")

    def search_service(self) -> Any:
        return SimpleNamespace(search=lambda *_: None)


class Hosted:
    """The host services of one plugin: counts its ends."""

    figures: Mapping[str, object] = MappingProxyType({})
    fetched_bytes = 7

    def __init__(self) -> None:
        self.stops = 0

    def stopped(self) -> None:
        self.stops += 1

    def asking(self, rights: Any) -> object:
        assert rights.allows("library:write")
        assert rights.anywhere
        return SimpleNamespace()


@pytest.fixture
def hosted() -> Hosted:
    return Hosted()


@pytest.fixture
def made(tmp_path: Path, hosted: Hosted) -> LocalPlugin:
    return registered(AudioTags2Reader(), tmp_path, PluginDatabases(tmp_path), hosted)


def test_its_id_is_what_it_says_or_made_of_its_classes_name() -> None:
    class Named(Plugin):
        def info(self) -> PluginInfo:
            return PluginInfo("my-id")

    assert plugin_id_of(AudioTags2Reader()) == "audio_tags2_reader"
    assert plugin_id_of(Named()) == "my-id"


def test_what_takes_long_has_longer_deadlines() -> None:
    methods = ("search", "migrate", "rollback", "stop", "execute_task")
    assert [deadline_s(method) for method in methods] == [CALL_S, MIGRATION_S, MIGRATION_S, STOP_S, TASK_S]


def test_it_starts_once_and_stops_once(made: LocalPlugin, hosted: Hosted, tmp_path: Path) -> None:
    did = cast(AudioTags2Reader, made.plugin).did
    made.unload()
    assert (made.state, did, hosted.stops) == ("ready", [], 0)
    with pytest.raises(RuntimeError, match="has no host to ask"):
        made.plugin.host  # type: ignore[attr-defined]  # noqa: B018 - not before it is loaded
    made.load()
    assert made.plugin.host is not None  # type: ignore[attr-defined]
    made.load()
    assert (made.state, did) == ("running", ["initialize audio_tags2_reader debug", "start"])
    assert (tmp_path / "plugins" / "audio_tags2_reader").stat().st_mode & 0o777 == 0o700
    made.close()
    made.close()
    assert (made.state, did[2:], hosted.stops) == ("stopped", ["stop"], 1)
    made.restart()
    assert (made.state, did[3:]) == ("running", ["initialize audio_tags2_reader debug", "start"])
    made.restart()
    assert (made.state, did[5:]) == ("running", ["stop", "initialize audio_tags2_reader debug", "start"])
    made.close()


def test_one_whose_stop_fails_is_stopped_all_the_same(made: LocalPlugin, hosted: Hosted) -> None:
    made.load()
    cast(AudioTags2Reader, made.plugin).fails = True
    with pytest.raises(PluginError, match="still busy"):
        made.unload()
    assert (made.state, hosted.stops) == ("stopped", 1)
    made.unload()


def test_it_tells_of_itself_what_it_offers(made: LocalPlugin, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made.info.id == "audio_tags2_reader"
    assert made.info.capabilities == ("search_service",)
    said = PluginInfo("other", capabilities=("songs",))
    monkeypatch.setattr(made.plugin, "info", lambda: said)
    assert made.info == attrs.evolve(said, id="audio_tags2_reader")
    assert (made.stats.state, made.stats.fetched_bytes, made.stats.pid) == ("ready", 7, None)


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        (lambda plugin: plugin.runtime, "run"),
        (lambda plugin: plugin.enable(), "enable"),
        (lambda plugin: plugin.disable(), "disable"),
        (lambda plugin: plugin.reload(), "reload"),
        (lambda plugin: plugin.unquarantine(), "let out of quarantine"),
        (lambda plugin: plugin.attach(RECORD), "attach to"),
    ],
)
def test_what_needs_a_directory_is_refused(
    made: LocalPlugin, operation: Callable[[LocalPlugin], object], what: str
) -> None:
    with pytest.raises(UsageError, match=f"is registered in this process: there is nothing to {what}") as refused:
        operation(made)
    assert refused.value.hint == "use host.unregister()"


def test_what_it_has_not_got_is_nothing(made: LocalPlugin) -> None:
    assert (made.capped, made.apply_settings({"key": "value"})) == ({}, False)
    assert (made.installation, made.pid, made.records, made.sandbox) == (None, None, (), None)
    with pytest.raises(UsageError, match="plugin audio_tags2_reader has no database of its own"):
        made.draft_migration("more tables")


class WithTables(AudioTags2Reader):
    """One with a database of its own, which it migrates before or after it is initialized."""

    def __init__(self, *, describes: bool) -> None:
        super().__init__()
        methods: dict[str, object] = {
            "engines": ("postgresql",),
            "get_models": lambda: (),
            "migrate": lambda url: self.did.append(f"migrate {url}"),
            "rollback": lambda _url: None,
        }
        if describes:
            methods["describe"] = lambda _url: SchemaState("", ())
        self.tables = SimpleNamespace(**methods)

    def database_service(self) -> Any:
        return self.tables


class Assigned:
    """Databases that are prepared for those who may have them."""

    def __init__(self) -> None:
        self.prepared: list[tuple[str, object]] = []

    def url(self, plugin_id: str, engines: object) -> str:
        return f"{plugin_id} in {engines}"

    def prepare(self, plugin_id: str, engines: object) -> None:
        self.prepared.append((plugin_id, engines))


def registered(plugin: Any, scratch: Path, databases: object, hosted: Hosted) -> LocalPlugin:
    return LocalPlugin(
        plugin,
        data_dir=scratch,
        log_level="debug",
        limits=Limits(),
        databases=cast(PluginDatabases, databases),
        hosted=lambda _id: cast("HostedPlugin", hosted),
    )


@pytest.mark.parametrize("describes", [True, False])
def test_one_with_tables_has_its_database_before_it_starts(tmp_path: Path, hosted: Hosted, describes: bool) -> None:
    assigned, plugin = Assigned(), WithTables(describes=describes)
    made = registered(plugin, tmp_path, assigned, hosted)
    assert made.own_database.url == "with_tables in ('postgresql',)"
    made.load()
    assert assigned.prepared == [("with_tables", ("postgresql",))]
    steps = ["migrate with_tables in ('postgresql',)", "initialize with_tables debug", "start"]
    assert plugin.did == (steps if describes else [steps[1], steps[0], steps[2]])
    made.close()


class Bare(AudioTags2Reader):
    """An object that is no subclass of viewra's, as far as the host sees."""

    bind = None  # type: ignore[assignment]


def test_one_without_tables_gets_no_database_and_need_not_be_of_viewras_class(tmp_path: Path, hosted: Hosted) -> None:
    assigned, plugin = Assigned(), Bare()
    made = registered(plugin, tmp_path, assigned, hosted)
    made.load()
    assert (assigned.prepared, plugin.did) == ([], ["initialize bare debug", "start"])
    made.close()


@pytest.mark.parametrize(("engines", "url"), [(("sqlite",), ""), (("postgresql",), "with_tables in ('postgresql',)")])
def test_its_next_migration_is_drafted_from_its_tables(
    tmp_path: Path, hosted: Hosted, monkeypatch: pytest.MonkeyPatch, engines: tuple[str, ...], url: str
) -> None:
    plugin = WithTables(describes=True)
    plugin.tables.engines = engines
    monkeypatch.setattr(revision, "draft", lambda *given: given)
    made = registered(plugin, tmp_path, Assigned(), hosted)
    assert cast(object, made.draft_migration("more")) == (plugin.tables, "more", url)
