"""A database of before the catalogue: what it knows is listed and found after the next scan or start of a host."""

from __future__ import annotations

import pytest
from alembic import command

from tests.unit.library.conftest import FakeHook, World
from viewra import library
from viewra.db import open_database, writing
from viewra.db.migrate import configuration
from viewra.library import LibraryAccess, verify
from viewra.library.recovery import recover


@pytest.mark.parametrize("by_scan", [True, False])
def test_files_of_before_the_catalogue_are_found_after_the_next_start(
    world: World, hook: FakeHook, by_scan: bool
) -> None:
    hook.add_scraper()
    hook.add_scraper("more")
    for name in ("a/one.mp3", "a/two.mp3", "gone.mp3"):
        world.put(name)
    world.scan()
    (world.folder / "gone.mp3").unlink()
    world.scan()
    before = world.ids()
    config = configuration()
    with writing(world.engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0011")
    world.engine.dispose()
    world.engine = open_database(world.url)
    if by_scan:
        world.scan()
    else:
        recover(world.engine)
    assert world.ids() == before
    world.check_consistent()
    assert [finding for finding in verify(world.engine) if not finding.harmless] == []
    assert library.search(world.engine, None, "one").total == 1
    assert [file.title for file in LibraryAccess(world.engine).files("sort:title").items] == ["one", "two"]
    assert "artist" in LibraryAccess(world.engine).fields()
