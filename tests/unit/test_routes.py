"""Declared paths and what they match, in the notation of this SDK and of Go's routers."""

from __future__ import annotations

import pytest

from viewra.routes import BadPath, Table


@pytest.mark.parametrize(
    ("declared", "path", "parameters"),
    [
        ("/stats", "/stats", {}),
        ("/stats", "/stats/", {}),
        ("/stats/", "/stats", {}),
        ("/", "/", {}),
        ("/{name}", "/a b", {"name": "a b"}),
        ("/{name}/x", "/é/x", {"name": "é"}),
        ("/files/{path:path}", "/files/a/b", {"path": "a/b"}),
        ("/files/{path:path}", "/files/", {"path": ""}),
        ("/:id", "/7", {"id": "7"}),
        ("/static/*rest", "/static/a/b.js", {"rest": "a/b.js"}),
        ("/a.b", "/a.b", {}),
        ("/{a}-{b}", "/x-y", {"a": "x", "b": "y"}),
    ],
)
def test_a_path_that_matches(declared: str, path: str, parameters: dict[str, str]) -> None:
    found = Table([("GET", declared, "it")]).find("GET", path)
    assert found is not None
    assert (found.target, found.parameters) == ("it", parameters)


@pytest.mark.parametrize(
    ("declared", "path"),
    [
        ("/stats", "/stat"),
        ("/stats", "/stats/x"),
        ("/{name}", "/a/b"),
        ("/{name}", "/"),
        ("/a.b", "/axb"),
        ("/a", "/A"),
    ],
)
def test_a_path_that_does_not(declared: str, path: str) -> None:
    assert Table([("GET", declared, "it")]).find("GET", path) is None


def test_methods() -> None:
    table = Table([("GET", "/a", "get"), ("POST", "/a", "post"), ("PUT", "/b", "put")])
    assert [table.find(method, "/a").target for method in ("GET", "HEAD", "POST")] == ["get", "get", "post"]  # type: ignore[union-attr]
    refused = table.find("DELETE", "/a")
    assert refused is not None
    assert (refused.target, refused.allows) == (None, ("GET", "HEAD", "POST"))
    assert table.find("HEAD", "/b").allows == ("PUT",)  # type: ignore[union-attr]


def test_the_first_declaration_wins_and_a_head_of_its_own_counts() -> None:
    table = Table([("GET", "/{any}", "first"), ("GET", "/a", "second"), ("HEAD", "/a", "head")])
    assert table.find("GET", "/a").target == "first"  # type: ignore[union-attr]
    assert table.find("HEAD", "/a").target == "head"  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["/{a}/{a}", "/{a", "/a}", "/{1}", "/{a:int}", "/{}"])
def test_a_path_that_cannot_be_declared(path: str) -> None:
    with pytest.raises(BadPath):
        Table([("GET", path, "it")])
