from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.errors import UsageError
from viewra.library.fulltext_sqlite import CREATE, expression
from viewra.library.query.expression import is_text
from viewra.library.query.parser import parse, parse_within
from viewra.library.query.tree import And, Bound, Node, Not, Or, Pattern, Query, Sort, Text

bach, mass = Text("bach"), Text("mass")


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("bach mass", And((bach, mass))),
        ('"well tempered" bach', And((Text("well tempered", quoted=True), bach))),
        ('"not closed', Text("not closed", quoted=True)),
        ("bee*", Text("bee", prefix=True)),
        ("artist:bach", Text("bach", "artist")),
        ("artist: bach", Text("bach", "artist")),
        ("Artist:bach mass", And((Text("bach", "artist"), mass))),
        ('album:"b minor"', Text("b minor", "album", quoted=True)),
        ("bach -artist:cpe", And((bach, Not(Text("cpe", "artist"))))),
        ("-bach", Not(bach)),
        ("jay-z", Text("jay-z")),
        ("12:30", Text("12:30")),
        ("!!! bach - *", bach),
        ("!!!", Text("!!!")),
        ('"!!!" bach', And((Text("!!!", quoted=True), bach))),
        ("artist:!!! bach", And((Text("!!!", "artist"), bach))),
        ("bach & mass", And((bach, mass))),
        ("OR bach OR", bach),
        ("bach or mass", And((bach, Text("or"), mass))),
        ("(bach)", bach),
        ("bach (mass OR a) b", And((bach, Or((mass, Text("a"))), Text("b")))),
        ("-(a OR bach) mass", And((Not(Or((Text("a"), bach))), mass))),
        ("bach ) mass", And((bach, mass))),
        ("( bach", bach),
        ("artist:", Text("artist:")),
        ("a b OR bach", Or((And((Text("a"), Text("b"))), bach))),
        ("year:1990..1999", Bound("year", "1990", "1999")),
        ("year:1990..", Bound("year", low="1990")),
        ("year:..1999", Bound("year", high="1999")),
        ("bitrate:>256000", Bound("bitrate", low="256000", with_low=False)),
        ("bitrate:>=256000", Bound("bitrate", low="256000")),
        ("added:<7d", Bound("added", high="7d", with_high=False)),
        ("added:<=7d", Bound("added", high="7d")),
        ('title:"a..b"', Text("a..b", "title", quoted=True)),
        ("title:~^a.(b|c)", Pattern("title", "^a.(b|c)")),
        ('title:~"a b" bach', And((Pattern("title", "a b"), bach))),
        ("(title:~a|b) bach", And((Pattern("title", "a|b"), bach))),
        ("~a", Text("a")),
        (">5", Text("5")),
        ("", And(())),
        ("()", And(())),
        ("( OR ) -()", And(())),
    ],
)
def test_what_people_type(text: str, root: Node) -> None:
    assert parse(text) == Query(root)


@pytest.mark.parametrize("text", ["", "bach OR mass", "bach) OR (mass", '"bach', "-(bach", "bach sort:-year"])
def test_no_query_leaves_the_one_within_which_it_is_asked(text: str) -> None:
    alone, kind = parse(text), Text("playlist", "kind")
    found = parse_within(text, "kind:playlist sort:title")
    parts = alone.root.nodes if isinstance(alone.root, And) else (alone.root,)
    assert found.root == (And((*parts, kind)) if parts else kind)
    assert found.sort == (alone.sort or (Sort("title"),))


def test_an_order() -> None:
    query = parse("bach sort:-added mass sort:title")
    assert query == Query(And((bach, mass)), (Sort("added", descending=True), Sort("title")))
    assert parse("sort:year").root == And(())


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("bach year:>", "column 6, 'year:>'"),
        ("year:..", "column 1, 'year:..'"),
        ("a title:~(", "column 3, 'title:~('"),
        ("a sort:", ""),
        ("a -sort:year", "column 3, 'sort:'"),
        ("(" * 17 + "a", "column 17, '('"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, piece: str) -> None:
    if not piece:
        assert parse(text).root == And((Text("a"), Text("sort:")))
        return
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert piece in str(caught.value)


def test_too_many_words_are_refused() -> None:
    with pytest.raises(UsageError, match="at most 64"):
        parse("a " * 65)


def test_what_plugins_are_asked() -> None:
    query = parse("artist:bach mass b OR goldberg -gould year:>1950")
    assert query.for_plugins() == {"artist": "bach", "q": "mass b goldberg"}


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute(CREATE)
    yield connection
    connection.close()


def ask(index: sqlite3.Connection, text: str) -> None:
    try:
        root = parse(text).root
    except UsageError:
        return
    if is_text(root):
        try:
            index.execute("SELECT rowid FROM media_search WHERE media_search MATCH ?", (expression(root),)).fetchall()
        except sqlite3.OperationalError as error:
            assert "no such column" in str(error)  # noqa: PT017 - which fields there are is not looked at here


@given(text=st.text(st.characters(exclude_categories=())))
def test_no_text_is_a_syntax_error(index: sqlite3.Connection, text: str) -> None:
    ask(index, text)


PIECES = ["a", "-", '"', "*", "OR", "AND", "NOT", "NEAR(", ")", "artist:", ":", "^", "+", "{", "}", "\0", " ", "'", "é"]


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=90))
def test_no_mix_of_operators_is_a_syntax_error(index: sqlite3.Connection, pieces: list[str]) -> None:
    ask(index, "".join(pieces))
