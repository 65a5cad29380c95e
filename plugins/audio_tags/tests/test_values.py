"""Values are clean, bounded, apart from one another and named once."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from viewra_plugins.audio_tags.service.values import MAX_TOTAL, MAX_VALUE, clean, gather, merge
from viewra_plugins.audio_tags.service.vocabulary import FIELDS

from viewra.types.values import Value


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (" Für  Elise ", "Für  Elise"),
        ("a\0b", "a b"),
        ("a\x1b[31mred\x07", "a [31mred"),
        ("two\r\nlines", "two lines"),
        ("half \ud800 pair", "half \ufffd pair"),
        ("\0\0", ""),
        ("花", "花"),
    ],
)
def test_clean(raw: str, text: str) -> None:
    assert clean(raw) == text


def test_comments_keep_their_lines() -> None:
    assert clean("two\r\nlines\rand\x0bmore\n", multiline=True) == "two\nlines\nand more"


@given(st.text(st.characters(), max_size=50), st.booleans())
def test_clean_is_utf8_without_controls_and_stays_so(raw: str, multiline: bool) -> None:
    text = clean(raw, multiline=multiline)
    text.encode()
    assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in text)
    assert clean(text, multiline=multiline) == text


@pytest.mark.parametrize("letter", ["a", "ü", "花", "\U0001d11e"])
def test_a_long_value_is_cut_between_characters(letter: str) -> None:
    text = clean(letter * MAX_VALUE)
    assert MAX_VALUE - 4 < len(text.encode()) <= MAX_VALUE
    assert set(text) == {letter}


@pytest.mark.parametrize(
    ("pairs", "fields"),
    [
        ([("artist", "a"), ("artist", "b"), ("artist", "a")], {"artist": ["a", "b"]}),
        ([("artist", "a; b")], {"artist": "a; b"}),
        ([("tracknumber", "03/12")], {"tracknumber": "3", "totaltracks": "12"}),
        ([("tracknumber", "3 of 12")], {"tracknumber": "3", "totaltracks": "12"}),
        ([("tracknumber", "3/")], {"tracknumber": "3"}),
        ([("tracknumber", "A1")], {"tracknumber": "A1"}),
        ([("tracknumber", "0"), ("totaltracks", "00")], {}),
        ([("discnumber", "1/2"), ("totaldiscs", "3")], {"discnumber": "1", "totaldiscs": "2"}),
        ([("discnumber", "one"), ("discnumber", "2")], {"discnumber": "2"}),
        ([("compilation", "True")], {"compilation": "1"}),
        ([("compilation", "0")], {}),
        ([("date", "1853"), ("date", "1855")], {"date": "1853"}),
        ([("date", "0000"), ("date", "1855")], {"date": "1855"}),
        ([("title", " "), ("title", "x")], {"title": "x"}),
        ([("artist", "AC/DC")], {"artist": "AC/DC"}),
    ],
)
def test_gather(pairs: list[tuple[str, str]], fields: Mapping[str, Value]) -> None:
    assert merge([gather(pairs)]) == fields


def test_the_first_tag_that_has_a_field_counts() -> None:
    assert merge([{"title": ["a"]}, {"title": ["b"], "album": ["b", "c"]}]) == {"title": "a", "album": ["b", "c"]}


def test_the_values_of_a_field_and_all_together_are_bounded() -> None:
    many = merge([gather(("artist", str(i)) for i in range(100_000))])["artist"]
    assert MAX_VALUE - 10 < len("; ".join(many).encode()) <= MAX_VALUE
    everything = merge([gather((field, "x" * MAX_VALUE) for field in sorted(FIELDS))])
    assert sum(map(len, everything.values())) <= MAX_TOTAL
