"""Hot reload with real processes and files: no call is lost, and old code serves on if the new code is unusable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.integration.reloading import Callers, running, version, write
from viewra.errors import PluginUnavailable
from viewra.types import PluginState

from .conftest import States

pytestmark = pytest.mark.process


@pytest.fixture
def directory(make_plugin: Callable[..., Path]) -> Path:
    directory = make_plugin("p", "", capabilities=("search_service",), extra="runtime: restart: max: 100")
    write(directory, 1)
    return directory


def test_five_reloads_under_16_threads_lose_no_call(tmp_path: Path, directory: Path, states: States) -> None:
    with running(tmp_path, states) as host:
        assert version(host) == 1
        with Callers(host) as callers:
            for number in range(2, 7):
                write(directory, number)
                eventually(lambda number=number: host.plugins["p"].stats.reloads == number - 1)  # type: ignore[misc]
                callers.oldest = number  # a call that begins now must not be answered by an older process
                eventually(lambda number=number: callers.latest == number)  # type: ignore[misc]
        assert (callers.failures, callers.too_old) == ([], [])
        assert callers.calls > 100
        assert host.plugins["p"].stats.hooks["search"].errors == {}


@pytest.mark.parametrize(
    ("initialize", "why"),
    [
        ("(", "SyntaxError"),
    ],
)
def test_a_version_that_does_not_start_leaves_the_old_one_serving(
    tmp_path: Path, directory: Path, states: States, initialize: str, why: str
) -> None:
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        assert version(host) == 1
        pid = plugin.pid
        write(directory, 2, initialize)
        eventually(lambda: why in plugin.reason)
        assert plugin.reason.startswith("the changed code is not used, version 1.0.0 serves on: it did not start")
        assert (plugin.state, plugin.pid, version(host)) == (PluginState.RUNNING, pid, 1)
        with pytest.raises(PluginUnavailable, match="serves on"):
            plugin.reload()
        write(directory, 1)
        eventually(lambda: plugin.reason == "")  # what runs is on disk again
        write(directory, 2, initialize)
        eventually(lambda: why in plugin.reason)
        write(directory, 3)
        eventually(lambda: version(host) == 3)
        assert plugin.reason == ""


def test_a_manifest_with_a_mistake_leaves_the_old_one_serving_and_is_taken_when_mended(
    tmp_path: Path, directory: Path, states: States
) -> None:
    manifest = directory / "plugin.cue"
    text = manifest.read_text()
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        assert version(host) == 1
        manifest.write_text(text.replace('version: "1.0.0"', 'version: "new"'))
        eventually(lambda: "a semantic version" in plugin.reason)
        assert version(host) == 1
        manifest.write_text(text.replace('version: "1.0.0"', 'version: "1.1.0"'))
        eventually(lambda: plugin.info.version == "1.1.0")
        eventually(lambda: plugin.stats.reloads == 1)
        assert plugin.reason == ""


def test_new_plugins_are_found_and_removed_ones_end(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    import shutil

    with running(tmp_path, states) as host:
        assert "p" not in host.plugins
        directory = make_plugin("p", "", capabilities=("search_service",))
        write(directory, 1)
        eventually(lambda: "p" in host.plugins)
        assert host.plugins["p"].state is PluginState.DISABLED
        host.plugins["p"].enable()
        eventually(lambda: version(host) == 1)
        plugin = host.plugins["p"]
        write(directory, 2)
        eventually(lambda: version(host) == 2)
        shutil.rmtree(directory)
        eventually(lambda: "p" not in host.plugins)
        eventually(lambda: plugin.state is PluginState.STOPPED)
        assert plugin.reason == "it is no longer where it was"
        assert plugin.pid is None
        assert "p" not in {one.plugin_id for one in host.hook.get_search_capabilities()}


def test_its_own_data_and_caches_never_trigger(tmp_path: Path, directory: Path, states: States) -> None:
    with running(tmp_path, states) as host:
        assert version(host) == 1
        (directory / "__pycache__").mkdir(exist_ok=True)
        (directory / "__pycache__" / "x.pyc").write_bytes(b"x")
        (tmp_path / "data" / "plugins" / "p" / "cache.bin").write_bytes(b"x")
        write(directory, 2)
        eventually(lambda: version(host) == 2)
        eventually(lambda: host.plugins["p"].stats.reloads == 1)


def test_a_mounted_plugin_goes_over_to_the_next_release_and_stays_enabled(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    mounted = tmp_path / "plugins" / "a-mount"  # another name than the plugin's

    def mount(number: int) -> None:
        """As Kubernetes does it: links through a link that is switched in one step."""
        release = make_plugin("p", "", capabilities=("search_service",), parent=tmp_path / f"release{number}")
        write(release, number)
        release.rename(mounted / f"..release{number}")
        for name in ("plugin.cue", "main.py"):
            if not (mounted / name).is_symlink():
                (mounted / name).symlink_to(f"..data/{name}")
        (mounted / "..next").symlink_to(f"..release{number}")
        (mounted / "..next").rename(mounted / "..data")

    mounted.mkdir(parents=True)
    mount(1)
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        assert version(host) == 1
        for number in (2, 3):
            mount(number)
            (mounted / f"..release{number - 1}" / "main.py").unlink()
            eventually(lambda number=number: version(host) == number)  # type: ignore[misc]
            assert host.plugins["p"] is plugin
        text = (mounted / "plugin.cue").read_text()
        pid = plugin.pid
        (mounted / "plugin.cue").write_text(text[:30])
        eventually(lambda: "is not used" in plugin.reason)
        assert (plugin.pid, version(host)) == (pid, 3), "an invalid manifest ends nothing"
        (mounted / "plugin.cue").write_text(text)
        eventually(lambda: not plugin.reason)
        assert plugin.pid == pid
