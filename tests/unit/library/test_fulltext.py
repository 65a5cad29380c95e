"""PostgreSQL's index finds what SQLite's finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import POSTGRESQL, postgresql_schema
from viewra.db import open_database, reading, writing
from viewra.db.tables import directories, libraries, media_files
from viewra.errors import UsageError
from viewra.library import fulltext
from viewra.library.query.expression import is_text
from viewra.library.query.fields import INDEXED
from viewra.library.query.parser import parse
from viewra.library.query.tree import leaves
from viewra.library.words import indexed

if POSTGRESQL is None:
    pytest.skip("VIEWRA_TEST_POSTGRESQL names no PostgreSQL to compare SQLite with", allow_module_level=True)

WORDS = ["bach", "Bäch", "bachs", "mass", "b", "minor", "b minor", "AC/DC", "jay-z", "don't", "ψυχή", "Щи", "1685", "ǵ"]
PIECES = [
    *WORDS,
    "ba*",
    "m*",
    '"b minor"',
    '"minor b"',
    "-",
    "OR",
    "title:",
    "artist:",
    "path:",
    '"',
    "(",
    "'",
    "&",
    "!",
]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[sa.Engine, sa.Engine]]:
    folder = tmp_path_factory.mktemp("fulltext")
    with postgresql_schema() as url:
        both = open_database(f"sqlite:///{folder / 'viewra.db'}"), open_database(url)
        for engine in both:
            fill(engine)
        yield both
        for engine in both:
            engine.dispose()


def fill(engine: sa.Engine) -> None:
    """100 files that differ in which words are in which fields."""
    documents: list[dict[str, object]] = []
    for number in range(1, 101):
        texts = dict.fromkeys(INDEXED, "")
        for step, name in enumerate(INDEXED):
            words = [WORDS[(number * (step + 3) + offset * number // 7) % len(WORDS)] for offset in range(number % 4)]
            texts[name] = " ".join(words)
        documents.append({"rowid": number, **texts})
    hostile = dict.fromkeys(INDEXED, "")
    documents.append({"rowid": 101, **hostile, "title": "nul\0 'quote' \\ back & ! | :* 1/bach"})
    documents.append({"rowid": 102, **hostile, "title": "x" * 3_000_000 + " mass"})
    documents.append({"rowid": 103, **hostile, "title": "mass " * 300_000, "artist": "minor"})
    with writing(engine) as connection:
        connection.execute(sa.insert(libraries).values(id=1, path=b"/m", path_text="/m", created_at=0))
        connection.execute(sa.insert(directories).values(id=1, library_id=1, path=b"/m", last_seen_job=1))
        common = {
            "library_id": 1,
            "directory_id": 1,
            "path_text": "",
            "size": 0,
            "mtime_ns": 0,
            "device": 0,
            "inode": 0,
        }
        common |= {"mime_type": "audio/flac", "fingerprint": None, "event_due": False}
        rows = [{**common, "id": document["rowid"], "name": str(document["rowid"]).encode()} for document in documents]
        connection.execute(sa.insert(media_files), rows)
        for document in documents:
            document |= {name: indexed([str(document[name])]) for name in INDEXED}
        fulltext.index(connection, documents)


def found(engine: sa.Engine, text: str) -> list[int]:
    query = parse(text).root
    if not is_text(query) or any(leaf.field not in {"", *INDEXED} for leaf in leaves(query)):
        return []
    with reading(engine) as connection:
        rank = fulltext.rank(connection.dialect.name, query)
        hits = sa.select(fulltext.media_search.c.rowid, rank.label("rank")).where(
            fulltext.matches(connection.dialect.name, query)
        )
        rows = connection.execute(hits.order_by(fulltext.media_search.c.rowid)).all()
    assert all(row.rank <= 0 for row in rows)
    return [row.rowid for row in rows]


@pytest.mark.parametrize(
    "text",
    [
        "bach", "BÄCH", "ba*", "title:ba*",
        '"b minor"', 'album:"b minor"', "b -minor", "bach OR mass -b", "ac/dc", "jay-z*",
        "don't", "title:don't", "ψυχη", "ψυχή", "щи", "g", "path:1685", "1/bach", "quote", "xx*", '"minor bach"',
    ],
)  # fmt: skip
def test_the_same_files(engines: tuple[sa.Engine, sa.Engine], text: str) -> None:
    sqlite, postgresql = (found(engine, text) for engine in engines)
    assert postgresql == sqlite


def test_the_comparison_is_not_of_nothing(engines: tuple[sa.Engine, sa.Engine]) -> None:
    assert all(
        found(engines[0], text) for text in ("bach", "ba*", '"b minor"', "path:1685", "title:don't", "bach -mass")
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=7), glue=st.sampled_from([" ", ""]))
def test_any_search_finds_the_same_files(engines: tuple[sa.Engine, sa.Engine], pieces: list[str], glue: str) -> None:
    try:
        sqlite, postgresql = (found(engine, glue.join(pieces)) for engine in engines)
    except UsageError:
        return
    assert postgresql == sqlite


@given(text=st.text(st.characters(exclude_categories=()), max_size=20))
def test_no_text_is_a_syntax_error(engines: tuple[sa.Engine, sa.Engine], text: str) -> None:
    try:
        found(engines[1], text)
    except UsageError:
        return
