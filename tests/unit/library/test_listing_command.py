"""What ``viewra ls`` lists: films and series beside files, and only what the query asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.unit.library.conftest import FakeHook, World
from viewra.cli._main import group
from viewra.cli._options import Options
from viewra.library import LibraryAccess
from viewra.types import FileOutcome, FileToRead

Run = Callable[..., list[str]]
FACTS = {
    "Metropolis.mkv": {"title": "Metropolis", "date": "1927"},
    "Nosferatu.mkv": {"title": "Nosferatu", "date": "1922"},
    "Faust E1.mkv": {"title": "Der Pakt", "show": "Faust", "season": "1", "episode": "1"},
    "song.mp3": {"title": "Metropolis, a song"},
}


@pytest.fixture
def run(world: World, hook: FakeHook, monkeypatch: pytest.MonkeyPatch) -> Run:
    def read(files: Sequence[FileToRead]) -> list[FileOutcome]:
        return [FileOutcome(FACTS[Path(file.file_path).name]) for file in files]

    hook.add_scraper("names", read).types = ("audio/", "video/")
    for name in FACTS:
        world.put(name)
    world.scan()

    @contextmanager
    def opened(_options: Options) -> Iterator[LibraryAccess]:
        yield LibraryAccess(world.engine)

    monkeypatch.setattr(Options, "library", opened)

    def invoke(*arguments: str) -> list[str]:
        done = CliRunner().invoke(group, ["ls", *arguments], standalone_mode=False, catch_exceptions=False)
        return done.output.splitlines()

    return invoke


def test_films_are_the_videos_that_are_no_episodes(run: Run) -> None:
    assert [line.split()[:2] for line in run("--films")] == [
        ["TITLE", "YEAR"],
        ["Metropolis", "1927"],
        ["Nosferatu", "1922"],
    ]
    assert run("--films", "--format", "$title ($year)", "--sort", "year") == ["Nosferatu (1922)", "Metropolis (1927)"]
    assert run("--films", "--format", "$title", "metropolis") == ["Metropolis"]
    assert run("--films", "--format", "$title", "pakt") == []


def test_series_are_those_of_the_episodes(run: Run) -> None:
    assert run("--series", "--format", "$title $seasons $episodes") == ["Faust 1 1"]
    assert run("--series", "--format", "$title", "nosferatu") == []
