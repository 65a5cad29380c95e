"""The good samples: which tune is encoded how, into which file, with which fields."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tests.audio.tagging import Fields

BACH = (60, 64, 67, 72, 76, 67, 72, 76)
FUGUE = (60, 62, 64, 65, 67, 65, 64, 69, 62, 67)
RAG = (62, 63, 64, 72, 64, 72, 64, 72)
MOON = (69, 69, 71, 72, 71, 69, 65, 64)
GYMNOPEDIE = (66, 69, 67, 66, 61, 59, 61, 62)
MOUNTAIN_HALL = (59, 61, 62, 64, 66, 62, 66)
NIGHT_MUSIC = (67, 62, 67, 62, 67, 62, 67, 71, 74)
CLAIR = (77, 80, 77, 75, 77, 75)
PROMENADE = (67, 65, 70, 72, 77, 74)
ELISE = (76, 75, 76, 75, 76, 71, 74, 72, 69)


@dataclass(frozen=True)
class Sample:
    """One file: ``path`` below examples/music, the name of its encoder, what is played, and its fields.

    ``twist`` names an oddity of its tags that ``make.py`` adds: ``id3v23``, ``riff_info``, ``ape_gain``.
    """

    path: PurePosixPath
    encoder: str
    notes: tuple[int, ...]
    fields: Fields
    rate: int = 8000
    channels: int = 1
    seconds: float = 0.6
    picture: bool = False
    bits: int | None = None
    codec: str = ""
    twist: str = ""


@dataclass(frozen=True)
class Album:
    """What the tracks of one album share; ``folder`` is relative to examples/music."""

    folder: str
    shared: dict[str, str | list[str]] = field(default_factory=dict)

    def track(
        self, name: str, encoder: str, notes: tuple[int, ...], fields: dict[str, str | list[str]], **rest: object
    ) -> Sample:
        """Return one track; ``fields`` are added to the album's."""
        values = {key: [v] if isinstance(v, str) else v for key, v in (self.shared | fields).items()}
        return Sample(PurePosixPath(self.folder, name), encoder, notes, values, **rest)  # type: ignore[arg-type]


def mbid(what: str) -> str:
    """Return an invented MusicBrainz id, always the same for ``what``."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://viewra.example/{what}"))


def ids(artist: str, album: str, title: str, albumartist: str = "") -> dict[str, str | list[str]]:
    """Return all MusicBrainz ids of one track; ``albumartist`` where the album is another artist's."""
    return {
        "musicbrainz_recordingid": mbid(f"recording/{title}"),
        "musicbrainz_trackid": mbid(f"track/{title}"),
        "musicbrainz_albumid": mbid(f"release/{album}"),
        "musicbrainz_releasegroupid": mbid(f"group/{album}"),
        "musicbrainz_artistid": mbid(f"artist/{artist}"),
        "musicbrainz_albumartistid": mbid(f"artist/{albumartist or artist}"),
    }


GAIN: dict[str, str | list[str]] = {
    "replaygain_track_gain": "-6.48 dB", "replaygain_track_peak": "0.988553",
    "replaygain_album_gain": "-5.90 dB", "replaygain_album_peak": "0.991210",
}  # fmt: skip

WTC = Album("Johann Sebastian Bach/Das Wohltemperierte Klavier I", {
    "artist": "Anna Magdalena Bach", "album": "Das Wohltemperierte Klavier I", "albumartist": "Johann Sebastian Bach",
    "albumartistsort": "Bach, Johann Sebastian", "composer": "Johann Sebastian Bach", "genre": ["Baroque", "Classical"],
    "date": "1722", "totaltracks": "48", "discnumber": "1", "totaldiscs": "4", "work": "BWV 846",
})  # fmt: skip
ROMANZEN = Album("Clara Schumann/Drei Romanzen, op. 21", {
    "artist": ["Clara Schumann", "Johannes Brahms"], "artists": ["Clara Schumann", "Johannes Brahms"],
    "album": "Drei Romanzen, op. 21", "albumartist": "Clara Schumann", "albumartistsort": "Schumann, Clara",
    "composer": "Clara Schumann", "composersort": "Schumann, Clara", "genre": ["Romantic", "Klaviermusik"],
    "totaltracks": "3", "label": "Breitkopf & Härtel",
})  # fmt: skip
RAGS = Album("Scott Joplin/The Entertainer", {
    "artist": "Scott Joplin", "album": "The Entertainer", "albumartist": "Scott Joplin", "composer": "Scott Joplin",
    "genre": "Ragtime", "date": "1902-12-29", "totaltracks": "2", "discnumber": "1", "totaldiscs": "1",
    "artistsort": "Joplin, Scott",
})  # fmt: skip
SHIKI = Album("瀧廉太郎/四季", {
    "artist": "瀧廉太郎", "artistsort": "たき れんたろう", "album": "四季", "albumartist": "瀧廉太郎",
    "composer": "瀧廉太郎", "genre": ["歌曲", "Classical"], "language": "jpn", "date": "1900-11-01", "totaltracks": "4",
})  # fmt: skip
GYMNOPEDIES = Album("Erik Satie/Gymnopédies", {
    "artist": "Erik Satie", "album": "Gymnopédies", "albumartist": "Erik Satie", "composer": "Erik Satie",
    "genre": "Impressionism", "date": "1888", "totaltracks": "3",
})  # fmt: skip
MIX = Album("Various Artists/Hausmusik", {
    "album": "Hausmusik", "albumartist": "Various Artists", "compilation": "1", "date": "1899", "totaltracks": "6",
})  # fmt: skip

