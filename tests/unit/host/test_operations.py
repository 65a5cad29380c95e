"""Operations of the control socket on a host's plugins, and their messages."""

from __future__ import annotations

import contextlib
import json
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viewra import Host
from viewra.adapters import HookStats
from viewra.errors import UsageError, ViewraError
from viewra.host.admin.describe import _together
from viewra.host.admin.dispatch import Dispatch
from viewra.host.admin.find import find_plugin
from viewra.host.admin.operation import OPERATIONS
from viewra.host.admin.operations import enable, list_, uninstall
from viewra.host.admin.present import as_json
from viewra.host.admin.values import OMITTED
from viewra.host.installed.pins import Pin
from viewra.host.installed.settings import PluginSettings
from viewra.sdk import Plugin
from viewra.types import Health, PluginState


class InProcess(Plugin):
    def health(self) -> Health:
        return Health(True)

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        return {"title": file_path}


pytestmark = pytest.mark.usefixtures("quick_hosts")


@pytest.fixture
def commands(tmp_path: Path, make_plugin: Callable[..., Path]) -> Iterator[Dispatch]:
    with Host(data_dir=tmp_path / "data", plugin_dirs=[make_plugin("given", "").parent]) as host:
        host.register(InProcess())
        yield Dispatch(host.plugins)


def test_everything_is_json(commands: Dispatch) -> None:
    for command in ("ping", "list", "stats", "health"):
        assert json.loads(json.dumps(commands.answer(command, {}))) is not None
    for plugin_id in ("in_process", "given"):
        for command in ("info", "stats", "health"):
            json.dumps(commands.answer(command, {"plugin_id": plugin_id}))


def test_a_secret_variable_of_a_plugin_is_not_shown(tmp_path: Path, make_plugin: Callable[..., Path]) -> None:
    folder = make_plugin("keyed", "")
    with (folder / "plugin.cue").open("a") as manifest:
        manifest.write('\nruntime: env: API_TOKEN: "hunter2"\n')
    with Host(data_dir=tmp_path / "data", plugin_dirs=[folder.parent]) as host:
        assert "hunter2" not in json.dumps(Dispatch(host.plugins).answer("info", {"plugin_id": "keyed"}))


def test_an_object_has_no_settings_and_no_permissions(commands: Dispatch) -> None:
    for command, more in (("settings", {}), ("assign", {"values": {}, "unset": []}), ("grant", {"names": []})):
        with pytest.raises(UsageError, match="in_process is registered in this process"):
            commands.answer(command, {"plugin_id": "in_process", **more})


