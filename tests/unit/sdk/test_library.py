"""What plugins ask of the library in several requests: all pages of files, and many files by their ids."""

from __future__ import annotations

import re

from viewra.library.query.parser import parse
from viewra.library.query.tree import And, Or
from viewra.testing import FakeHostServices, FakeLibrary
from viewra.types import FileEntry, Page


class Shelf(FakeLibrary):
    """A hundred and twenty files, of which a query may name some by their ids; a page has seventy at most."""

    def __init__(self) -> None:
        super().__init__()
        self.file_entries += [FileEntry(one, 1, f"/{one}.mp3", "audio/mpeg", 1, 0, "audio") for one in range(1, 121)]

    def files(self, query: str, after: str | None, limit: int) -> Page[FileEntry]:
        self.queries.append(query)
        ids = [int(one) for one in re.findall(r"id:(\d+)", query)]
        found = [one for one in self.file_entries if not ids or one.id in ids]
        begin, end = int(after or 0), int(after or 0) + min(limit, 70)
        return Page(tuple(found[begin:end]), str(end) if end < len(found) else None)


def test_pages_are_all_files_that_a_query_asks_for() -> None:
    shelf = Shelf()
    pages = list(FakeHostServices(shelf).library.pages("kind:audio"))
    assert [len(page) for page in pages] == [70, 50]
    assert [one.id for page in pages for one in page] == [*range(1, 121)]
    assert shelf.queries == ["kind:audio"] * 2


def test_many_ids_are_several_queries() -> None:
    shelf = Shelf()
    found = FakeHostServices(shelf).library.with_ids([*range(41, 161)])
    assert [one.id for one in found] == [*range(41, 121)]
    assert [query.count("id:") for query in shelf.queries] == [50, 50, 20], "a query has at most 64 conditions"
    assert shelf.queries[2].startswith("id:141 OR id:142 OR ")


def test_ids_and_another_query_are_both_conditions() -> None:
    shelf = Shelf()
    FakeHostServices(shelf).library.with_ids([1, 2], "kind:audio")
    assert shelf.queries == ["(id:1 OR id:2) (kind:audio)"]
    assert FakeHostServices(shelf).library.with_ids([]) == []


def test_another_query_may_have_alternatives_and_many_conditions() -> None:
    shelf = Shelf()
    kinds = " OR ".join(f"ext:{one}" for one in range(20))
    FakeHostServices(shelf).library.with_ids([*range(1, 51)], kinds)
    assert [query.count("id:") + query.count("ext:") for query in shelf.queries] == [45, 45]
    for query in shelf.queries:
        root = parse(query).root
        assert isinstance(root, And)
        assert [type(part) for part in root.nodes] == [Or, Or], "the ids, and the alternatives"
