"""What of a scan is distributed, and what workers learn."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MakePlugin
from viewra import Host
from viewra.host.workers.distribution import why_here
from viewra.host.workers.plan import make_plan
from viewra.library.engine import PathMap
from viewra.sdk import Plugin

SECRET = "settings: key: string @secret()\n"


@pytest.fixture(autouse=True)
def _quick_hosts(quick_hosts: None) -> None: ...


def opened(tmp_path: Path) -> Host:
    return Host(data_dir=tmp_path / "data", plugin_dirs=[tmp_path / "plugins"], watch=False)


def test_a_plan_has_the_secrets_of_the_plugins_that_it_names_and_no_others(
    tmp_path: Path, make_plugin: MakePlugin
) -> None:
    for plugin_id in ("reader", "other"):
        make_plugin(plugin_id, "", extra=SECRET)
    with opened(tmp_path) as host:
        for plugin_id in ("reader", "other"):
            host.plugins[plugin_id].settings.change({"key": f"secret of {plugin_id}"})
        plan = make_plan(host.plugins, {"reader": "hash"}, "/srv/music", host._options, PathMap({"/srv": "/mnt"}))
    sent = pickle.dumps(plan)
    assert b"secret of reader" in sent
    assert b"other" not in sent
    assert "secret" not in repr(plan)
    assert plan.root == "/mnt/music"


def test_grants_go_with_the_operators_folders_as_they_are_on_workers(tmp_path: Path, make_plugin: MakePlugin) -> None:
    make_plugin("reader", "", may=("filesystem:read", "network:fetch"))
    (tmp_path / "narrow").mkdir()
    with opened(tmp_path) as host:
        host.plugins["reader"].grant("filesystem:read", paths=[str(tmp_path / "narrow")])
        plan = make_plan(host.plugins, {"reader": "hash"}, "/srv", host._options, PathMap({str(tmp_path): "/there"}))
    grants = {one.name: (one.granted, one.paths) for one in plan.plugins[0].grants}
    assert grants == {"filesystem:read": (True, ("/there/narrow",)), "network:fetch": (False, ())}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, ""),
        ({"capabilities": ("metadata_scraper", "database_service")}, "a database of its own"),
        ({"may": ("library:read",)}, "library:read"),
        ({"may": ("filesystem:read",)}, ""),
    ],
)
def test_what_needs_the_hosts_data_is_not_distributed(
    tmp_path: Path, make_plugin: MakePlugin, more: dict[str, Any], said: str
) -> None:
    make_plugin("reader", "", **more)
    with opened(tmp_path) as host:
        host.plugins["reader"].grant_requested()
        reason = why_here(host.plugins["reader"])
    assert said in reason
    assert bool(reason) == bool(said)


def test_code_that_differs_from_its_pin_is_not_distributed(tmp_path: Path, make_plugin: MakePlugin) -> None:
    directory = make_plugin("reader", "")
    with opened(tmp_path) as host:
        host.plugins["reader"].pin()
        assert why_here(host.plugins["reader"]) == ""
        (directory / "main.py").write_text("changed()")
        assert why_here(host.plugins["reader"]) == "its code differs from its pin"


def test_an_object_of_the_hosts_process_is_not_distributed(tmp_path: Path) -> None:
    class Reader(Plugin):
        def get_supported_types(self) -> list[str]:
            return ["audio/*"]

        def can_handle(self, file_path: str, mime_type: str) -> bool:
            return True

        def extract_metadata(self, file_path: str) -> dict[str, str]:
            return {}

    with opened(tmp_path) as host:
        assert "host's process" in why_here(host.register(Reader()))
