"""How sure a match is: what the weights, the threshold and the margin let through, and what they do not."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from viewra_plugins.musicbrainz_enricher.service import answers, texts
from viewra_plugins.musicbrainz_enricher.service.answers import Garbled, Recording
from viewra_plugins.musicbrainz_enricher.service.evidence import Evidence, of
from viewra_plugins.musicbrainz_enricher.service.matching import query_of
from viewra_plugins.musicbrainz_enricher.service.scoring import by_identifier, by_texts

from tests.musicbrainz import artist, credit, mbid, recording, release
from viewra.types import MediaFile, MetadataValue

THRESHOLD = 0.85
BY = credit(artist("Björk", "Björk Guðmundsdóttir"))
FILE = Evidence("Jóga", ("Björk",), "Homogenic", 305.0)
KNOWN = answers.recording(recording("Jóga", BY, release("Homogenic", BY), length=305_500))


def score(**changes: Any) -> float:
    return by_texts(FILE, attrs.evolve(KNOWN, **changes))


def test_what_agrees_in_all_is_certain() -> None:
    assert score() == 1.0
    assert by_texts(attrs.evolve(FILE, title="joga", artists=("BJORK",)), KNOWN) == 1.0
    assert by_texts(attrs.evolve(FILE, artists=("Björk Guðmundsdóttir",)), KNOWN) == 1.0, "an alias"
    assert by_texts(attrs.evolve(FILE, title="Jóga (feat. Somebody)"), KNOWN) == 1.0
    assert by_texts(attrs.evolve(FILE, artists=("The Björk",)), KNOWN) == 1.0
    for title in ("Jóga - 2015 Remaster", "Jóga (Digitally Remastered 2015)", "Jóga [Remastered Version]"):
        assert by_texts(attrs.evolve(FILE, title=title), KNOWN) == 1.0


def test_what_is_not_known_counts_half() -> None:
    assert by_texts(Evidence("Jóga", ("Björk",)), KNOWN) == pytest.approx(0.875)
    assert by_texts(Evidence("Jogar", ("Björk",)), KNOWN) < THRESHOLD, "then nothing else may be unsure"


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Unravel"},
        {"title": "Jóga, Part 2"},
        {"title": "Jóga (live)"},
        {"disambiguation": "live, 1998-02-01: Royal Opera House"},
        {"title": "Jóga (Somebody remix)"},
        {"credit": "Hera Björk Þórhallsdóttir", "artists": ()},
        {"title": "Jogar"},
        {"length_s": 340.0},
        {"length_s": 312.0, "releases": ()},
    ],
)
def test_a_contradiction_is_never_good_enough(changes: dict[str, Any]) -> None:
    assert score(**changes) < THRESHOLD


def test_versions_are_told_apart_both_ways() -> None:
    live = attrs.evolve(KNOWN, title="Jóga (live)", releases=())
    album = attrs.evolve(FILE, album="")
    assert by_texts(attrs.evolve(album, title="Jóga (live)"), live) >= THRESHOLD
    assert by_texts(attrs.evolve(album, title="Jóga (live)"), attrs.evolve(KNOWN, releases=())) < THRESHOLD
    opera = attrs.evolve(KNOWN, disambiguation="live, 1998-02-01: Royal Opera House", releases=())
    assert by_texts(attrs.evolve(FILE, album="Live at the Opera"), opera) >= THRESHOLD > by_texts(FILE, opera)


def test_movements_are_told_apart_by_their_numbers() -> None:
    by = ("Ludwig van Beethoven",)
    second = attrs.evolve(KNOWN, title="Symphony no. 5: II. Andante", credit=by[0], artists=(), releases=())
    assert by_texts(Evidence("Symphony no. 5: II. Andante", by, "", 305.0), second) >= THRESHOLD
    assert by_texts(Evidence("Symphony no. 5: III. Andante", by, "", 305.0), second) < THRESHOLD
    assert by_texts(Evidence("Symphony no. 6: II. Andante", by, "", 305.0), second) < THRESHOLD


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Concerto for two violins in D minor: Largo", "Concerto for two violins in D major: Largo"),
        ("Etude pour piano in A minor, op. 1", "Etude pour piano in E minor, op. 1"),
        ("Partita für Violine in a-Moll", "Partita für Violine in e-Moll"),
        ("The long and winding song, part one", "The long and winding song, part two"),
        ("A very long song (feat. Somebody) (part 2)", "A very long song (part 1)"),
    ],
)
def test_works_are_told_apart_by_what_is_short(ours: str, theirs: str) -> None:
    assert by_texts(attrs.evolve(FILE, title=ours), attrs.evolve(KNOWN, title=theirs)) < THRESHOLD
    assert by_texts(attrs.evolve(FILE, title=ours), attrs.evolve(KNOWN, title=ours)) == 1.0


@pytest.mark.parametrize("disambiguation", ["early take", "mono", "extended mix", "BBC session", "en vivo"])
def test_a_version_may_be_named_beside_the_title(disambiguation: str) -> None:
    assert by_texts(FILE, attrs.evolve(KNOWN, disambiguation=disambiguation)) < THRESHOLD


def test_a_live_file_is_no_studio_recording_that_is_on_a_live_sampler_too() -> None:
    by = credit(artist("Björk"))
    both = answers.recording(
        recording("A song with a long name", by, release("Debut", by), release("Live", by, name="x"))
    )
    file = Evidence("A song with a long name (live)", ("Björk",), "Debut", 1.0)
    assert by_texts(file, both) < THRESHOLD
    assert by_texts(attrs.evolve(file, album="Live"), both) >= THRESHOLD


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2023-13-45", ""), ("0000-00-00", ""), ("2023-02-31", "2023-02"), ("2024-02-29", "2024-02-29"),
        ("1996", "1996"),
        ("1٩٩6", ""), (7, ""), ("1996-00", ""),
    ],
)  # fmt: skip
def test_dates_that_are_none(said: Any, read: str) -> None:
    assert answers.recording(recording("A", [], **{"first-release-date": said})).date == read


def test_an_identifier_is_believed_unless_the_tags_contradict_it() -> None:
    assert by_identifier(Evidence(), KNOWN) == pytest.approx(0.9)
    assert by_identifier(attrs.evolve(FILE, title="Jogar"), KNOWN) >= THRESHOLD
    assert by_identifier(attrs.evolve(FILE, title="Unravel"), KNOWN) == 0.0
    assert by_identifier(attrs.evolve(FILE, duration_s=100.0), KNOWN) == 0.0


def test_names_in_all_scripts_and_of_symbols() -> None:
    one = attrs.evolve(KNOWN, title="荒城の月", credit="!!!", artists=(), releases=())
    assert by_texts(Evidence("荒城の月", ("!!!",), "", 305.0), one) >= THRESHOLD
    assert by_texts(Evidence("荒城の月", ("???",), "", 305.0), one) == 0.0


def test_what_the_plugin_itself_has_put_proves_nothing() -> None:
    def file(**said: MetadataValue) -> Evidence:
        return of(MediaFile(1, 1, "/a", "audio/x", 1, 1, said), "own")

    theirs = MetadataValue("Its tags", "audio_tags")
    ours = MetadataValue(mbid("guess"), "own")
    assert file(title=theirs, musicbrainz_recordingid=ours) == Evidence("Its tags")
    both = MetadataValue("Ours", "own", others=(("own", "Ours, too"), ("file_names", ("Theirs", "Another"))))
    assert file(title=both, artist=both) == Evidence("Theirs", ("Theirs", "Another"))
    assert file(isrc=MetadataValue("de-zzz-22-00001", "a"), duration=MetadataValue("x", "a")).isrcs == ("DEZZZ2200001",)


def test_a_query_has_nothing_of_lucene_in_it_but_ours() -> None:
    file = Evidence('A "b" \\ AND (c) feat. D', ("E OR F",), "", 20.0)
    assert query_of(file) == r'recording:"A \"b\" \\ AND (c)" AND artist:"E OR F" AND dur:[12000 TO 28000]'
    assert "dur" not in query_of(Evidence("a", ("b",)))


def test_texts() -> None:
    assert texts.clean(" a\x00\u2028b\ud800 ") == "a b"
    assert (texts.clean(None), texts.clean(7), len(texts.clean("x" * 9999))) == ("", "", 500)
    assert texts.uuid_in(f"https://musicbrainz.org/recording/{mbid('a').upper()}?x=1") == mbid("a")
    assert texts.uuid_in(f"{mbid('a')} {mbid('b')}") == texts.uuid_in("a") == texts.uuid_in(None) == ""
    assert texts.words("DEZZZ2200001") == ["dezzz2200001"]
    assert texts.words(mbid("a")) == [mbid("a")]


def test_what_is_essential_is_required_and_what_is_malformed_left_out() -> None:
    wrong_type: Any = "x"
    odd = recording(
        "A", [{"name": 1, "artist": {"id": "x"}}, wrong_type], {"id": 1}, wrong_type,
        length="long", isrcs=["no", 7, "DEZZZ2200001"], genres={"a": 1}, relations=[1, {"type": "performance"}],
        **{"first-release-date": "yesterday"},
    )  # fmt: skip
    assert answers.recording(odd) == Recording(mbid("A"), "A", isrcs=("DEZZZ2200001",))
    wrongs: tuple[Any, ...] = (
        None,
        [],
        {},
        {"id": mbid("a")},
        {"id": mbid("a"), "title": 7},
        {"id": "x", "title": "A"},
    )
    for wrong in wrongs:
        with pytest.raises(Garbled):
            answers.recording(wrong)
        with pytest.raises(Garbled):
            answers.recordings(wrong)
        with pytest.raises(Garbled):
            answers.of_acoustid(wrong)
        with pytest.raises(Garbled):
            answers.on_track(wrong, "")
    with pytest.raises(Garbled):
        answers.recordings({"recordings": [odd, {"id": 1}]})
