"""Subtitles, lyrics, nfo files and covers."""

from collections.abc import Callable

import pytest

from viewra.types.values import Value

Put = Callable[..., dict[str, Value]]
SRT = "1\n00:00:01,000 --> 00:00:02,500\nHi\n\n2\n01:00:00,000 --> 01:00:01,000 X1:1\nHo\n"


@pytest.mark.parametrize(
    ("name", "media", "language", "purpose"),
    [
        ("Film.srt", "Film.mkv", None, None),
        ("Film.de.srt", "Film.mkv", "deu", None),
        ("Film.ger.forced.srt", "Film.mkv", "deu", "forced"),
        ("FILM.pt-BR.sdh.srt", "Film.mkv", "por", "hearing_impaired"),
        ("Film.English.srt", "Film.mkv", "eng", None),
        ("Film.zh-Hans.srt", "Film.mkv", "zho", None),
        ("Film.hi.srt", "Film.mkv", "hin", None),
        ("Film.en.hi.srt", "Film.mkv", "eng", "hearing_impaired"),
        ("Kill.It.srt", "Kill.It.mkv", None, None),
        ("Kill.It.it.srt", "Kill.It.mkv", "ita", None),
        ("Kill.It.srt", None, None, None),
        ("Kill.It.en.forced.srt", None, "eng", "forced"),
        ("en.srt", None, None, None),
        ("Film.the.srt", None, None, None),
    ],
)
def test_what_the_name_of_subtitles_tells(
    put: Put, name: str, media: str | None, language: str | None, purpose: str | None
) -> None:
    fields = put(name, SRT, *([media] if media else []))
    told = (fields.get("belongs_to"), fields.get("language"), fields.get("subtitle_purpose"))
    assert told == (media, language, purpose)
    assert (fields["line_count"], fields["duration"], fields["timed"]) == ("2", "3601.000", "true")


def test_substation_alpha(put: Put) -> None:
    text = (
        "[Script Info]\nTitle: Die Reise\nScriptType: v4.00+\n[Events]\nFormat: Layer, Start, End, Style, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:05.50,Default,Hallo, du\nComment: 0,0:00:00.00,0:09:00.00,Default,x\n"
    )
    fields = put("a.ass", text)
    assert (fields["title"], fields["line_count"], fields["duration"]) == ("Die Reise", "1", "5.500")
    assert put("a.ssa", text)["sidecar_format"] == "ssa"


def test_lyrics_without_times(put: Put) -> None:
    fields = put("a.lrc", "[ar:Clara Schumann]\nEine Zeile\nnoch eine\n", "a.flac")
    assert fields == {
        "sidecar_format": "lrc", "artist": "Clara Schumann", "timed": "false", "line_count": "2",
        "belongs_to": "a.flac",
    }  # fmt: skip


def test_lyrics_with_repeated_lines_and_an_offset(put: Put) -> None:
    fields = put("a.lrc", "[offset:+500]\n[00:10.00][01:05.50]Refrain\n[00:20]\n")
    assert (fields["line_count"], fields["duration"]) == ("2", "65.000")


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("https://www.imdb.com/title/tt0000417/?ref_=x&y\n", {"imdb_id": "tt0000417"}),
        ("https://www.themoviedb.org/movie/775-le-voyage", {"tmdb_id": "775"}),
        ("http://thetvdb.com/?tab=series&id=81189", {"show_tvdb_id": "81189"}),
        ("http://thetvdb.com/?tab=episode&seriesid=81189&id=349232", {}),
        ("https://www.themoviedb.org/tv/1396-breaking-bad/season/1/episode/2", {"show_tmdb_id": "1396"}),
        ("https://www.themoviedb.org/movie/12345678901", {}),
        ("<episodedetails><episode>2</episode></episodedetails>https://www.themoviedb.org/movie/775",
         {"nfo_type": "episode", "episode": "2"}),
        ("<tvshow><season>5</season><episode>62</episode></tvshow>https://www.themoviedb.org/tv/1396",
         {"nfo_type": "tvshow", "tmdb_id": "1396"}),
        ("<movie><premiered>1601-01-01</premiered><year>1927</year><runtime>0</runtime></movie>",
         {"nfo_type": "movie", "date": "1927"}),
        (("<movie><genre>Drama / Utopie</genre><studio>UFA</studio>"
          "<plot>Die <i>neue</i> Stadt<br/>\n und</plot></movie>"),
         {"nfo_type": "movie", "genre": ["Drama", "Utopie"], "studio": "UFA", "description": "Die neue Stadt\n und"}),
        ("<musicvideo><artist>AC/DC</artist><album>T.N.T.</album></musicvideo>",
         {"nfo_type": "musicvideo", "artist": "AC/DC", "album": "T.N.T."}),
        ("  a release of somebody  ", {}),
        ("<movie><title>A</title></movie>\nhttps://www.imdb.com/title/tt0000417/?a&b",
         {"nfo_type": "movie", "title": "A", "imdb_id": "tt0000417"}),
        (('<?xml version="1.0"?><episodedetails><title>A</title><season>0</season><episode>1</episode>'
         "<runtime>9</runtime></episodedetails><episodedetails><title>B</title><season>1</season>"
         "<episode>-1</episode><episode>2</episode></episodedetails>"),
         {"nfo_type": "episode", "title": ["A", "B"], "season": ["0", "1"], "episode": ["1", "2"]}),
        (("<episodedetails><title>A</title><episode>1</episode><plot>a</plot><aired>1926-01-01</aired><imdbid>tt00001"
          "</imdbid><director>X</director><showtitle>S</showtitle></episodedetails><episodedetails><title>A</title>"
          "<episode>2</episode><plot>b\nc</plot><aired>1926-01-08</aired><director>Y</director><director>X</director>"
          "<showtitle>S</showtitle></episodedetails>"),
         {"nfo_type": "episode", "title": "A", "episode": ["1", "2"], "description": "a\n\nb\nc", "date": "1926-01-01",
          "director": ["X", "Y"], "show": "S"}),
        ("<tvshow><title>T</title><tvdbid>5</tvdbid><id>7</id><mpaa>FSK 6</mpaa><year>1926</year></tvshow>",
         {"nfo_type": "tvshow", "title": "T", "tvdb_id": "5", "content_rating": "FSK 6", "date": "1926"}),
        ("<artist><name>Clara</name><biography>a\n b</biography></artist>",
         {"nfo_type": "artist", "artist": "Clara", "description": "a\n b"}),
        (("<album><title>Op. 21</title><artistdesc>Clara</artistdesc><year>0</year>"
         "<musicbrainzalbumid>A20B0C9A-aa27-5d31-8ab0-5f8b0e3bc468</musicbrainzalbumid></album>"),
         {"nfo_type": "album", "album": "Op. 21", "artist": "Clara",
          "musicbrainz_albumid": "a20b0c9a-aa27-5d31-8ab0-5f8b0e3bc468"}),
        ('<movie><set><name>S</name></set><uniqueid type="tmdb">x</uniqueid><runtime>90 min</runtime></movie>',
         {"nfo_type": "movie", "collection": "S", "runtime": "90"}),
    ],
)  # fmt: skip
def test_nfo(put: Put, text: str, fields: dict[str, Value]) -> None:
    assert put("a.nfo", text) == {"sidecar_format": "nfo"} | fields


