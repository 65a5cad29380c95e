"""Explains a manifest's problems with its schema's descriptions: ``@expected`` describes a pattern or a range."""

from __future__ import annotations

from viewra.manifest.attributes import named
from viewra.manifest.cue import ast
from viewra.manifest.cue.kinds import bytes_hint
from viewra.manifest.cue.node import Conjunct, Node
from viewra.manifest.cue.problem import Problem
from viewra.manifest.cue.references import find


def explain(root: Node, problem: Problem) -> None:
    """Replace the problem's message with the schema's description, if there is one."""
    node, above = _at(root, problem.path)
    if problem.kind == "closed" and above is not None:
        for pattern, _, _ in above.patterns:
            label = (named(pattern.attributes, "expected") or {}).get("label")
            if label:
                problem.message = f"expected {label}"
    elif problem.kind == "value" and len({place for place in problem.places if not place.source.rank}) > 1:
        problem.message = f"is given twice, with different values: {problem.message}"
    elif problem.kind in ("bound", "type", "value") and node is not None and node.basic.concrete:
        for conjunct in node.conjuncts:
            expected = next((text for text in named(_words(conjunct), "expected") or {} if text != "label"), None)
            if expected:
                problem.message = f"expected {expected}, found {node.basic}{bytes_hint(node.basic)}"


def _at(root: Node, path: str) -> tuple[Node | None, Node | None]:
    """The node at a path, as far as it is in the manifest itself, and the node around it."""
    node: Node | None = root
    above = None
    rest = path
    while rest and node is not None:
        above = node
        if node.items is not None:
            index, _, rest = rest.partition(".")
            node = node.items[int(index)] if index.isdecimal() and int(index) < len(node.items) else None
            continue
        # a label may contain dots: take the longest that fits
        labels = [label for label in node.arcs if f"{rest}.".startswith(f"{ast.label_text(label)}.")]
        label = max(labels, key=len, default=None)
        node = node.arcs[label] if label is not None else None
        rest = rest[len(ast.label_text(label)) + 1 :] if label is not None else ""
    return node, above


def _words(conjunct: Conjunct) -> list[ast.Attribute]:
    """The attributes of a declaration, and of the definition to which it refers."""
    found = list(conjunct.attributes)
    if isinstance(conjunct.expr, ast.Reference) and conjunct.expr.hops >= 0:
        target = find(conjunct.scope.node.run, conjunct.expr, conjunct.scope) if conjunct.scope is not None else None
        for other in target.conjuncts if isinstance(target, Node) else ():
            found.extend(other.attributes)
    return found
