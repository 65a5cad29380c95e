"""Text is folded and cut into words as people type it."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.library.folding import fold
from viewra.library.words import GAP, SYMBOL, Wanted, indexed, wanted

anything = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Vögel, Bjørk", "vogel, bjork"),
        ("Straße ﬁn Æsir œuvre", "strasse fin aesir oeuvre"),
        ("Łódź đ ı İ", "lodz d i i"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Щи й ё", "щи и е"),
        ("e\u0301tude", "etude"),
        ("ＡＢＣ１", "abc1"),
        ("ｶﾞｰﾙ", "がーる"),
        ("ガール", "がーる"),
        ("Sound™ №١", "sound  no1"),
        ("हिन्दी", "हिन्दी"),
        ("אֱלֹהִים", "אלהים"),
        ("مُحَمَّد", "محمد"),
        ("ไทย", "ไทย"),
        ("方", "方"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(text=anything)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(text=st.text())
def test_case_makes_no_difference(text: str) -> None:
    for letter in text:  # İ is two letters in lower case, ß two in upper case
        assert fold(letter.upper()) == fold(letter) or fold(letter.lower()) == fold(letter)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["T.N.T."], f"t n t {GAP} tnt"),
        (["Don't Cry"], f"don t cry {GAP} dont cry"),
        (["10,000 Maniacs"], f"10 000 maniacs {GAP} 10000 maniacs"),
        (["plain words"], "plain words"),
        (["Simon & Garfunkel"], "simon garfunkel"),
        (["a", "b"], f"a {GAP} b"),
        (["!!!"], f"{SYMBOL}21" * 3),
        (["初恋"], "初恋 恋"),
        (["東京事変 live"], "東京 京事 事変 変 live"),
        (["東京abc"], "東京 京 abc"),
        ([""], ""),
        ([], ""),
        ([" \t\0"], ""),
    ],
)
def test_words_of_the_index(values: list[str], words: str) -> None:
    assert indexed(values) == words


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("acdc", Wanted((("acdc",),))),
        ("AC/DC", Wanted((("ac", "dc"), ("acdc",)))),
        ("恋", Wanted((("恋",),), prefix=True)),
        ("初恋", Wanted((("初恋",),))),
        ("+/-", Wanted(((f"{SYMBOL}2b{SYMBOL}2f{SYMBOL}2d",),))),
        (" ", None),
    ],
)
def test_what_is_asked(text: str, asked: Wanted | None) -> None:
    assert wanted(text) == asked


@given(value=anything, other=anything)
def test_a_value_is_found_by_itself(value: str, other: str) -> None:
    asked = wanted(value)
    words = f" {indexed([other, value])} "
    if asked is not None:
        assert f" {' '.join(asked.sequences[0])} " in words or (asked.prefix and f" {asked.sequences[0][0]}" in words)


@given(values=st.lists(anything))
def test_sqlite_cuts_no_word_further(values: list[str]) -> None:
    words = indexed(values)
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize = 'ascii')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
        connection.execute("INSERT INTO t(x) VALUES (?)", (words,))
        found = [term for (term,) in connection.execute("SELECT term FROM v ORDER BY offset")]
    finally:
        connection.close()
    assert found == words.split()
