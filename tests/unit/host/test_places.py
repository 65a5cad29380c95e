"""A plugin is known by where the operator put it: by links, copies and manifests that are broken for a moment."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from viewra import Host
from viewra.host.admin.describe import listing
from viewra.types import PluginState

pytestmark = pytest.mark.usefixtures("quick_hosts")

MakePlugin = Callable[..., Path]

DISABLED, READY = PluginState.DISABLED, PluginState.READY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "plugins"
    root.mkdir()
    return root


@pytest.fixture
def host(tmp_path: Path, root: Path) -> Iterator[Host]:
    with Host(plugin_dirs=[root], data_dir=tmp_path / "data", watch=False) as host:
        yield host


def again(host: Host) -> None:
    """Close it, and open it as the next process would."""
    host.close()
    host.open()


def release(make_plugin: MakePlugin, tmp_path: Path, number: int, plugin_id: str = "x") -> Path:
    folder = make_plugin(plugin_id, f"'release {number}'", parent=tmp_path / "releases" / str(number))
    manifest = folder / "plugin.cue"
    manifest.write_text(manifest.read_text().replace("1.0.0", f"{number}.0.0"))
    return folder


def switch(link: Path, target: Path) -> None:
    (link.parent / ".next").symlink_to(target)
    (link.parent / ".next").rename(link)


def test_a_link_that_is_switched_to_another_release(
    host: Host, root: Path, tmp_path: Path, make_plugin: MakePlugin
) -> None:
    switch(root / "x", release(make_plugin, tmp_path, 1))
    host.plugins.rescan()
    plugin = host.plugins["x"]
    plugin.enable()
    plugin.pin()
    switch(root / "x", release(make_plugin, tmp_path, 2))
    host.plugins.rescan()
    host.plugins.code_changed(root / "x")
    assert host.plugins["x"] is plugin, "it is the same plugin"
    assert (plugin.state, plugin.info.version, plugin.path) == (READY, "2.0.0", root / "x")
    assert plugin.pinned is not None, "what it was pinned to still counts"
    again(host)
    plugin = host.plugins["x"]
    assert (plugin.state, plugin.info.version) == (READY, "2.0.0")
    assert plugin.pinned is not None
    plugin.disable()
    again(host)
    assert host.plugins["x"].state is DISABLED


def test_files_as_kubernetes_mounts_them(host: Host, root: Path, make_plugin: MakePlugin, tmp_path: Path) -> None:
    def mount(number: int) -> None:
        folder = root / "mounted" / f"..2026_{number}"
        shutil.copytree(release(make_plugin, tmp_path, number), folder)
        for name in ("plugin.cue", "main.py"):
            if not (root / "mounted" / name).is_symlink():
                (root / "mounted" / name).symlink_to(f"..data/{name}")
        switch(root / "mounted" / "..data", Path(folder.name))

    mount(1)
    host.plugins.rescan()
    host.plugins["x"].enable()
    mount(2)
    shutil.rmtree(root / "mounted" / "..2026_1")
    host.plugins.rescan()
    host.plugins.code_changed(root / "mounted")
    assert (host.plugins["x"].state, host.plugins["x"].info.version) == (READY, "2.0.0")
    again(host)
    assert (host.plugins["x"].state, host.plugins["x"].info.version) == (READY, "2.0.0")


def test_releases_that_lie_beside_the_link(host: Host, root: Path, make_plugin: MakePlugin) -> None:
    first = make_plugin("x", "1", parent=root / "a-releases" / "1")
    switch(root / "x", first)
    host.plugins.rescan()
    assert host.plugins["x"].path == first, "the first that is found"
    shutil.rmtree(first)
    first = make_plugin("x", "1", parent=root / "z-releases" / "1")
    switch(root / "x", first)
    host.plugins.rescan()
    assert host.plugins["x"].path == root / "x"
    host.plugins["x"].enable()
    switch(root / "x", make_plugin("x", "2", parent=root / "a-releases" / "2"))
    host.plugins.rescan()
    assert (host.plugins["x"].path, host.plugins["x"].state) == (root / "x", READY)


def test_what_an_older_version_stored_counts(host: Host, root: Path, tmp_path: Path, make_plugin: MakePlugin) -> None:
    from viewra.db import StoredPin, set_enabled, write_pin

    real = release(make_plugin, tmp_path, 1)
    set_enabled(host.engine, "x", str(real), True)
    write_pin(host.engine, "x", str(real), StoredPin("1" * 64))
    switch(root / "x", real)
    host.plugins.rescan()
    assert host.plugins["x"].state is READY
    assert host.plugins["x"].pinned is not None
    switch(root / "x", release(make_plugin, tmp_path, 2))
    assert host.plugins["x"].pinned is not None, "it was kept for the path"
    host.plugins["x"].disable()
    again(host)
    assert host.plugins["x"].state is DISABLED


def test_a_copy_beside_it(host: Host, root: Path, make_plugin: MakePlugin) -> None:
    good = make_plugin("good", "")
    host.plugins.rescan()
    host.plugins["good"].enable()
    for name in ("good.bak", "a copy"):
        shutil.copytree(good, root / name)
    for _ in range(2):
        host.plugins.rescan()
        assert (host.plugins["good"].state, host.plugins["good"].path) == (READY, good)
        copies = [row for row in listing(host.plugins) if row.id == "good" and row.path != good]
        assert [(row.state, str(good) in row.reason) for row in copies] == [(PluginState.INVALID, True)] * 2
        again(host)


def test_a_manifest_that_is_invalid_for_a_moment(host: Host, root: Path, make_plugin: MakePlugin) -> None:
    folder = make_plugin("good", "").rename(root / "another-name")
    host.plugins.rescan()
    plugin = host.plugins["good"]
    plugin.enable()
    text = (folder / "plugin.cue").read_text()
    (folder / "plugin.cue").write_text(text[:20])
    host.plugins.rescan()
    assert host.plugins["good"] is plugin
    assert "another-name" not in host.plugins
    host.plugins.code_changed(folder)
    assert plugin.state is PluginState.INVALID
    again(host)
    assert host.plugins["good"].state is PluginState.INVALID, "the next host knows whose folder it is"
    (folder / "plugin.cue").write_text(text)
    host.plugins.rescan()
    host.plugins.code_changed(folder)
    assert host.plugins["good"].state is READY


def test_whatever_stops_being_enabled_is_said(
    host: Host, root: Path, make_plugin: MakePlugin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    folder = make_plugin("x", "")
    other = make_plugin("y", "")
    host.plugins.rescan()
    host.plugins["x"].enable()
    host.plugins["y"].enable()
    manifest = folder / "plugin.cue"
    manifest.write_text(manifest.read_text().replace('"x"', '"z"'))
    host.plugins.code_changed(folder)
    assert "x" not in host.plugins
    assert host.plugins["z"].state is DISABLED
    told = f"{folder} holds plugin z now, which is not enabled (viewra plugins enable z)"
    assert caplog.messages == [f"plugin x does not run any more: {told}"]
    shutil.rmtree(other)
    host.plugins.rescan()
    assert caplog.messages[1:] == [f"plugin y does not run any more: there is no plugin in {other} any more"]
    make_plugin("y", "")
    host.plugins.rescan()
    assert host.plugins["y"].state is READY, "at its place it is the one that was enabled"


def test_a_link_that_leads_nowhere_is_said_by_the_next_host(
    host: Host, root: Path, tmp_path: Path, make_plugin: MakePlugin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    link = root / "x"
    link.symlink_to(folder := release(make_plugin, tmp_path, 1))
    host.plugins.rescan()
    host.plugins["x"].enable()
    host.close()
    shutil.rmtree(folder)
    host.open()
    assert caplog.messages == [f"plugin x is enabled and does not run: the link {link} leads nowhere"]
