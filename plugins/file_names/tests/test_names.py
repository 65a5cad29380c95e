"""What names of films, episodes and music tell, and what they leave open."""

from collections.abc import Callable
from pathlib import Path

import pytest
from viewra_plugins.file_names.service import FileNames

from tests import vocabulary
from viewra.testing import in_process

Guess = Callable[..., dict[str, str]]

SETTINGS = {"video": True, "music": True, "folders": True, "general_folders": []}


@pytest.fixture
def guess(tmp_path: Path) -> Guess:
    """Make a file, and others in its folder, and guess: ``guess("Artist/Album/01 Title.mp3", "02 Other.mp3")``."""

    def make_and_guess(path: str, *beside: str, **settings: object) -> dict[str, str]:
        file = tmp_path / "media" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        for other in (*beside, file.name):
            (file.parent / other).touch()
        with in_process(FileNames(), settings=SETTINGS | settings) as plugin:
            assert plugin.metadata_scraper is not None
            fields = dict(plugin.metadata_scraper.extract_metadata(str(file)))
        vocabulary.check(fields)
        return fields

    return make_and_guess


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Films/Die Reise zum Mond (1902)/Die Reise zum Mond (1902).mkv",
         {"title": "Die Reise zum Mond", "date": "1902"}),
        ("Films/The.Movie.2010.Extended.2160p.WEB-DL.x265-GRP.mkv",
         {"title": "The Movie", "date": "2010", "edition": "Extended", "resolution": "2160p", "source": "Web"}),
        ("Series/Faust/Season 01/Faust - S01E02 - Der Pakt.mkv",
         {"show": "Faust", "season": "1", "episode": "2", "title": "Der Pakt"}),
        ("Series/Faust/Season 01/S01E02.mkv", {"show": "Faust", "season": "1", "episode": "2"}),
        ("Series/Faust/Specials/Faust S00E01.mkv", {"show": "Faust", "season": "0", "episode": "1"}),
        ("Series/Faust/Faust 1x03-04.mkv", {"show": "Faust", "season": "1", "episode": "3; 4"}),
        ("Series/News/News.2021.03.14.720p.mp4", {"show": "News", "date": "2021-03-14", "resolution": "720p"}),
    ],
)  # fmt: skip
def test_video(guess: Guess, path: str, expected: dict[str, str]) -> None:
    fields = guess(path)
    assert {name: fields.get(name) for name in expected} == expected
    assert set(fields) - set(expected) <= {"source"}


NUMBERED = ("1 a.mp3", "2 b.mp3", "3 c.mp3")


@pytest.mark.parametrize(
    ("path", "beside", "expected"),
    [
        ("Erik Satie/Gymnopédies/01 Lent.mp3", (), "1|Lent|Erik Satie|Gymnopédies|Erik Satie|"),
        ("Erik Satie/Gymnopédies/01. Lent.mp3", (), "1|Lent|Erik Satie|Gymnopédies|Erik Satie|"),
        ("Erik Satie/1888 - Gymnopédies [FLAC]/01 - Lent.flac", (), "1|Lent|Erik Satie|Gymnopédies|Erik Satie|1888"),
        ("Erik Satie - Gymnopédies (1888)/01_-_Lent_et_grave.ogg", (),
         "1|Lent et grave|Erik Satie|Gymnopédies|Erik Satie|1888"),
        ("Music/Hausmusik/03 - Erik Satie - Lent.mp3", (), "3|Lent|Erik Satie|Hausmusik||"),
        ("Various Artists/Hausmusik/03 Lent.mp3", (), "3|Lent||Hausmusik||"),
        ("Erik Satie/Gymnopédies/3 Lent.mp3", NUMBERED, "3|Lent|Erik Satie|Gymnopédies|Erik Satie|"),
        ("Downloads/Erik Satie - Lent.mp3", (), "|Lent|Erik Satie|||"),
        ("Downloads/Lent.mp3", (), "|Lent||||"),
        ("Downloads/99 Luftballons.mp3", (), "|||||"),
        ("Youssou/Best/7 Seconds.mp3", ("Undecided.mp3", "Shakin.mp3"), "|||||"),
        ("Erik Satie/Gymnopédies/Track 01.mp3", (), "1|||||"),
        ("Erik Satie/Gymnopédies/01.mp3", (), "1|||||"),
        ("Erik Satie/Live (at home)/01 Lent.mp3", (), "1|Lent|Erik Satie|Live (at home)|Erik Satie|"),
        ("a - b - c - d.mp3", (), "|||||"),
    ],
)  # fmt: skip
def test_music(guess: Guess, path: str, beside: tuple[str, ...], expected: str) -> None:
    fields = guess(path, *beside)
    names = ("tracknumber", "title", "artist", "album", "albumartist", "date")
    assert "|".join(str(fields.get(name, "")) for name in names) == expected


def test_the_folder_of_a_disc(guess: Guess) -> None:
    fields = guess("Erik Satie/Works/CD 2/01 Lent.mp3")
    assert (fields["discnumber"], fields["album"], fields["albumartist"]) == ("2", "Works", "Erik Satie")
    assert guess("Erik Satie/Works/2-05 Lent.mp3")["discnumber"] == "2"


def test_what_the_operator_sets(guess: Guess) -> None:
    assert guess("a/b/01 Lent.mp3", music=False) == {}
    assert guess("a/b/c (1999).mkv", video=False) == {}
    assert guess("Erik Satie/Works/01 Lent.mp3", folders=False) == {"tracknumber": "1", "title": "Lent"}
    assert "albumartist" not in guess("Sammlung/Works/01 Lent.mp3", general_folders=["sammlung"])


def test_a_name_that_is_no_text_or_too_long_tells_nothing(guess: Guess) -> None:
    assert guess("x/b\udcff.mp3") == {}
    assert guess("x/" + "b" * 220 + ".mkv") == {}