def test_changes_of_settings_come_one_after_the_other(commands: Dispatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is checked with the values of those before, and one that is undone must not take others along."""
    found = find_plugin(commands.packages.plugins, "given")
    held: list[bool] = []
    monkeypatch.setattr(PluginSettings, "change", lambda *_: held.append(found.changing_settings.locked()))
    commands.answer("configure", {"plugin_id": "given", "values": {}})
    commands.answer("assign", {"plugin_id": "given", "values": {}, "unset": []})
    assert held == [True, True]
    assert not found.changing_settings.locked()


def test_an_object_in_the_hosts_process(commands: Dispatch) -> None:
    def said(command: str) -> str:
        text: str = commands.answer(command, {"plugin_id": "in_process"})["said"]
        return text

    assert said("load") == "in_process runs already"
    assert said("unload").startswith("in_process was stopped")
    assert said("restart").startswith("in_process was started: running, ")
    with pytest.raises(UsageError, match="nothing to disable"):
        said("disable")


def test_what_was_hidden_by_one_that_is_gone(tmp_path: Path, make_plugin: Callable[..., Path]) -> None:
    data_dir = tmp_path / "data"
    make_plugin("twin", "")
    make_plugin("twin", "", parent=data_dir / "plugin-packages")
    with Host(data_dir=data_dir) as host:
        enable(host.plugins, "twin")
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=data_dir) as host:
        before = [row.reason for row in list_(host.plugins) if row.id == "twin"]
        assert before == ["", f"hidden by {data_dir / 'plugin-packages' / 'twin'}"]
        uninstall(host.plugins, "twin", keep_data=True)
        (left,) = [row for row in list_(host.plugins) if row.id == "twin"]
        assert "the plugin that hid it is gone" in left.reason


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("explode", {}),
        ("__init__", {}),
        ("info", {}),
        ("info", {"plugin_id": 1}),
        ("info", {"plugin_id": None}),
        ("info", {"plugin_id": "given", "plugins": {}}),
        ("ping", {"plugins": {}}),
        ("uninstall", {"plugin_id": "given", "keep_data": 1}),
        ("uninstall", {"plugin_id": "given"}),
        ("assign", {"plugin_id": "given", "values": {"a": 1}, "unset": []}),
        ("assign", {"plugin_id": "given", "values": {}, "unset": "abc"}),
    ],
)
def test_what_cannot_be_asked_is_refused(commands: Dispatch, command: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        commands.answer(command, arguments)


def test_an_operation_says_what_it_takes_gives_and_does(commands: Dispatch) -> None:
    ours = {name: one for name, one in OPERATIONS.items() if one.subject in {"plugins", "host"}}
    looks = {name for name, one in ours.items() if one.subject == "plugins" and not one.changes}
    assert looks == {"ping", "list", "info", "stats", "health", "logs", "permissions", "settings"}
    for name, operation in ours.items():
        assert operation.name == name
        assert operation.about.endswith(".")
        assert all(field.type is not None for field in attrs.fields(operation.arguments))
        given = typing.get_type_hints(operation.run)["return"]
        (value, *_) = typing.get_args(given) or (given,)
        assert attrs.has(value), "what it gives is a value"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "plugin_id: it is missing; keep_data: it is missing"),
        ({"plugin_id": 3, "keep_data": "no"}, "plugin_id: expected a text; keep_data: expected true or false"),
        ({"plugin_id": "x", "keep_data": True, "force": 1}, "there is no argument force"),
    ],
)
def test_arguments_that_are_refused_are_named(commands: Dispatch, arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError) as raised:
        commands.answer("uninstall", arguments)
    assert str(raised.value) == why
    assert raised.value.hint == "arguments: plugin_id, keep_data"


def test_values_become_json_in_one_way() -> None:
    @attrs.frozen
    class Value:
        path: Path
        state: PluginState
        names: frozenset[str]
        inner: Pin | None
        left_out: str | None = attrs.field(default=None, metadata=OMITTED)

    value = Value(Path("/a\udcff"), PluginState.READY, frozenset("ba"), Pin("1"))
    shown = {
        "path": "/a\\xff",
        "state": "ready",
        "names": ["a", "b"],
        "inner": {"entry": "1", "tree": "", "installed": False},
    }
    assert as_json(value) == shown
    assert as_json({"x": [value], "y": (None, 1.5, True)}) == {"x": [shown], "y": [None, 1.5, True]}


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(OPERATIONS)),
    st.dictionaries(st.sampled_from(["plugin_id", "keep_data", "assign", "unset"]) | st.text(), JSON, max_size=4),
)
def test_any_arguments_are_answered_or_refused(commands: Dispatch, command: str, arguments: dict[str, Any]) -> None:
    with contextlib.suppress(ViewraError):
        json.dumps(commands.answer(command, arguments))


def test_the_calls_of_several_hooks_together() -> None:
    assert _together([]) == HookStats()
    buckets = HookStats().buckets
    one = HookStats(2, {"PluginTimeout": 1}, 1.0, 0.9, (2, *buckets[1:]))
    other = HookStats(1, {"PluginTimeout": 1, "PluginFault": 1}, 0.5, 0.5, (0, 1, *buckets[2:]))
    both = _together([one, other])
    assert (both.calls, both.failed, both.total_s, both.max_s) == (3, 3, 1.5, 0.9)
    assert both.buckets[:3] == (2, 1, 0)
