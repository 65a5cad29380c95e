"""Files whose type is another one now: by another name, or by another content."""

from __future__ import annotations

from tests.unit.library.conftest import World


def _add(world: World, *types: str) -> None:
    """Add a scraper for each of these types, with the name of that."""
    for kind in types:
        world.hook.add_scraper(kind).types = (kind,)


def _known(world: World) -> list[tuple[str, int, str]]:
    """Name, id and type of each file."""
    return [
        (row.path_text.rpartition("/")[2], row.id, row.mime_type)
        for row in world.rows("SELECT path_text, id, mime_type FROM media_files ORDER BY id")
    ]


def _read(world: World) -> list[str]:
    """Which plugins have read the only file."""
    return [row.plugin_id for row in world.rows("SELECT plugin_id FROM file_metadata")]


def test_a_file_that_is_renamed_to_another_type_is_read_as_that(world: World) -> None:
    _add(world, "audio/", "video/")
    path = world.put("film.mp4")
    world.scan()
    ((_, file_id, kind),) = _known(world)
    assert (kind, _read(world)) == ("video/mp4", ["video/"])
    path.rename(path.with_name("film.m4a"))
    assert world.scan().counts.moved == 1
    ((name, same_id, kind),) = _known(world)
    assert (name, same_id, kind.partition("/")[0]) == ("film.m4a", file_id, "audio")
    assert _read(world) == ["audio/"]
    assert [row.kind for row in world.rows("SELECT kind FROM catalogue")] == ["audio"]
    world.check_consistent()


def test_a_file_of_the_same_type_keeps_what_was_read_of_it(world: World) -> None:
    _add(world, "audio/")
    path = world.put("1.mp3")
    world.scan()
    path.rename(path.with_name("2.mp3"))
    report = world.scan()
    assert (report.counts.moved, report.counts.read) == (1, 0)
    assert _read(world) == ["audio/"]


def test_a_file_that_shows_its_type_later_gets_that(world: World) -> None:
    _add(world, "audio/", "video/")
    world.put("film.ogg", bytes(100))  # space that a download has reserved
    world.scan()
    assert [one[2] for one in _known(world)] == ["audio/ogg"]
    world.put("film.ogg", b"OggS" + bytes(24) + b"\x80theora")
    assert world.scan().counts.changed == 1
    assert [one[2] for one in _known(world)] == ["video/ogg"]
    assert _read(world) == ["video/"]
    world.check_consistent()


def test_a_file_that_is_no_media_any_more_keeps_its_type(world: World) -> None:
    _add(world, "audio/")
    world.put("1.mod", bytes(1080) + b"M.K." + bytes(100))
    world.scan()
    assert [one[2] for one in _known(world)] == ["audio/x-mod"]
    world.put("1.mod", b"module example.org/one\n")
    world.scan()
    assert [one[2] for one in _known(world)] == ["audio/x-mod"]
