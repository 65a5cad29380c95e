"""Tags as real writers leave them: aliases, several tags at once, old code pages, lists, bad items."""

import io
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from mutagen import id3
from viewra_plugins.audio_tags.service.reader import read

from tests.audio import odd
from tests.audio.damage import atom
from tests.audio.tagging import png
from tests.vocabulary import check
from viewra.types.values import Value

ONE = "8b882575-08a5-4452-a7a7-cbb8a1531f9e"
TWO = "9e873859-8aa4-4790-b985-5a953e8ef628"
AUDIO = odd.mp3_frames(*[9] * 20)


@pytest.fixture
def fields(tmp_path: Path) -> Callable[..., Mapping[str, Value]]:
    """A function that reads content under a name, with the setting ``legacy_encoding``."""

    def read_content(name: str, content: bytes, legacy_encoding: str = "") -> Mapping[str, Value]:
        (tmp_path / name).write_bytes(content)
        found = read(str(tmp_path / name), legacy_encoding)
        check(found)
        return found

    return read_content


def has(fields: Mapping[str, Value], **expected: object) -> None:
    assert {name: fields.get(name) for name in expected} == expected


def id3v2(*frames: id3.Frame, version: int = 4) -> bytes:
    """An MP3 file with these frames; ID3v2.3's own frames are kept in a tag of that version."""
    tag = id3.ID3()
    for frame in frames:
        tag.add(frame)
    out = io.BytesIO()
    tag.save(out, v2_version=version, v1=id3.ID3v1SaveOptions.REMOVE, padding=lambda _: 0)
    return out.getvalue() + AUDIO


def text(name: str, *values: str, encoding: int = 3) -> id3.Frame:
    return getattr(id3, name)(encoding=encoding, text=list(values))


def free(desc: str, *values: str) -> id3.Frame:
    return id3.TXXX(encoding=3, desc=desc, text=list(values))


def id3v1(title: bytes = b"", comment: bytes = b"", genre: int = 255, year: bytes = b"") -> bytes:
    return (
        b"TAG" + title.ljust(30, b"\0") + bytes(60) + year.ljust(4, b"\0") + comment.ljust(30, b"\0") + bytes([genre])
    )


def test_id3v1_fills_what_id3v2_lacks(fields: Callable[..., Mapping[str, Value]]) -> None:
    tagged = id3v2(
        text("TIT2", "A title of more than thirty letters"), id3.COMM(encoding=3, lang="eng", text="A comment")
    )
    found = fields("a.mp3", tagged + id3v1(b"A title of more than thirty le", b"A com", genre=17, year=b"1999"))
    has(found, title="A title of more than thirty letters", comment="A comment", genre="Rock", date="1999")


def test_the_track_of_id3v1(fields: Callable[..., Mapping[str, Value]]) -> None:
    has(fields("a.mp3", AUDIO + id3v1(comment=b"c".ljust(28, b"\0") + b"\0\7")), comment="c", tracknumber="7")


def test_slashes_separate_the_values_of_some_fields_of_id3v23(fields: Callable[..., Mapping[str, Value]]) -> None:
    frames = (
        text("TPE1", "AC/DC"), text("TCON", "Rock/Pop"), text("TSRC", "DEZZZ2200001/DEZZZ2200002"),
        free("ARTISTS", "A/B"), free("MusicBrainz Artist Id", f"{ONE}/{TWO}"),
    )  # fmt: skip
    has(
        fields("a.mp3", id3v2(*frames, version=3)),
        artist="AC/DC",
        genre=["Rock", "Pop"],
        isrc=["DEZZZ2200001", "DEZZZ2200002"],
        artists=["A", "B"],
        musicbrainz_artistid=[ONE, TWO],
    )
    has(fields("a.mp3", id3v2(*frames)), artist="AC/DC", genre="Rock/Pop", artists="A/B")


def test_an_artist_with_a_slash_is_one_where_the_ids_say_so(fields: Callable[..., Mapping[str, Value]]) -> None:
    frames = (free("ARTISTS", "AC/DC"), free("MusicBrainz Artist Id", ONE))
    has(fields("a.mp3", id3v2(*frames, version=3)), artists="AC/DC", musicbrainz_artistid=ONE)


