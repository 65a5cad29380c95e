"""``--quick`` misses what is edited in place, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from viewra import library
from viewra.library import folder_signature, walk
from viewra.library.unchanged import scan_unchanged
from viewra.types import ScanReport

PLUGINS = ("chosen", "whole")


def _scan(world: World, plugins: tuple[str, str] = PLUGINS, *, quick: bool = False) -> ScanReport:
    return world.scan(plugins=lambda: plugins, quick=quick)


def _is_unchanged(world: World) -> bool:
    return scan_unchanged(world.engine, str(world.folder), PLUGINS[1], quick=True) is not None


@pytest.fixture
def old_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders count as changed long ago."""
    monkeypatch.setattr(folder_signature, "FINE_S", -1.0)
    monkeypatch.setattr(folder_signature, "COARSE_S", -1.0)


@pytest.fixture
def settled(world: World, old_folders: None) -> World:
    """Two folders of audio and a picture that no plugin reads."""
    world.hook.add_scraper()
    for name in ("a/1.mp3", "a/2.flac", "a/cover.jpg", "b/3.flac"):
        world.put(name)
    _scan(world)
    assert _is_unchanged(world)
    return world


def test_it_misses_what_is_edited_in_place_and_finds_what_is_added(settled: World) -> None:
    with open(settled.folder / "a/1.mp3", "ab") as file:
        file.write(b".")
    assert _is_unchanged(settled)
    assert _scan(settled, quick=True).counts.changed == 0
    settled.put("a/new.mp3")
    assert not _is_unchanged(settled)
    report = _scan(settled, quick=True)
    assert (report.counts.new, report.counts.changed) == (1, 1)


def test_it_finds_what_is_added_by_a_program_that_puts_the_time_of_the_folder_back(settled: World) -> None:
    folder = settled.folder / "a"
    before = folder.stat()
    settled.put("a/new.mp3")
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not _is_unchanged(settled)
    assert _scan(settled, quick=True).counts.new == 1


def _exclude(path: Path, world: World) -> None:
    library.change_settings(world.engine, str(path), {}, exclude=["*.flac"])


def _follow_none(path: Path, world: World) -> None:
    library.change_settings(world.engine, str(path), {"follow_links": "none"})


@pytest.mark.parametrize(("change", "missing"), [(_exclude, 2), (_follow_none, 0)])
def test_what_the_library_leaves_out_from_now_on_is_looked_at(
    settled: World, change: Callable[[Path, World], None], missing: int
) -> None:
    change(settled.folder, settled)
    assert _is_unchanged(settled) is False
    assert _scan(settled, quick=True).counts.missing == missing


def test_files_of_a_type_that_a_plugin_reads_from_now_on_are_found(settled: World) -> None:
    pictures = settled.hook.add_scraper("pictures")
    pictures.types = ("image/",)
    assert _scan(settled, ("more", "more"), quick=True).counts.new == 1
    assert pictures.names == ["cover.jpg"]


@pytest.mark.parametrize(
    ("changed_ns", "age_s", "is_certain"),
    [
        (1_000_000_001, 0.05, False),
        (1_000_000_001, 0.5, True),
        (1_000_000_000, 0.5, False),  # of a file system with whole seconds, or two
        (1_000_000_000, 4.0, True),
        (1_000_000_001, -60.0, False),  # a clock was set back
    ],
)
def test_a_folder_that_may_change_again_at_the_same_time_is_examined(
    monkeypatch: pytest.MonkeyPatch, changed_ns: int, age_s: float, is_certain: bool
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: changed_ns + int(age_s * 1e9))
    assert folder_signature.certain(changed_ns) == (changed_ns if is_certain else 0)


def test_the_time_is_looked_at_before_the_folder_is_listed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is added while it is listed, which may take long, has another time only if that is so from the start on."""
    done: list[str] = []
    folder = os.fsencode(world.folder)
    scandir, certain = os.scandir, folder_signature.certain

    def listed(path: bytes) -> object:
        done.extend(["listed"] if path == folder else [])
        return scandir(path)

    def looked(changed_ns: int) -> int:
        done.append("looked")
        return certain(changed_ns)

    monkeypatch.setattr(os, "scandir", listed)
    monkeypatch.setattr(walk, "certain", looked)
    list(walk.Walk(folder, folder, lambda _name: True))
    assert done == ["looked", "listed"]


def test_a_folder_that_changed_while_it_was_scanned_is_examined(
    settled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_signature, "FINE_S", 3600.0)
    monkeypatch.setattr(folder_signature, "COARSE_S", 3600.0)
    settled.put("a/new.mp3")
    _scan(settled)
    with open(settled.folder / "a/1.mp3", "ab") as file:
        file.write(b".")
    assert _scan(settled, quick=True).counts.changed == 1
