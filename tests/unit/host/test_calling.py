"""Hooks that are called by hand: their arguments from texts, and what is said of those that do not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from viewra import Host, hookspecs
from viewra.adapters.by_hand import hook_named
from viewra.errors import NotOffered, PluginError, UsageError
from viewra.host.admin.dispatch import Dispatch
from viewra.services import SERVICES
from viewra.testing import FakePlugin

HOOKS = {name for name, hook in vars(hookspecs).items() if hasattr(hook, "viewra_spec")}
NOT_BY_HAND = {"open_scraper", "open_listener", "plugin_state_changed", "on_library_changed"}
Call = Any


@pytest.fixture
def fake() -> FakePlugin:
    return FakePlugin("fake", offers=[name for name in SERVICES.capabilities if name != "database_service"])


@pytest.fixture
def call(tmp_path: Path, quick_hosts: None, fake: FakePlugin) -> Iterator[Call]:
    del quick_hosts
    with Host(data_dir=tmp_path / "data") as host:
        host.register(fake)
        dispatch = Dispatch(host.plugins)

        def by_hand(hook: str, **texts: str) -> Any:
            return dispatch.answer("call", {"plugin_id": "fake", "hook": hook, "arguments": texts})["value"]

        yield by_hand


@pytest.mark.parametrize("name", sorted(HOOKS - NOT_BY_HAND))
def test_every_hook_can_be_called_with_the_arguments_of_its_specification(name: str) -> None:
    specified = getattr(hookspecs, name).__code__
    assert tuple(hook_named(name, SERVICES).types) == specified.co_varnames[: specified.co_argcount]


@pytest.mark.parametrize("name", sorted(NOT_BY_HAND | {"serach"}))
def test_others_are_refused(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        hook_named(name, SERVICES)
    assert refused.value.hint


def test_values_become_json(call: Call, fake: FakePlugin, tmp_path: Path) -> None:
    song = tmp_path / "a.mp3"
    song.write_bytes(b"x")
    assert call("extract_metadata", file_path=str(song)) == {"title": "a.mp3"}
    assert call("get_supported_types") == ["audio/*"]
    assert call("plugin_health") == {"healthy": True, "error": ""}
    assert call("register_routes", base_path="/admin") is None
    assert fake.called("register_routes") == [("/admin/fake",)]
    found = call("search", query='{"q": "x"}')
    assert found["results"][0]["title"] == "x"
    assert fake.called("search") == [({"q": "x"}, 20, 0)]
    call("search", limit="3", offset="1", **{"query.title": "1", "query.a.b": "2"})
    assert fake.called("search")[1] == ({"title": "1", "a.b": "2"}, 3, 1)


@pytest.mark.parametrize(
    ("hook", "texts", "message"),
    [
        ("search", {}, "search needs query"),
        ("search", {"query": "x"}, "query is a map of texts, as JSON, not 'x'"),
        ("search", {"query": '{"q": 1}'}, "query is a map of texts"),
        ("search", {"query": "[" * 100_000}, "query is a map of texts"),
        ("search", {"query": "{}", "query.q": "x"}, "query is given whole and by its entries"),
        ("search", {"query": "{}", "limit": "true"}, "limit is a whole number, not 'true'"),
        ("search", {"query": "{}", "limit": "1.5"}, "limit is a whole number"),
        ("search", {"query": "{}", "limit.x": "1"}, "limit is no map"),
        ("get_supported_types", {"file_path": "/a"}, "get_supported_types has no argument 'file_path'"),
    ],
)
def test_arguments_that_do_not_fit(call: Call, hook: str, texts: Mapping[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        call(hook, **texts)
    assert refused.value.hint


def test_a_plugin_that_fails_or_has_no_answer(call: Call, fake: FakePlugin) -> None:
    fake.on["search"] = ValueError("no luck")
    with pytest.raises(PluginError, match="no luck"):
        call("search", query="{}")
    with pytest.raises(NotOffered, match="does not offer database_service"):
        call("get_models")
    with pytest.raises(NotOffered, match="does not read image/png"):
        call("extract_metadata", file_path="/a.png", mime_type="image/png")
