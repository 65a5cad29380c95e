"""The test data of the language's own repository, for development: ``VIEWRA_CUE_SUITE`` is a checkout of cue-lang/cue.

Its archives hold CUE whose fields say in ``@test(eq, …)`` what they are, and in ``@test(err, …)`` that they fail. Files
with constructs that manifests cannot have are left out, and so are values that are not data.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from viewra.errors import ManifestError
from viewra.manifest.cue import Value, ast, loads
from viewra.manifest.cue.faults import failure
from viewra.manifest.cue.node import Node
from viewra.manifest.cue.problem import Problem

SUITE = os.environ.get("VIEWRA_CUE_SUITE", "")
AGREES = 0.98
"""The share of statements that must hold; what is left is where the documents say that the evaluators differ."""


def archives() -> Iterator[tuple[str, str]]:
    for file in sorted(Path(SUITE, "cue", "testdata").rglob("*.txtar")):
        parts = re.split(r"^-- (\S+) --\n", file.read_text(), flags=re.MULTILINE)[1:]
        sources = {name: text for name, text in zip(parts[::2], parts[1::2], strict=True) if name.endswith(".cue")}
        if list(sources) == ["in.cue"]:
            yield file.name, sources["in.cue"]


def statements(node: Node, written: frozenset[ast.Struct]) -> Iterator[tuple[Node, str]]:
    """Every ``@test`` of a file with the field that it stands on; ``written`` are the structs in the text for ``node``.

    A field of another struct, to which this one refers, has what that one says: here it may have another value.
    """
    node.run.evaluate(node)
    for arc in node.arcs.values():
        fields = [field for struct in written for field in struct.fields if field.label == arc.label]
        yield from ((arc, one.body) for field in fields for one in field.attributes if one.name == "test")
        if arc.presence != ast.OPTIONAL:
            yield from statements(arc, frozenset(struct for field in fields for struct in structs(field.value)))


def structs(expr: ast.Expr) -> Iterator[ast.Struct]:
    """The structs in the text of a field's value, alternatives left out."""
    if isinstance(expr, ast.Struct):
        yield expr
    elif isinstance(expr, ast.Meet):
        for item in expr.items:
            yield from structs(item)


def holds(node: Node, body: str) -> bool | None:
    """Whether a statement is true; None when it is not about data."""
    kind, _, rest = body.partition(",")
    if "at=" in body or kind not in ("eq", "err"):
        return None
    try:
        if kind == "err":
            return bool(failure(node)) or bool(_export(node) is None)
        expected = loads(f"x: {rest}").export()
    except ManifestError:
        return None
    assert isinstance(expected, dict)
    return _export(node) == [expected["x"]]


def _export(node: Node) -> list[object] | None:
    try:
        return [Value(node).export()]
    except ManifestError:
        return None


@pytest.mark.skipif(not SUITE, reason="VIEWRA_CUE_SUITE names no checkout of cue-lang/cue")
def test_statements_of_the_official_suite() -> None:
    said = 0
    wrong: list[str] = []
    for name, text in archives():
        try:
            node = loads(text, name).node
            found = list(statements(node, frozenset(structs(node.conjuncts[0].expr))))
        except (ManifestError, Problem):
            continue  # a construct that manifests cannot have, or more than a manifest may ask for
        for node, body in found:
            try:
                outcome = holds(node, body)
            except Problem:
                continue
            said += outcome is not None
            if outcome is False:
                wrong.append(f"{name}: {node.path}: {body[:80]!r}")
    assert said > 100
    assert len(wrong) <= (1 - AGREES) * said, "\n".join([f"of {said} statements {len(wrong)} do not hold", *wrong])
