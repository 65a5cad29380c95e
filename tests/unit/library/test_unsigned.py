"""A folder without a signature, as after a scan that found a file of it missing, is missed when it is gone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from viewra.types import ScanReport


def _scan(world: World) -> ScanReport:
    return world.scan(plugins=lambda: ("chosen", "whole"))


def _leave_out(folder: Path) -> None:
    (folder / ".nomedia").touch()


def _move_away(folder: Path) -> None:
    folder.rename(folder.parents[1] / "elsewhere")


@pytest.mark.parametrize("remove", [shutil.rmtree, _leave_out, _move_away])
@pytest.mark.parametrize("left", ["file", "link"])
def test_a_folder_that_goes_after_one_of_its_files(world: World, remove: Callable[[Path], object], left: str) -> None:
    world.hook.add_scraper()
    world.put("stays/0.mp3")
    first, second = world.put("goes/1.mp3"), world.folder / "goes/2.mp3"
    if left == "file":
        world.put("goes/2.mp3")
    else:
        second.symlink_to(world.put("outside.mp3", folder=world.folder.parent))
    _scan(world)
    _scan(world)
    first.unlink()
    assert _scan(world).counts.missing == 1
    remove(first.parent)
    assert _scan(world).counts.missing == 1
    assert list(world.ids()) == [str(world.folder / "stays/0.mp3")]
    world.check_consistent()
