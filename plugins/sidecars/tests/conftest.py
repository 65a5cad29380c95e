"""The sidecar files of examples/, and others that the tests write."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.sidecars.service.limits import Limits
from viewra_plugins.sidecars.service.reader import read

from viewra.types.values import Value

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
DISC = EXAMPLES / "discs" / "Clara Schumann - Drei Romanzen"
MOON = EXAMPLES / "films" / "Die Reise zum Mond (1902)"
FILM = "Die Reise zum Mond (1902) 1080p {edition-Restored}"
FAUST = EXAMPLES / "series" / "Faust" / "Season 01"

EXPECTED: dict[Path, dict[str, Value]] = {
    DISC / "disc.cue": {
        "sidecar_format": "cue", "album": "Drei Romanzen, op. 21", "albumartist": "Clara Schumann",
        "genre": "Klaviermusik", "date": "1855", "totaltracks": "2",
        "cue_tracks": ["1 0.000 Romanze a-Moll", "2 0.493 Romanze F-Dur"],
        "cue_performers": ["1 Clara Schumann", "2 Clara Schumann"], "cue_files": ["1 disc.mp3", "2 disc.mp3"],
        "belongs_to": "disc.mp3",
    },
    DISC / "disc.lrc": {
        "sidecar_format": "lrc", "title": "Romanze a-Moll", "language": "deu", "timed": "true", "line_count": "2",
        "duration": "0.600", "belongs_to": "disc.mp3",
    },
    DISC / "cover.png": {"cover_type": "front", "cover_of": "Clara Schumann - Drei Romanzen"},
    MOON / f"{FILM}.de.srt": {
        "sidecar_format": "srt", "language": "deu", "timed": "true", "line_count": "2", "duration": "0.900",
        "belongs_to": f"{FILM}.mp4",
    },
    MOON / "movie.nfo": {
        "sidecar_format": "nfo", "nfo_type": "movie", "title": "Die Reise zum Mond",
        "original_title": "Le Voyage dans la Lune", "runtime": "14", "date": "1902-09-01",
        "description": "Sechs Gelehrte lassen sich auf den Mond schießen.", "genre": ["Science-Fiction", "Stummfilm"],
        "director": "Georges Méliès", "studio": "Star-Film", "imdb_id": "tt0000417", "tmdb_id": "775",
        "actor": "Georges Méliès (Barbenfouillis)", "belongs_to": f"{FILM}.mp4",
    },
    MOON / "poster.jpg": {"cover_type": "front", "cover_of": "Die Reise zum Mond (1902)"},
    FAUST / "Faust - S01E02 - Der Pakt.nfo": {
        "sidecar_format": "nfo", "nfo_type": "episode", "title": "Der Pakt", "show": "Faust", "season": "1",
        "episode": "2", "date": "1926-10-14", "belongs_to": "Faust - S01E02 - Der Pakt.webm",
    },
    FAUST / "Faust - S01E02 - Der Pakt.en.forced.vtt": {
        "sidecar_format": "vtt", "language": "eng", "subtitle_purpose": "forced", "timed": "true", "line_count": "1",
        "duration": "0.450", "belongs_to": "Faust - S01E02 - Der Pakt.webm",
    },
    EXAMPLES / "piano.m3u8": {
        "sidecar_format": "m3u", "title": "Klavier", "entry_count": "4",
        "playlist_entries": [
            "1 music/Clara Schumann/Drei Romanzen, op. 21/01 Romanze a-Moll.mp3",
            "2 music/Erik Satie/Gymnopédies/1 Lent et douloureux.wv",
        ],
        "playlist_urls": "4 https://radio.example/piano", "unresolved": "3 ../elsewhere.mp3",
    },
}  # fmt: skip

BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefghi", "bcdefghij", strict=True))
    + "]><movie><title>&j;</title></movie>"
)
EXTERNAL = '<!DOCTYPE m [<!ENTITY f SYSTEM "file:///etc/hostname">]><movie><title>&f;</title></movie>'
BAD = {
    "empty.cue": b"",
    "no tracks.cue": b'TITLE "nothing"\n',
    "binary.m3u": bytes(range(256)),
    "no header.pls": b"File1=a.mp3\n",
    "no playlist.xspf": b"<html></html>",
    "entities.xspf": EXTERNAL.replace("movie", "playlist").encode(),
    "none.srt": b"Just a text.\n",
    "no header.vtt": b"00:00.000 --> 00:01.000\nHi\n",
    "none.ass": b"[Script Info]\nTitle: x\n",
    "zeros.lrc": bytes(100),
    "laughs.nfo": BILLION_LAUGHS.encode(),
    "external.nfo": EXTERNAL.encode(),
    "elsewhere.nfo": b"<movie><title>&x;</title></movie>",
    "other.nfo": b"<html/>",
    "broken.nfo": b"<movie><title>",
    "late laughs.nfo": b"<movie/>" + BILLION_LAUGHS.partition("?>")[2].encode(),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with ``sample`` for each sidecar of examples/, one with ``bad`` for each name of a bad file."""
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("sample", EXPECTED, ids=[path.name for path in EXPECTED])
    if "bad" in metafunc.fixturenames:
        metafunc.parametrize("bad", BAD)


@pytest.fixture
def expected(sample: Path) -> dict[str, Value]:
    """The fields of the sample."""
    return EXPECTED[sample]


@pytest.fixture
def bad_content(bad: str) -> bytes:
    """The content of the bad file."""
    return BAD[bad]


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., dict[str, Value]]:
    """Write a file, and others beside it, and read it: ``put("a.cue", text, "a.flac", limit=…)``."""

    def write_and_read(name: str, content: str | bytes, *beside: str, **limits: Any) -> dict[str, Value]:
        for other in (*beside, name):
            (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / other).write_bytes(b"")
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(str(tmp_path / name), Limits(**limits))

    return write_and_read


@pytest.fixture
def suite(tmp_path: Path) -> dict[str, Any]:
    """The arguments of the check suite: good files with their fields, and bad ones."""
    for name, content in BAD.items():
        (tmp_path / name).write_bytes(content)
    return {"good": EXPECTED, "bad": [tmp_path / name for name in BAD]}
