"""Operators' commands for the plugins of a running host."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Viewra
from tests.e2e.control.operating import FINDER, RunningHost, alive, row

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("only_audio_tags")]


def test_load_restart_unload(host: RunningHost, viewra: Viewra, data_dir: Path) -> None:
    assert row(data_dir, "finder")["state"] == "ready", "looking at it does not start it"
    first = viewra("plugins", "load", "finder")
    assert re.fullmatch(
        r"finder was started: running, process \d+, version 1\.0\.0, search_service, in \d+\.\d\d s\n", first.out
    )
    pid = row(data_dir, "finder")["pid"]
    assert f"process {pid}," in first.out
    assert alive(pid)
    assert viewra("plugins", "load", "finder").out == f"finder runs already: process {pid}\n"

    again = viewra("plugins", "restart", "finder", "--json").data
    assert (again["plugin"]["state"], again["stays"]) == ("running", True)
    assert f"finder was restarted: running, process {again['plugin']['pid']} (was {pid})" in again["said"]
    assert not alive(pid)
    assert viewra("plugins", "info", "finder", "--json").data["pid"] == again["plugin"]["pid"]

    done = viewra("plugins", "unload", "finder")
    assert f"finder was stopped: process {again['plugin']['pid']} has ended" in done.out
    assert not alive(again["plugin"]["pid"])
    assert row(data_dir, "finder")["state"] == "stopped"
    assert host.search() == "[]"
    assert "finder was started: running" in viewra("plugins", "restart", "finder").out
    assert host.search() == "['hello']"


def test_enable_and_disable_reach_the_running_host(
    host: RunningHost, viewra: Viewra, data_dir: Path, plugins: Path
) -> None:
    assert host.search() == "['hello']"
    assert viewra("plugins", "enable", "other").out.startswith("other is enabled (")
    assert host.search() == "['hello', 'hello']"
    pid = row(data_dir, "finder")["pid"]
    assert f"process {pid} has ended" in viewra("plugins", "disable", "finder").out
    assert not alive(pid)
    assert host.search() == "['hello']"
    refused = viewra("plugins", "load", "finder")
    assert refused.status == 1
    assert "viewra plugins enable finder" in refused.err
    assert "enabled already" in viewra("plugins", "enable", "other").out
    host.close()
    rows = viewra("--plugins", plugins, "plugins", "list", "--json").data
    assert {one["id"]: one["state"] for one in rows}["other"] == "ready", "it is remembered"


def test_reload_says_which_version_runs(host: RunningHost, viewra: Viewra, data_dir: Path, plugins: Path) -> None:
    assert host.search() == "['hello']"
    old = row(data_dir, "finder")["pid"]
    code = plugins / "finder" / "main.py"
    code.write_text(code.read_text().replace("self.settings.word, score", '"new", score'))
    done = viewra("plugins", "reload", "finder")
    assert done.status == 0, done.err
    assert done.out.startswith("finder reloaded, with the changed code of version 1.0.0, running, process ")
    assert f"(was {old})" in done.out
    assert host.search() == "['new']"


def test_a_plugin_that_fails_says_why_with_its_last_output(host: RunningHost, viewra: Viewra, data_dir: Path) -> None:
    viewra("plugins", "enable", "broken")
    for command in ("load", "restart"):
        failed = viewra("plugins", command, "broken")
        assert failed.status == 1
        assert failed.out == ""
        assert failed.err.startswith("viewra: plugin broken: ")
        assert r"what it said \x1b[31mbefore" in failed.err, "and the terminal takes nothing of it for a command"
        assert "cannot go on" in failed.err
    assert row(data_dir, "broken")["state"] in {"crashed", "backoff", "quarantined"}
    out = viewra("plugins", "list").out
    assert "\nbroken is " in out
    health = viewra("plugins", "health")
    assert health.status == 1, "it does not run although it should"


def test_an_unknown_plugin(host: RunningHost, viewra: Viewra) -> None:
    for command in ("restart", "enable", "info"):
        failed = viewra("plugins", command, "fnider")
        assert (failed.status, failed.err) == (2, "viewra: there is no plugin 'fnider'\n  did you mean finder?\n")


def test_health_asks_those_that_run_and_wakes_none(host: RunningHost, viewra: Viewra) -> None:
    assert host.search() == "['hello']"
    fine = viewra("plugins", "health")
    assert fine.status == 0
    rows = {one["id"]: one for one in viewra("plugins", "health", "--json").data}
    assert (rows["finder"]["transport"], rows["finder"]["own"], rows["finder"]["condition"]) == (True, True, "healthy")
    assert (rows["audio_tags"]["transport"], rows["audio_tags"]["state"]) == (None, "ready")
    changed = viewra("plugins", "settings", "finder", "word=sick")
    assert changed.status == 0
    assert "viewra plugins reload finder" in changed.err
    assert host.search() == "['hello']", "a changed setting waits for the next start"
    viewra("plugins", "reload", "finder")
    assert host.search() == "['sick']"
    sick = viewra("plugins", "health", "finder")
    assert sick.status == 1
    assert "finder is degraded: the site is not reachable" in sick.out
    assert re.search(r"finder +running +answers +not well", sick.out)


def test_unquarantine(host: RunningHost, viewra: Viewra) -> None:
    assert viewra("plugins", "unquarantine", "finder").out.startswith("finder was not in quarantine")


def test_uninstall(host: RunningHost, viewra: Viewra, data_dir: Path, plugins: Path) -> None:
    host.close()
    installed = data_dir / "plugin-packages" / "finder"
    shutil.move(plugins / "finder", installed)
    again = RunningHost(plugins, data_dir, "finder")
    try:
        assert again.search() == "['hello']"
        pid = row(data_dir, "finder")["pid"]
        done = viewra("plugins", "uninstall", "finder", "--purge-data")
        assert done.out == f"finder was removed from {installed}; its data was removed\n"
        assert not alive(pid)
        assert not installed.exists()
        assert again.search() == "[]"
        assert viewra("plugins", "info", "finder").status == 2
    finally:
        again.close()


def test_settings_are_refused_with_the_manifests_line(host: RunningHost, viewra: Viewra) -> None:
    refused = viewra("plugins", "settings", "finder", "word=1", "wrod=2")
    assert refused.status == 1
    assert re.search(r"plugin\.cue:\d+:\d+: settings\.wrod", refused.err)
    assert viewra("plugins", "settings", "finder", "--json").data[0]["source"] == "manifest"


def test_plugins_that_only_the_command_knows(
    host: RunningHost, viewra: Viewra, make_plugin: Callable[..., Path], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    make_plugin("lonely", FINDER, capabilities=("search_service",), parent=elsewhere)
    rows = viewra("--plugins", elsewhere, "plugins", "list", "--json").data
    assert {"finder", "lonely"} <= {one["id"] for one in rows}
    assert len({(one["id"], one["path"]) for one in rows}) == len(rows)
    assert viewra("--plugins", elsewhere, "plugins", "info", "lonely", "--json").data["state"] == "disabled"
    assert viewra("--plugins", elsewhere, "plugins", "enable", "lonely").status == 0
    assert viewra("--plugins", elsewhere, "plugins", "info", "lonely", "--json").data["state"] == "ready"