def test_the_page_of_a_series_is_that_of_tvshow_nfo(put: Put) -> None:
    for page, said in (
        ("themoviedb.org/tv/1396", {"tmdb_id": "1396"}),
        ("thetvdb.com/?id=81189", {"tvdb_id": "81189"}),
    ):
        assert put("TVShow.nfo", f"https://www.{page}") == {"sidecar_format": "nfo"} | said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_nfo_in_other_encodings(put: Put, encoding: str) -> None:
    text = f'\n<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?><movie><title>Für</title></movie>'
    text = text if encoding == "utf-8" else text.lstrip()  # a line before the declaration is a common fault
    assert put("a.nfo", text.encode(encoding))["title"] == "Für"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("<movie><title>A & B &nbsp;&eacute;&#8211;&amp;&lt; AT&T</title></movie>", "A & B é–&< AT&T"),
        ("<movie><title>A &#27;[31m\x1b B & C</title></movie>", "A [31m B & C"),
        ("<movie><title><![CDATA[A & B &amp; C]]> & D</title></movie>", "A & B &amp; C & D"),
        ("<movie><title>Für & wider</title></movie>".encode("cp1252"), "Für & wider"),
        (
            "<?xml version='1.0' encoding='windows-1251'?><movie><title>Мир & x</title></movie>".encode("cp1251"),
            "Мир & x",
        ),
        ("<?xml version='1.0' encoding='utf-16'?><movie><title>Мир</title></movie>", "Мир"),
        ("\ufeff<movie><title>Мир</title></movie>".encode("utf-32-be"), "Мир"),
        ("<?xml version='1.0'?><movie><title>A</title></movie><?xml version='1.0'?><movie/>", "A"),
    ],
)
def test_nfo_as_people_write_them(put: Put, content: str | bytes, title: str) -> None:
    assert put("a.nfo", content)["title"] == title


@pytest.mark.parametrize("encoding", ["klingon", "punycode", "utf-7", "rot13", "unicode_escape"])
def test_nfo_in_no_encoding_of_texts_is_refused(put: Put, encoding: str) -> None:
    with pytest.raises(ValueError, match=f"not readable as XML: unknown encoding: {encoding}"):
        put("a.nfo", f"<?xml version='1.0' encoding='{encoding}'?><movie><title>A</title></movie>")


def test_no_more_values_than_a_host_takes(put: Put) -> None:
    genres = put("a.nfo", f"<movie>{''.join(f'<genre>{number}</genre>' for number in range(9_000))}</movie>")["genre"]
    assert len(genres) == 4_000


@pytest.mark.parametrize(
    ("name", "beside", "fields"),
    [
        ("Album/cover.jpg", ["Album/1.mp3"], {"cover_type": "front", "cover_of": "Album"}),
        ("Album/Folder.JPG", ["Album/1.mp3"], {"cover_type": "front", "cover_of": "Album"}),
        ("Album/front.png", ["Album/CD1/1.mp3"], {"cover_type": "front", "cover_of": "Album"}),
        ("Album/Scans/back (2).png", ["Album/1.mp3"], {"cover_type": "back", "cover_of": "Album"}),
        ("Album/cover.jpg", [], {}),
        ("Album/holiday.jpg", ["Album/1.mp3"], {}),
        ("Album/notes.txt", ["Album/1.mp3"], {}),
    ],
)
def test_covers(put: Put, name: str, beside: list[str], fields: dict[str, Value]) -> None:
    assert put(name, b"x", *beside) == fields


def test_webvtt_may_be_without_subtitles(put: Put) -> None:
    assert put("a.vtt", "WEBVTT\n\nNOTE none yet\n") == {"sidecar_format": "vtt"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-be"])
def test_any_unicode_is_known_by_its_byte_order_mark(put: Put, encoding: str) -> None:
    mark = "" if encoding in {"utf-8-sig", "utf-16", "utf-32"} else "\ufeff"
    assert put("a.srt", (mark + SRT).encode(encoding))["line_count"] == "2"
