"""The copy of the code that ran last is exact, or there is none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from viewra.host.installed.code_hash import code_hash
from viewra.host.installed.kept_code import KeptCode


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    directory = tmp_path / "plugin"
    (directory / "inner").mkdir(parents=True)
    (directory / "main.py").write_text("one")
    (directory / "inner" / "more.py").write_text("more")
    (directory / "link.py").symlink_to("inner/more.py")
    (directory / ".venv").mkdir()
    (directory / ".venv" / "python").write_text("large")
    (directory / "node_modules").mkdir()
    (directory / "__pycache__").mkdir()
    (directory / "__pycache__" / "main.pyc").write_bytes(b"x")
    return directory


@pytest.fixture
def kept(tmp_path: Path) -> KeptCode:
    return KeptCode(tmp_path / "kept")


def folders(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "kept").iterdir())


def test_what_links_lead_to_is_kept_too(kept: KeptCode, plugin: Path, tmp_path: Path) -> None:
    outside, hidden = tmp_path / "outside.py", plugin / "..data"
    hidden.mkdir()
    (hidden / "b.py").write_text("one")
    outside.write_text("one")
    (plugin / "a.py").symlink_to(outside)
    (plugin / "b.py").symlink_to("..data/b.py")  # as Kubernetes lays files out
    wanted = code_hash(plugin)
    kept.keep(plugin, wanted)
    outside.write_text("two")
    (hidden / "b.py").write_text("two")
    place = kept.path(wanted)
    assert place is not None
    assert [(place / name).read_text() for name in ("a.py", "b.py")] == ["one", "one"]


def test_the_code_is_there_when_the_original_is_not(kept: KeptCode, plugin: Path, tmp_path: Path) -> None:
    wanted = code_hash(plugin)
    assert kept.path(wanted) is None
    kept.keep(plugin, wanted)
    (plugin / "main.py").write_text("two")
    place = kept.path(wanted)
    assert place is not None
    assert (place / "main.py").read_text() == "one"
    assert code_hash(place) == wanted
    assert (place / "link.py").is_symlink()
    assert (place / "link.py").read_text() == "more"
    assert not (place / "__pycache__").exists()
    assert folders(tmp_path) == [wanted]


def test_what_is_hidden_or_large_is_linked_and_not_copied(kept: KeptCode, plugin: Path) -> None:
    wanted = code_hash(plugin)
    kept.keep(plugin, wanted)
    place = kept.path(wanted)
    assert place is not None
    assert (place / ".venv").is_symlink()
    assert (place / ".venv" / "python").read_text() == "large"
    assert (place / "node_modules").is_symlink()


def test_a_newer_version_replaces_the_older(kept: KeptCode, plugin: Path, tmp_path: Path) -> None:
    older = code_hash(plugin)
    kept.keep(plugin, older)
    (plugin / "main.py").write_text("two")
    newer = code_hash(plugin)
    kept.keep(plugin, newer)
    assert kept.path(older) is None
    assert folders(tmp_path) == [newer]
    kept.keep(plugin, newer)
    assert folders(tmp_path) == [newer]


def test_code_that_has_changed_since_is_not_kept_and_the_older_stays(
    kept: KeptCode, plugin: Path, tmp_path: Path
) -> None:
    older = code_hash(plugin)
    kept.keep(plugin, older)
    (plugin / "main.py").write_text("two")
    ran = code_hash(plugin)
    (plugin / "main.py").write_text("three")  # before the copy was made
    kept.keep(plugin, ran)
    assert kept.path(ran) is None
    assert kept.path(older) is not None
    assert folders(tmp_path) == [older]


def test_code_that_changes_while_it_is_copied_is_not_kept(
    kept: KeptCode, plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = code_hash(plugin)
    copytree = shutil.copytree

    def slowly(*arguments: Any, **options: Any) -> object:
        (plugin / "inner" / "more.py").write_text("changed")
        return copytree(*arguments, **options)

    monkeypatch.setattr(shutil, "copytree", slowly)
    kept.keep(plugin, wanted)
    assert kept.path(wanted) is None
    assert folders(tmp_path) == []


def test_a_copy_that_was_spoilt_is_none_and_is_made_again(kept: KeptCode, plugin: Path) -> None:
    wanted = code_hash(plugin)
    kept.keep(plugin, wanted)
    place = kept.path(wanted)
    assert place is not None
    (place / "main.py").write_text("spoilt")
    assert kept.path(wanted) is None
    kept.keep(plugin, wanted)
    assert kept.path(wanted) is not None


def test_a_file_that_cannot_be_copied_is_an_os_error_and_the_older_stays(kept: KeptCode, plugin: Path) -> None:
    older = code_hash(plugin)
    kept.keep(plugin, older)
    (plugin / "broken.py").symlink_to("/nowhere")  # a link is copied as it is
    linked = code_hash(plugin)
    kept.keep(plugin, linked)
    assert kept.path(linked) is not None
    import os

    os.mkfifo(plugin / "pipe")
    with pytest.raises(OSError, match="named pipe"):
        kept.keep(plugin, "0" * 32)
    assert kept.path(linked) is not None
