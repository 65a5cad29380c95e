"""Resolves names to fields: the nearest enclosing struct that declares the name, else the language itself.

Scopes are lexical: references cannot name fields that come by unification, nor quoted labels.
"""

from __future__ import annotations

from viewra.manifest.cue import ast
from viewra.manifest.cue.kinds import PREDECLARED
from viewra.manifest.cue.near import did_you_mean
from viewra.manifest.cue.problem import Problem

_WORDS = {
    **dict.fromkeys(["True", "TRUE", "yes", "on"], "true"),
    **dict.fromkeys(["False", "FALSE", "no", "off"], "false"),
    **dict.fromkeys(["None", "nil", "NULL", "Null", "undefined"], "null"),
    **dict.fromkeys(["Int", "integer", "Integer", "long"], "int"),
    **dict.fromkeys(["str", "String", "text", "Text"], "string"),
    **dict.fromkeys(["Bool", "boolean", "Boolean"], "bool"),
    **dict.fromkeys(["Float", "double", "Double", "decimal"], "float"),
    **dict.fromkeys(["Number", "num"], "number"),
    **dict.fromkeys(["list", "List", "array", "Array"], "[...]"),
    **dict.fromkeys(["dict", "Dict", "map", "object", "struct"], "{...}"),
    **dict.fromkeys(["any", "Any"], "_"),
}
"""Words of other languages, and CUE's equivalents."""
_HINTS = 20
"""The number of problems that get a suggestion, which takes a while to compute."""


def resolve(
    references: list[tuple[ast.Reference | ast.Call, ast.Struct | None]], problems: list[Problem], most: int
) -> None:
    """Set ``hops`` of every reference; add unresolved names to ``problems``, up to ``most`` in all."""
    for reference, innermost in references:
        if len(problems) >= most:
            return
        hops, scope = 0, innermost
        while scope is not None and reference.name not in scope.names:
            hops, scope = hops + 1, scope.outer
        if isinstance(reference, ast.Call):
            if scope is not None:
                problems.append(Problem(f"{reference.name} is a field here and cannot be called", reference.place))
        elif scope is not None:
            reference.hops = hops
            reference.within = scope
        elif reference.name not in PREDECLARED:
            if len(problems) >= _HINTS:
                problems.append(Problem(f"there is no field or type named {reference.name}", reference.place))
                continue
            meant = _WORDS.get(reference.name)
            if meant is not None:
                problems.append(Problem(f"there is no {reference.name}: in CUE it is written {meant}", reference.place))
                continue
            known = {name for level in _scopes(innermost) for name in level.names} | set(PREDECLARED)
            hint = did_you_mean(reference.name, known) or f'; write text in quotes: "{reference.name}"'
            problems.append(Problem(f"there is no field or type named {reference.name}{hint}", reference.place))


def _scopes(innermost: ast.Struct | None) -> list[ast.Struct]:
    found = []
    while innermost is not None:
        found.append(innermost)
        innermost = innermost.outer
    return found
