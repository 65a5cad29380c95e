"""Files with odd names, contents and types, and files that vanish while they are scanned."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_scan import counts
from viewra import library
from viewra.types import ScanStatus


def test_names_that_are_not_utf8(world: World) -> None:
    world.hook.add_scraper()
    path = world.put(os.fsdecode(b"caf\xe9/\xff.mp3"))
    assert counts(world.scan()) == {"seen": 1, "new": 1}
    file = library.show(world.engine, str(path))
    assert file.path == str(path)
    assert library.display(file.path).endswith(r"caf\xe9/\xff.mp3")
    assert list(world.ids()) == [library.display(str(path))]
    (hit,) = library.search(world.engine, None, "artist:tags").results
    assert hit.path == str(path)
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}


def test_an_empty_file_and_a_sparse_one(world: World) -> None:
    world.hook.add_scraper()
    world.put("empty.mp3", b"")
    with world.put("large.mp3", b"").open("r+b") as file:
        file.truncate(4 * 2**30)
    assert counts(world.scan()) == {"seen": 2, "new": 2}
    assert library.show(world.engine, str(world.folder / "large.mp3")).size == 4 * 2**30
    assert counts(world.scan()) == {"seen": 2, "unchanged": 2}


def test_a_file_without_extension_is_known_by_its_content(world: World) -> None:
    world.put("song", b"ID3\x04\x00" + bytes(200))
    world.put("README", b"read me")
    world.scan()
    assert [(row.path_text, row.mime_type) for row in world.rows("SELECT path_text, mime_type FROM media_files")] == [
        (str(world.folder / "song"), "audio/mpeg")
    ]


def test_extensions_in_any_case_and_what_scrapers_want(world: World) -> None:
    world.hook.add_scraper().types = ("image/",)
    for name in ("A.FLAC", "b.Mp4", "cover.JPG", "._A.FLAC", "notes.txt"):
        world.put(name)
    world.scan()
    assert {Path(path).name for path in world.ids()} == {"A.FLAC", "b.Mp4", "cover.JPG"}
    world.hook.scrapers.clear()
    known = world.ids()
    assert counts(world.scan()) == {"seen": 2, "unchanged": 2, "missing": 1}, "a type that nobody reads is no media"
    world.hook.add_scraper().types = ("image/",)
    assert counts(world.scan()) == {"seen": 3, "unchanged": 2, "returned": 1}
    assert world.ids() == known


def test_a_file_that_vanishes_before_it_is_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("a.mp3")
    victim = world.put("b.mp3")
    from viewra.library import intake
    from viewra.library.fingerprint import fingerprint as real

    def fingerprint(path: bytes, size: int) -> tuple[bytes, bytes]:
        victim.unlink(missing_ok=True)
        return real(path, size)

    monkeypatch.setattr(intake, "fingerprint", fingerprint)
    report = world.scan()
    # Whichever of the two comes first, the victim is gone by then or a moment later.
    assert report.status is ScanStatus.COMPLETED
    if report.counts.failed:
        assert [(failure.path, failure.plugin) for failure in report.failures] == [(str(victim), None)]
    world.check_consistent()
    monkeypatch.undo()
    report = world.scan()
    assert [Path(path).name for path in world.ids()] == ["a.mp3"]