def test_several_values_of_id3v24(fields: Callable[..., Mapping[str, Value]]) -> None:
    has(
        fields("a.mp3", id3v2(text("TPE1", "A", "B"), text("TCON", "17", "(9)"))),
        artist=["A", "B"],
        genre=["Rock", "Metal"],
    )


def test_day_and_year_of_id3v23(fields: Callable[..., Mapping[str, Value]]) -> None:
    frames = (text("TYER", "2001"), text("TDAT", "1109"), text("TORY", "1999"))
    has(fields("a.mp3", id3v2(*frames, version=3)), date="2001-09-11", originaldate="1999")


@pytest.mark.parametrize("kind", ["IPLS", "TIPL"])
def test_credits_with_roles_and_instruments(fields: Callable[..., Mapping[str, Value]], kind: str) -> None:
    people = [["guitar", "G"], ["producer", "P"], ["DJ-mix", "D"], ["executive producer", "E"], ["performer", "X"]]
    tagged = id3v2(getattr(id3, kind)(encoding=3, people=people), version=3 if kind == "IPLS" else 4)
    has(fields("a.mp3", tagged), performer=["G (guitar)", "X"], producer="P", djmixer="D")


def test_musicians(fields: Callable[..., Mapping[str, Value]]) -> None:
    tagged = id3v2(id3.TMCL(encoding=3, people=[["engineer", "E"], ["piano", "P"]]))
    has(fields("a.mp3", tagged), performer=["E (engineer)", "P (piano)"], engineer=None)


def test_windows_1252_where_latin_1_is_meant(fields: Callable[..., Mapping[str, Value]]) -> None:
    raw = b"\x93Curly\x94 \x96 \x80"
    tagged = id3v2(text("TIT2", raw.decode("latin-1"), encoding=0))
    has(fields("a.mp3", tagged + id3v1(comment=raw)), title="“Curly” – €", comment="“Curly” – €")


@pytest.mark.parametrize(
    ("legacy", "title"),
    [
        ("cp1251", "Прогулка"),
        ("koi8-r", "Прогулка"),
        ("cp932", "荒城の月"),
        ("gbk", "四季"),
        ("cp949", "봄"),
        ("cp950", "四季"),
    ],
)
def test_the_code_page_of_old_tags(fields: Callable[..., Mapping[str, Value]], legacy: str, title: str) -> None:
    raw = title.encode(legacy)
    info = odd.chunk(b"LIST", b"INFO" + odd.chunk(b"INAM", raw + b"\0"))
    name = odd.chunk(b"NAME", raw, order=">")
    for content in (
        AUDIO + id3v1(raw),
        id3v2(text("TIT2", raw.decode("latin-1"), encoding=0)),
        odd.wav(odd.wav_format(), bytes(16), info),
        odd.aiff(b"", bytes(16), name, frames=8),
        odd.tta(8000, 9000) + odd.ape_tag((b"Title", 0, raw)),
        odd.flac((4, odd.comments(b"TITLE=" + raw)), audio=bytes(20)),
    ):
        assert fields("a.mp3", content, legacy)["title"] == title
    assert fields("a.mp3", id3v2(text("TIT2", title)), legacy)["title"] == title  # UTF-8 stays UTF-8


def test_free_names_in_id3(fields: Callable[..., Mapping[str, Value]]) -> None:
    tagged = id3v2(
        free("MUSICBRAINZ_TRACKID", ONE), free("MusicBrainz Release Track Id", TWO), free("Barcode:", "40"),
        free("replaygain_track_gain", "-6.5"), free("CATALOGNUMBER", "C 1"),
        free("MusicBrainz Album Release Country", "DE"),
    )  # fmt: skip
    has(
        fields("a.mp3", tagged),
        musicbrainz_recordingid=ONE, musicbrainz_trackid=TWO, replaygain_track_gain="-6.50 dB", catalognumber="C 1",
        releasecountry="DE", barcode="40",
    )  # fmt: skip


