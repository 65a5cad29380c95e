"""Words are cut as SQLite's full-text search cuts them."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.library.tokens import tokens

SCRIPTS = [*range(0x01, 0x530), *range(0x1E00, 0x2000), *range(0x3040, 0x3100), *range(0x4E00, 0x4E80)]
"""Latin, Greek, Cyrillic and combining marks; Latin and Greek extended; kana; some Han."""

LEFT_OUT = {0x1E0, 0x1E1}
"""SQLite keeps the two diacritics of these."""


def sqlite_tokens(texts: list[str]) -> list[list[str]]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize = 'unicode61 remove_diacritics 2')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
        connection.executemany("INSERT INTO t(rowid, x) VALUES (?, ?)", enumerate(texts))
        found: dict[int, dict[int, str]] = defaultdict(dict)
        for term, document, offset in connection.execute("SELECT term, doc, offset FROM v"):
            found[document][offset] = term
    finally:
        connection.close()
    return [[found[row][offset] for offset in sorted(found[row])] for row in range(len(texts))]


def test_each_character_folds_joins_or_parts_as_in_sqlite() -> None:
    assigned = [code for code in SCRIPTS if unicodedata.category(chr(code)) != "Cn" and code not in LEFT_OUT]
    texts = [f"a{chr(code)}b" for code in assigned]
    differing = {
        hex(code): (ours, theirs)
        for code, text, theirs in zip(assigned, texts, sqlite_tokens(texts), strict=True)
        if (ours := tokens(text)) != theirs and unicodedata.ucd_3_2_0.category(chr(code)) != "Cn"
    }
    assert differing == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Vögel, Bjørk & AC/DC", ["vogel", "bjørk", "ac", "dc"]),
        ("Ψυχή Щи", ["ψυχή", "щи"]),
        ("e\u0301tude", ["etude"]),
        ("  ...  ", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert tokens(text) == words
    assert sqlite_tokens([text]) == [words]


@given(st.lists(st.sampled_from("abC ÄéÑø-.'\u0301\u0308ßЩ1९"), max_size=30).map("".join))
def test_mixtures(text: str) -> None:
    assert [tokens(text)] == sqlite_tokens([text])
