"""Code of plugins on its way to workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewra.errors import ViewraError
from viewra.host.installed.code_hash import code_hash
from viewra.host.workers import packing


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    directory = tmp_path / "plugin"
    (directory / "inner").mkdir(parents=True)
    (directory / "main.py").write_text("print()")
    (directory / "inner" / "run").write_text("#!/bin/sh")
    (directory / "inner" / "run").chmod(0o755)
    return directory


def test_code_arrives_as_it_is(plugin: Path, tmp_path: Path) -> None:
    expected = code_hash(plugin)
    target = tmp_path / "there" / "plugin"
    packing.unpack(packing.packed(plugin, expected), target, expected)
    assert code_hash(target) == expected
    assert (target / "inner" / "run").stat().st_mode & 0o777 == 0o755
    assert not (target / "main.py").stat().st_mode & 0o111


def test_code_that_has_changed_meanwhile_is_not_sent(plugin: Path) -> None:
    expected = code_hash(plugin)
    (plugin / "main.py").write_text("print(1)")
    with pytest.raises(ViewraError, match="has changed since the scan began"):
        packing.packed(plugin, expected)


def test_code_that_is_too_large_is_not_sent(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_BYTES", 100)
    with pytest.raises(ViewraError, match="has more than"):
        packing.packed(plugin, code_hash(plugin))


def test_links_are_not_sent(plugin: Path) -> None:
    (plugin / "link").symlink_to("/etc/passwd")
    with pytest.raises(ViewraError, match="link"):
        packing.packed(plugin, code_hash(plugin))


def test_code_with_another_hash_is_refused(plugin: Path, tmp_path: Path) -> None:
    sent = packing.packed(plugin, code_hash(plugin))
    with pytest.raises(ViewraError, match="has the hash"):
        packing.unpack(sent, tmp_path / "there", "0" * 32)
