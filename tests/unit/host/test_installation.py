"""A plugin's code on disk that changes before it was ever started: a host is open, nothing runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from viewra import Host
from viewra.errors import PluginUnavailable
from viewra.host.installed.discovery import Place, read
from viewra.host.installed.installation import Installation
from viewra.types import PluginState


@pytest.fixture
def manifest(make_plugin: Callable[..., Path]) -> Path:
    return make_plugin("p", "", capabilities=("search_service",)) / "plugin.cue"


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_manifest_that_changes_before_the_first_start_is_the_one_that_counts(tmp_path: Path, manifest: Path) -> None:
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=False) as host:
        plugin = host.plugins["p"]
        plugin.enable()
        replace(manifest, "1.0.0", "1.1.0")
        assert plugin.reload() == "version 1.1.0 is in use, and does not run: ready"
        assert plugin.info.version == "1.1.0"


def test_one_that_becomes_invalid_and_is_mended_before_the_first_start(tmp_path: Path, manifest: Path) -> None:
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=False) as host:
        plugin = host.plugins["p"]
        plugin.enable()
        replace(manifest, '"1.0.0"', '"new"')
        with pytest.raises(PluginUnavailable, match="semantic version"):
            plugin.reload()
        refused = plugin.state
        assert refused is PluginState.INVALID
        replace(manifest, '"new"', '"1.2.0"')
        assert plugin.reload() == "version 1.2.0 is in use from its next start on"
        assert plugin.state is PluginState.READY
        assert plugin.pid is None


def test_a_version_that_was_refused_is_not_started_while_the_one_before_is_kept(tmp_path: Path, manifest: Path) -> None:
    installation = Installation(read(manifest, Place.GIVEN), data_dir=tmp_path / "data")
    old = installation.used
    replace(manifest, "1.0.0", "2.0.0")
    new = installation.on_disk()
    assert installation.is_new(new)
    installation.refuse(new)
    assert not installation.is_new(new)
    assert installation.to_start().code_hash == new.code_hash, "there is nothing to go back to"
    replace(manifest, "2.0.0", "1.0.0")
    installation.kept.keep(manifest.parent, old.code_hash)
    replace(manifest, "1.0.0", "2.0.0")
    assert installation.to_start() is old, "the one that was refused is not started again"
    replace(manifest, "2.0.0", "3.0.0")
    assert installation.to_start().version == "3.0.0"
    replace(manifest, "3.0.0", "1.0.0")
    assert installation.is_back(installation.on_disk())
    replace(manifest, "1.0.0", "2.0.0")
    assert installation.is_new(installation.on_disk()), "it was taken back: what was refused may be tried again"


def test_whether_the_version_in_use_is_on_disk_is_seen_by_its_files(
    tmp_path: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = Installation(read(manifest, Place.GIVEN), data_dir=tmp_path / "data")
    main = manifest.with_name("main.py")
    assert installation.is_on_disk(), "nobody has looked at its code"
    old = installation.used
    assert installation.is_on_disk()
    main.write_text("# another\n")
    assert not installation.is_on_disk()
    assert not installation.is_on_disk()
    installation.use(installation.on_disk())
    assert installation.is_on_disk()
    installation.use(old)
    assert not installation.is_on_disk()
    installation.use(installation.on_disk())
    main.touch()
    assert installation.is_on_disk(), "its content is the same"
    monkeypatch.setattr(Installation, "on_disk", lambda _: pytest.fail("the files were read again"))
    assert installation.is_on_disk()