SAMPLES: tuple[Sample, ...] = (
    WTC.track("01 Præludium C-Dur.flac", "flac", BACH, {
        "title": "Præludium C-Dur", "tracknumber": "1", "movement": "Præludium", "comment": "Ohne Pedal",
        "performer": ["Anna Magdalena Bach (harpsichord)"], **GAIN,
        **ids("Anna Magdalena Bach", "WTC", "Præludium", "Bach"),
    }, picture=True, bits=16, codec="flac"),
    WTC.track("02 Fuge C-Dur.flac", "flac", FUGUE, {
        "title": "Fuge C-Dur", "titlesort": "Fuge", "tracknumber": "2", "isrc": "DEZZZ2200002",
        **ids("Anna Magdalena Bach", "WTC", "Fuge", "Bach"),
    }, bits=16, codec="flac", channels=2),
    WTC.track("03 Præludium c-Moll.oga", "oggflac", MOON, {"title": "Præludium c-Moll", "tracknumber": "3"},
              bits=16, codec="flac"),
    ROMANZEN.track("01 Romanze a-Moll.mp3", "mp3", MOON, {
        "title": "Romanze a-Moll", "tracknumber": "1", "date": "1855-09-13", "originaldate": "1853",
        "performer": ["Clara Schumann (piano)"], "producer": "Robert Schumann", "comment": "Für Johannes – „Andante“",
        "lyrics": "Ein Lied\nohne Worte", "website": "https://example.org/clara", "key": "Am", "bpm": "66",
        "releasetype": "album", "releasestatus": "official", **GAIN, **ids("Clara", "op. 21", "Romanze 1"),
    }, rate=22050, picture=True, codec="mp3"),
    ROMANZEN.track("02 Romanze F-Dur.mp3", "mp3", CLAIR, {
        "title": "Romanze F-Dur", "tracknumber": "2", "date": "1855-09-13", "arranger": "Marie Schumann",
    }, rate=22050, channels=2, codec="mp3", twist="id3v23"),
    ROMANZEN.track("03 Romanze g-Moll.mp3", "mp3", ELISE, {"title": "Romanze g-Moll", "tracknumber": "3", **GAIN},
                   rate=44100, seconds=0.3, codec="mp3", twist="ape_gain"),
    RAGS.track("01 The Entertainer.m4a", "aac", RAG, {
        "title": "The Entertainer", "titlesort": "Entertainer, The", "tracknumber": "1", "bpm": "80",
        "comment": "Not fast", "lyrics": "(instrumental)", "copyright": "public domain",
        "releasetype": ["single", "ragtime"], **GAIN, **ids("Joplin", "Entertainer", "Entertainer"),
    }, rate=22050, channels=2, picture=True, codec="aac"),
    RAGS.track("02 Maple Leaf Rag.m4a", "alac", FUGUE, {
        "title": "Maple Leaf Rag", "tracknumber": "2", "compilation": "1",
    }, bits=16, codec="alac"),
    RAGS.track("Pine Apple Rag.aac", "adts", RAG, {"title": "Pine Apple Rag", "tracknumber": "1"},
               rate=22050, channels=2, codec="aac"),
    SHIKI.track("1 花.ogg", "vorbis", BACH, {
        "title": "花", "tracknumber": "1", "lyricist": "武島羽衣", "lyrics": "春のうららの\n隅田川",
        **ids("Taki", "Shiki", "Hana"),
    }, rate=22050, picture=True, codec="vorbis"),
    SHIKI.track("2 荒城の月.opus", "opus", MOON, {
        "title": "荒城の月", "tracknumber": "2", "lyricist": "土井晩翠", "r128_track_gain": "-1280",
        **ids("Taki", "Shiki", "Kojo"),
    }, rate=48000, codec="opus"),
    SHIKI.track("3 箱根八里.spx", "speex", FUGUE, {"title": "箱根八里", "tracknumber": "3"}, codec="speex"),
    GYMNOPEDIES.track("1 Lent et douloureux.wv", "wavpack", GYMNOPEDIE, {
        "title": "Lent et douloureux", "tracknumber": "1", "discsubtitle": "Trois", **GAIN,
        **ids("Satie", "Gymnopédies", "1"),
    }, bits=16, codec="wavpack", picture=True),
    GYMNOPEDIES.track("2 Lent et triste.mpc", "musepack", GYMNOPEDIE, {
        "title": "Lent et triste", "tracknumber": "2", "remixer": "Claude Debussy", **GAIN,
    }, rate=44100, channels=2, seconds=0.4, codec="musepack"),
    GYMNOPEDIES.track("3 Lent et grave.tta", "tta", GYMNOPEDIE, {"title": "Lent et grave", "tracknumber": "3"},
                      seconds=0.3, bits=16, codec="tta"),
    MIX.track("1 Für Elise.wav", "pcm", ELISE, {
        "title": "Für Elise", "artist": "Ludwig van Beethoven", "tracknumber": "1", "genre": "Klassik", "mood": "zart",
        **ids("Beethoven", "Hausmusik", "Elise", "Various Artists"),
    }, seconds=0.4, bits=16, codec="pcm"),
    MIX.track("3 Картинки с выставки.aiff", "aiff", PROMENADE, {
        "title": "Картинки с выставки: Прогулка", "artist": "Модест Мусоргский", "tracknumber": "3",
        "genre": "Романтизм", "subtitle": "Promenade", **ids("Mussorgsky", "Hausmusik", "Promenade", "Various Artists"),
    }, seconds=0.4, bits=16, codec="pcm", picture=True),
    MIX.track("4 Marche funèbre pour un grand homme sourd.ape", "ape", (), {
        "title": "Marche funèbre composée pour les funérailles d’un grand homme sourd", "artist": "Alphonse Allais",
        "tracknumber": "4", "genre": "Silence", "comment": "Lento rigolando", **GAIN,
        **ids("Allais", "Hausmusik", "Marche", "Various Artists"),
    }, rate=44100, channels=2, bits=16, codec="ape"),
    MIX.track("5 Clair de lune.dsf", "dsd", CLAIR, {
        "title": "Clair de lune", "artist": "Claude Debussy", "tracknumber": "5", "genre": "Impressionism",
        "conductor": "Paul Verlaine", **ids("Debussy", "Hausmusik", "Clair", "Various Artists"),
    }, rate=2_822_400, bits=1, codec="dsd"),
    Album("Wolfgang Amadé Mozart/Eine kleine Nachtmusik", {
        "artist": ["Wolfgang Amadé Mozart", "Nannerl Mozart"], "album": "Eine kleine Nachtmusik",
        "albumartist": "Wolfgang Amadé Mozart", "composer": "Wolfgang Amadé Mozart", "genre": ["Serenade", "Classical"],
    }).track("1 Allegro.wma", "wma", NIGHT_MUSIC, {
        "title": "Allegro", "tracknumber": "1", "discnumber": "1", "totaldiscs": "2", "date": "1787-08-10",
        "compilation": "1", **GAIN, **ids("Mozart", "KV 525", "Allegro"),
    }, rate=22050, picture=True, codec="wma"),
    Album("Edvard Grieg/Peer Gynt", {"artist": "Edvard Grieg", "album": "Peer Gynt", "composer": "Edvard Grieg"}).track(
        "4 I Dovregubbens hall.wav", "pcm", MOUNTAIN_HALL, {
            "title": "I Dovregubbens hall", "tracknumber": "4", "date": "1876-02-24", "genre": "Musique de scène",
            "comment": "alla marcia e molto marcato", "language": "nor",
        }, seconds=0.4, bits=16, codec="pcm", twist="riff_info"),
)  # fmt: skip