ALIASES = {
    "YEAR": ("1999", "date", "1999"), "DISC": ("4", "discnumber", "4"), "DISCC": ("5", "totaldiscs", "5"),
    "TRACK": ("2", "tracknumber", "2"), "TRACKC": ("3", "totaltracks", "3"), "TRACKTOTAL": ("3", "totaltracks", "3"),
    "DESCRIPTION": ("c", "comment", "c"), "ORGANIZATION": ("o", "label", "o"), "PUBLISHER": ("p", "label", "p"),
    "UPC": ("1", "barcode", "1"), "EAN": ("1", "barcode", "1"), "ALBUM_ARTIST": ("a", "albumartist", "a"),
    "ALBUM ARTIST": ("a", "albumartist", "a"), "ALBUMARTIST:": ("a", "albumartist", "a"),
    "TEMPO": ("120", "bpm", "120"), "INITIALKEY": ("Am", "key", "Am"), "ENCODED-BY": ("e", "encodedby", "e"),
    "CATALOG": ("c", "catalognumber", "c"), "LABELNO": ("c", "catalognumber", "c"),
    "ORIGYEAR": ("1970", "originalyear", "1970"), "ITUNESCOMPILATION": ("1", "compilation", "1"),
    "MIXARTIST": ("m", "remixer", "m"), "VERSION": ("v", "subtitle", "v"),
    "SOURCEMEDIA": ("CD", "media", "CD"), "MUSICBRAINZ_TRACKID": (ONE, "musicbrainz_recordingid", ONE),
    "MUSICBRAINZ_RELEASETRACKID": (ONE, "musicbrainz_trackid", ONE), "MOVEMENT": ("2", "movementnumber", "2"),
    "MOVEMENTNAME": ("m", "movement", "m"), "UNSYNCEDLYRICS": ("l", "lyrics", "l"),
}  # fmt: skip


@pytest.mark.parametrize("name", ALIASES)
def test_aliases_of_vorbis_comments(fields: Callable[..., Mapping[str, Value]], name: str) -> None:
    value, field, expected = ALIASES[name]
    content = odd.flac((4, odd.comments(f"{name}={value}".encode())), audio=bytes(20))
    assert fields("a.flac", content)[field] == expected


def test_a_better_name_counts_before_a_general_one(fields: Callable[..., Mapping[str, Value]]) -> None:
    texts = (b"YEAR=1999", b"RELEASEDATE=2000-01-01", b"DATE=2001-02-03")
    has(fields("a.flac", odd.flac((4, odd.comments(*texts)), audio=bytes(20))), date="2001-02-03")


def test_a_comment_that_is_not_utf8(fields: Callable[..., Mapping[str, Value]]) -> None:
    found = fields("a.flac", odd.flac((4, odd.comments(b"TITLE=F\xfcr Elise", b"GENRE=\xff")), audio=bytes(20)))
    has(found, title="Für Elise", genre=None)
    assert found["warning"] == [
        "the comment TITLE is not UTF-8; it was read as Windows-1252",
        "the comment GENRE is not UTF-8",
    ]


def test_a_broken_comment_costs_the_comments_behind_it(fields: Callable[..., Mapping[str, Value]]) -> None:
    broken = odd.comments(b"TITLE=T", b"ARTIST=A")[:-3]
    found = fields("a.flac", odd.flac((4, broken), audio=bytes(20)))
    has(found, title="T", artist=None, sample_rate="8000")
    assert "Vorbis comment cannot be read" in found["warning"]


def test_apev2_on_true_audio(fields: Callable[..., Mapping[str, Value]]) -> None:
    tag = odd.ape_tag((b"Title", 0, b"T"), (b"Artist", 0, b"A\0B"), (b"Track", 0, b"3/7"), (b"Year", 0, b"1999-02-03"))
    has(
        fields("a.tta", odd.tta(8000, 9000) + tag),
        title="T",
        artist=["A", "B"],
        tracknumber="3",
        totaltracks="7",
        date="1999-02-03",
    )


