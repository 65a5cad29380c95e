from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.errors import UsageError
from viewra.library.fulltext_sqlite import expression
from viewra.library.query import TEXT_FIELDS, Alternative, Query, Term, parse


def one(*wanted: Term, unwanted: tuple[Term, ...] = ()) -> Query:
    return Query((Alternative(wanted, unwanted),))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("bach mass", one(Term("bach"), Term("mass"))),
        ('"well tempered" bach', one(Term("well tempered"), Term("bach"))),
        ('"not closed', one(Term("not closed"))),
        ("bee*", one(Term("bee*", prefix=True))),
        ("artist:bach", one(Term("bach", "artist"))),
        ("artist: bach", one(Term("bach", "artist"))),
        ("Artist:bach mass", one(Term("bach", "artist"), Term("mass"))),
        ('album:"b minor"', one(Term("b minor", "album"))),
        ("bach -artist:cpe", one(Term("bach"), unwanted=(Term("cpe", "artist"),))),
        ('bach -"c p e"', one(Term("bach"), unwanted=(Term("c p e"),))),
        ("jay-z", one(Term("jay-z"))),
        ("12:30", one(Term("12:30"))),
        ("!!! bach - *", one(Term("bach"))),
        ("OR bach OR", one(Term("bach"))),
        ("bach or mass", one(Term("bach"), Term("or"), Term("mass"))),
        ("(bach)", one(Term("bach"))),
        ("artist:", one(Term("artist:"))),
        ("a b OR c", Query((Alternative((Term("a"), Term("b"))), Alternative((Term("c"),))))),
        ("???", Query(())),
        ("", Query(())),
    ],
)
def test_what_people_type(text: str, query: Query) -> None:
    assert parse(text) == query


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("artits:bach", "did you mean 'artist'? To search"),
        ("album_artist:bach", "did you mean 'albumartist'? To search"),
        ("zzzz:bach", "the fields are title, artist, album, albumartist, composer, genre, date, path. To search"),
    ],
)
def test_an_unknown_field_says_what_was_meant(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert hint in str(caught.value.hint)


def test_only_exclusions_are_refused() -> None:
    with pytest.raises(UsageError, match="what is wanted"):
        parse("-bach")


def test_too_many_words_are_refused() -> None:
    with pytest.raises(UsageError, match="at most 64"):
        parse("a " * 65)


def test_what_plugins_are_asked() -> None:
    assert parse("artist:bach mass b OR goldberg -gould").for_plugins() == {"artist": "bach", "q": "mass b goldberg"}


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    columns = ", ".join((*TEXT_FIELDS, "path"))
    connection.execute(f"CREATE VIRTUAL TABLE media_search USING fts5({columns})")
    yield connection
    connection.close()


def ask(index: sqlite3.Connection, text: str) -> None:
    try:
        query = parse(text)
    except UsageError:
        return
    if query.alternatives:
        index.execute("SELECT rowid FROM media_search WHERE media_search MATCH ?", (expression(query),)).fetchall()


@given(text=st.text(st.characters(exclude_categories=())))
def test_no_text_is_a_syntax_error(index: sqlite3.Connection, text: str) -> None:
    ask(index, text)


PIECES = ["a", "-", '"', "*", "OR", "AND", "NOT", "NEAR(", ")", "artist:", ":", "^", "+", "{", "}", "\0", " ", "'", "é"]


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=90))
def test_no_mix_of_operators_is_a_syntax_error(index: sqlite3.Connection, pieces: list[str]) -> None:
    ask(index, "".join(pieces))
