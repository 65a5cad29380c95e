"""What nfo files say is metadata of the films and episodes beside them, whatever becomes of either."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa

from tests.eventually import eventually
from tests.unit.library.conftest import FakeHook, World
from tests.unit.library.films import TYPES, Films
from tests.unit.library.test_changes import Told
from viewra import library
from viewra.db.tables import media_files
from viewra.db.transactions import writing
from viewra.library import Notifier, descriptions, fsck, outcomes
from viewra.library.putting import put_metadata
from viewra.library.scope import Part
from viewra.types import FileOutcome, FileToRead


@pytest.fixture
def films(world: World, hook: FakeHook) -> Films:
    return Films(world, hook)


def test_a_film_has_what_its_nfo_file_says_with_its_source(films: Films) -> None:
    films.put("Metropolis.mkv", "Other.mkv", "song.mp3")
    nfo = films.nfo(
        "Metropolis.nfo", title="Die Stadt", genre=["Drama", "Utopie"], imdb_id="tt0017136", tagline="Maschinen"
    )
    films.nfo("song.nfo", title="Of a song")
    films.scan()
    said = films.said("Metropolis.mkv")
    title = said["title"]
    assert (title.value, title.plugin, title.stated_in) == ("Die Stadt", "sidecars", str(nfo))
    assert (title.why, title.others) == ("the priority in its manifest", (("file_names", "Metropolis"),))
    assert said.keys() == {"title", "genre", "imdb_id", "tagline"}, "nothing of the nfo file itself"
    assert said["genre"].value == ["Drama", "Utopie"]
    assert films.titles() == {"Metropolis.mkv": "Die Stadt", "Other.mkv": "Other"}
    for query in ("stadt", "genre:utopie", "imdb_id:tt0017136", "tagline:maschinen", "imdb_id:~^tt00171"):
        assert films.found(query) == ["Metropolis.mkv"], query
    assert films.said("song.mp3") == {}
    assert films.said("Metropolis.nfo")["title"].stated_in is None
    library.set_priority(films.world.engine, "title", ["file_names"])
    assert films.titles()["Metropolis.mkv"] == "Metropolis", "the operator's order"
    assert fsck.verify(films.world.engine) == []


@pytest.mark.parametrize("first", ["film", "nfo"])
def test_either_may_come_first(films: Films, first: str) -> None:
    make: dict[str, Callable[[], object]] = {
        "film": lambda: films.put("Film.mkv"),
        "nfo": lambda: films.nfo("FILM.NFO", title="Said"),
    }
    make.pop(first)()
    films.scan()
    make.popitem()[1]()
    films.scan()
    assert films.titles() == {"Film.mkv": "Said"}


def test_it_follows_whatever_becomes_of_the_nfo_file(films: Films) -> None:
    films.put("Film.mkv", "Else.mkv", "elsewhere/x.mkv")
    nfo = films.nfo("Film.nfo", title="First")
    films.scan()
    films.nfo("Film.nfo", title="Second, longer")
    films.scan()
    assert films.titles()["Film.mkv"] == "Second, longer"
    nfo.rename(nfo.with_name("Else.nfo"))
    films.scan()
    assert films.titles() == {"Film.mkv": "Film", "Else.mkv": "Second, longer", "x.mkv": "x"}
    content = (films.world.folder / "Else.nfo").read_bytes()
    (films.world.folder / "Else.nfo").unlink()
    films.scan()
    assert films.titles()["Else.mkv"] == "Else"
    (films.world.folder / "Else.nfo").write_bytes(content)
    films.scan()
    assert films.titles()["Else.mkv"] == "Second, longer"
    films.world.put("Else.nfo", b"broken")
    films.scan()
    assert films.titles()["Else.mkv"] == "Else"


def test_it_follows_the_film(films: Films) -> None:
    films.put("Film.mkv")
    films.nfo("Film.nfo", title="Said")
    films.nfo("Other.nfo", title="Of another")
    films.scan()
    films.world.folder.joinpath("Film.mkv").rename(films.world.folder / "Other.mkv")
    films.scan()
    assert films.titles() == {"Other.mkv": "Of another"}
    folder = films.world.folder / "sub"
    folder.mkdir()
    for name in ("Other.mkv", "Other.nfo"):
        films.world.folder.joinpath(name).rename(folder / name)
    films.scan()
    assert films.titles() == {"Other.mkv": "Of another"}
    for name in ("Other.mkv", "Other.nfo"):
        (folder / name).unlink()
    films.scan()
    assert films.said("sub/Other.mkv")["title"].value == "Of another", "what is missing together belongs together"


def test_movie_nfo_is_of_the_one_film_in_its_folder(films: Films) -> None:
    films.put("M/Film.mkv", "M/Film-trailer.mkv", "Parts/Long cd1.avi", "Parts/Long cd2.avi")
    films.put("Nosferatu (1922)/Nosferatu (1922) - 4K.mkv", "Nosferatu (1922)/Nosferatu (1922) - restored.mkv")
    for folder in ("M", "Parts", "Nosferatu (1922)"):
        films.nfo(f"{folder}/movie.nfo", title=f"In {folder}")
    films.scan()
    titles = films.titles()
    assert titles.pop("Film-trailer.mkv") == "Film-trailer"
    assert set(titles.values()) == {"In M", "In Parts", "In Nosferatu (1922)"}
    films.put("M/Another.mkv")
    films.scan()
    assert films.titles()["Film.mkv"] == "Film", "which of the two it is cannot be known"
    films.nfo("M/Film.nfo", title="Own")
    films.world.folder.joinpath("M/Another.mkv").unlink()
    films.scan()
    assert films.titles()["Film.mkv"] == "Own", "that of its own name counts more"
    films.world.folder.joinpath("M/Film.nfo").unlink()
    films.scan()
    assert films.titles()["Film.mkv"] == "In M"


def test_a_film_outside_the_scanned_part_follows_its_nfo_file(films: Films) -> None:
    films.put("A/one.mkv", "B/two.mkv", "C/changed.mkv")
    nfo = films.nfo("A/one.nfo", title="Said")
    films.scan()
    nfo.rename(films.world.folder / "B/two.nfo")
    changed = films.world.ids()[str(films.world.folder / "C/changed.mkv")]
    with writing(films.world.engine) as connection:  # as a scan leaves it that is killed
        outcomes.mark_unread(connection, [changed])
        connection.execute(sa.update(media_files).where(media_files.c.id == changed).values(event_due=True))
    films.world.scan(films.world.folder / "B", media_types=TYPES)
    assert films.titles() == {"one.mkv": "one", "two.mkv": "Said", "changed.mkv": "changed"}
    assert films.world.rows("SELECT id FROM media_files WHERE event_due") == [(changed,)], (
        "it is told of when it is read"
    )
    assert fsck.verify(films.world.engine) == []


def test_an_episode_has_its_own_facts_and_those_of_its_series(films: Films) -> None:
    films.put("Faust/Season 1/Faust - E1.mkv", "Faust/Season 1/Faust - E2.mkv", "Faust/Making of.mkv")
    films.nfo("Faust/Season 1/Faust - E1.nfo", nfo_type="episode", title="Der Pakt", genre="Tragödie", imdb_id="tt1")
    series = films.nfo(
        "Faust/tvshow.nfo", title="Faust, die Serie", genre="Drama", imdb_id="tt2", tmdb_id="7", description="Of all"
    )
    films.scan()
    one, two = (films.said(f"Faust/Season 1/Faust - E{number}.mkv") for number in (1, 2))
    assert {name: said.value for name, said in one.items()} == {
        "title": "Der Pakt", "show": "Faust, die Serie", "season": "1", "episode": "1", "genre": "Tragödie",
        "imdb_id": "tt1", "show_imdb_id": "tt2", "show_tmdb_id": "7",
    }  # fmt: skip
    assert (two["title"].value, two["genre"].value, "imdb_id" in two) == ("Faust", "Drama", False)
    assert two["genre"].stated_in == one["show"].stated_in == str(series)
    assert films.found("show_imdb_id:tt2") == ["Faust - E1.mkv", "Faust - E2.mkv"], "and nothing else in the folder"
    assert [one.title for one in films.access.series().items] == ["Faust, die Serie"]
    assert {"show_imdb_id", "show_tmdb_id"} <= films.access.stored_fields()
    films.nfo("Faust/tvshow.nfo", title="Faust II")
    films.world.scan(media_types=TYPES, parts=[Part(bytes(films.world.folder / "Faust"), deep=False)])
    assert films.found("show:faust show:ii") == ["Faust - E1.mkv", "Faust - E2.mkv"], "below a part that is scanned"
    assert fsck.verify(films.world.engine) == []


def test_what_is_of_something_else_is_not_passed_on(films: Films) -> None:
    films.put("a.mkv", "b.mkv")
    films.nfo("a.nfo", nfo_type="season", title="A season")
    films.nfo("b.nfo", nfo_type="album", title="An album")
    films.scan()
    assert films.titles() == {"a.mkv": "a", "b.mkv": "b"}


def test_a_film_is_told_of_once_and_again_when_its_nfo_file_says_something_else(films: Films) -> None:
    told, ears = Told(films.world), films.world.hook.add_listener()
    notifier = Notifier(films.world.engine, films.world.hook)
    films.put(*(f"{number}.mkv" for number in range(8)))
    for number in range(8):
        films.nfo(f"{number}.nfo", title=f"Said of {number}")
    films.scan(notifier=notifier)
    assert sorted(name for kind, name, _ in told.take() if kind == "added" and name.endswith("mkv")) == sorted(
        f"{number}.mkv" for number in range(8)
    )
    films.nfo("7.nfo", title="Something else")
    films.scan(notifier=notifier)
    assert told.take() == [("changed", "7.nfo", ""), ("changed", "7.mkv", "")]
    films.sidecars.code_hash = "v2"
    films.scan(notifier=notifier)
    assert [name for _, name, _ in told.take() if name.endswith("mkv")] == [], "it says the same"
    notifier.close(60)
    heard = [event.metadata["title"] for event in ears.scans if event.file_path.endswith("/7.mkv")]
    assert heard[-1] == "Something else"


def test_a_film_waits_for_the_nfo_file_beside_it(films: Films) -> None:
    told = Told(films.world)

    def read(files: Sequence[FileToRead]) -> list[FileOutcome]:
        eventually(lambda: films.world.rows("SELECT * FROM file_metadata WHERE plugin_id = 'file_names'"))
        return films.read(files)

    films.sidecars.behaviour = read
    films.put("Film.mkv")
    films.nfo("Film.nfo", title="Said")
    films.scan()
    assert sorted(told.take()) == [("added", "Film.mkv", ""), ("added", "Film.nfo", "")]


def test_a_missing_video_that_is_purged_changes_nothing(films: Films) -> None:
    films.put("M/a.mkv", "M/b.mkv")
    films.nfo("M/movie.nfo", title="Said")
    films.scan()
    library.change_settings(films.world.engine, str(films.world.folder), {"missing_keep": "0"})
    (films.world.folder / "M/b.mkv").unlink()
    for _ in range(3):
        films.scan()
        assert films.titles() == {"a.mkv": "Said"}
    assert films.world.rows("SELECT id FROM media_files WHERE missing_since IS NOT NULL") == []


def test_files_that_are_purged_and_facts_that_are_taken_back(films: Films) -> None:
    films.put("a.mkv", "b.mkv")
    a, b = films.nfo("a.nfo", title="Of a"), films.nfo("b.nfo", title="Of b")
    films.scan()
    a.unlink()
    assert library.purge_gone(films.world.engine, str(films.world.folder)) == 1
    assert (films.found("title:of"), films.titles()["a.mkv"]) == (["b.mkv"], "a"), "without a scan"
    put_metadata(films.world.engine, "sidecars", {films.world.ids()[str(b)]: {}}, priority={})
    assert films.titles() == {"a.mkv": "a", "b.mkv": "b"}
    films.scan()


def test_a_library_without_nfo_files_is_asked_for_no_places(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.hook.add_scraper().types = ("video/",)
    monkeypatch.setattr(descriptions, "select_in", None)
    for number in range(20):
        world.put(f"{number}.mkv")
    world.scan()
    (world.folder / "1.mkv").rename(world.folder / "one.mkv")
    (world.folder / "2.mkv").unlink()
    world.scan()
    assert library.show(world.engine, str(world.folder / "one.mkv")).metadata["title"].value == "1"


def test_whatever_happens_everything_is_found_by_what_is_said(films: Films) -> None:
    chance = random.Random(15)
    folders = ("", "A", "A/Season 1", "B")
    names = ("one", "two", "A - E1", "A - E2", "one-trailer", "movie", "tvshow")
    for step in range(10):
        for _ in range(4):
            place = "/".join(filter(None, (chance.choice(folders), chance.choice(names))))
            if chance.random() < 0.4:
                films.put(f"{place}.mkv")
            elif chance.random() < 0.9:
                films.nfo(
                    f"{place}.nfo", title=f"{place} {step}", nfo_type=chance.choice(("movie", "episode", "tvshow"))
                )
        for path in sorted(films.world.folder.rglob("*.*")):
            action = chance.randrange(12)
            if action == 0:
                path.unlink()
            elif action == 1:
                folder = films.world.folder / chance.choice(folders)
                folder.mkdir(parents=True, exist_ok=True)
                path.rename(folder / f"{chance.choice(names)}{path.suffix}")
        films.scan(full=chance.random() < 0.1)