def test_an_ape_item_that_is_no_text_costs_itself(fields: Callable[..., Mapping[str, Value]]) -> None:
    tag = odd.ape_tag((b"Title", 0, b"T"), (b"Genre", 0, b"\xff"), version=1000)
    found = fields("a.tta", odd.tta(8000, 9000) + tag)
    has(found, title="T", genre=None, warning="the APE item Genre is not UTF-8", channels="1")


def test_id3v2_before_aac(fields: Callable[..., Mapping[str, Value]]) -> None:
    content = id3v2(text("TIT2", "T"))[: -len(AUDIO)] + odd.adts_frames(20)
    has(fields("a.aac", content), title="T", codec="aac", channels="2")


def test_the_text_chunks_of_aiff(fields: Callable[..., Mapping[str, Value]]) -> None:
    names = (b"NAME", b"AUTH", b"(c) ", b"ANNO")
    chunks = [odd.chunk(name, value, order=">") for name, value in zip(names, (b"T", b"A", b"C", b"N"), strict=True)]
    has(
        fields("a.aiff", odd.aiff(b"", bytes(16), *chunks, frames=8)), title="T", artist="A", copyright="C", comment="N"
    )


def m4a(*items: bytes) -> bytes:
    return odd.mp4(odd.entry(b"mp4a", odd.esds(b"\x12\x10")), odd.ilst(*items))


def test_free_names_in_mp4(fields: Callable[..., Mapping[str, Value]]) -> None:
    found = fields(
        "a.m4a",
        m4a(
            odd.free_item(b"REPLAYGAIN_TRACK_GAIN\0", b"0.37", mean=b"com.apple.iTunes\0"),
            odd.free_item(b"MUSICBRAINZ_TRACKID", ONE.encode()),
            odd.free_item(b"LABEL", b"A", b"B"),
            odd.free_item(b"", b"x"),
        ),
    )
    has(found, replaygain_track_gain="0.37 dB", musicbrainz_recordingid=ONE, label=["A", "B"], warning=None)


def test_a_short_number_in_mp4(fields: Callable[..., Mapping[str, Value]]) -> None:
    found = fields("a.m4a", m4a(atom(b"trkn", odd.data(b"\0\0\0\x0a", 0)), atom(b"\xa9nam", odd.data(b"T"))))
    has(found, tracknumber="10", totaltracks=None, title="T", warning="the tag trkn is shorter than it should be")


def test_a_bad_item_in_mp4_costs_itself(fields: Callable[..., Mapping[str, Value]]) -> None:
    broken = atom(b"\xa9ART", struct.pack(">I4s", 5000, b"data") + bytes(8))
    found = fields(
        "a.m4a", m4a(broken, atom(b"\xa9nam", odd.data(b"T")), atom(b"\xa9day", odd.data(b"1987-03-31T07:00:00Z")))
    )
    has(found, title="T", artist=None, date="1987-03-31", warning="the tag ©ART cannot be read: it ends too early")


@pytest.mark.parametrize(("picture", "there"), [(png(), "true"), (b"", "false"), (bytes(50), "false")])
def test_a_picture_is_one_only_with_its_bytes(
    fields: Callable[..., Mapping[str, Value]], picture: bytes, there: str
) -> None:
    block = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">IIIIII", 0, 8, 8, 24, 0, len(picture)) + picture
    for name, content in {
        "a.mp3": id3v2(id3.APIC(encoding=3, mime="image/png", type=3, desc="x", data=picture)),
        "a.m4a": m4a(atom(b"covr", odd.data(picture, 14))),
        "a.flac": odd.flac((6, block), audio=bytes(20)),
        "a.tta": odd.tta(8000, 9000) + odd.ape_tag((b"Cover Art (Front)", 1, b"a.png\0" + picture)),
    }.items():
        assert fields(name, content)["has_picture"] == there, name


def test_a_link_is_no_picture(fields: Callable[..., Mapping[str, Value]]) -> None:
    link = id3.APIC(encoding=3, mime="-->", type=3, desc="x", data=b"https://example.org/a.png")
    has(fields("a.mp3", id3v2(link)), has_picture="false")
