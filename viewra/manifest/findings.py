"""Finds unknown fields, older names, unknown types and misplaced fields of a manifest that evaluates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from viewra.manifest import model
from viewra.manifest.asked import permissions
from viewra.manifest.cue import ast
from viewra.manifest.cue.near import nearest
from viewra.manifest.cue.node import Node
from viewra.manifest.cue.problem import Problem
from viewra.manifest.doubts import defaults, hints


def notes(
    root: Node, known: Collection[str], data: Mapping[str, Any], problems: list[Problem], warnings: list[Problem]
) -> None:
    """Add the findings; a field with a name close to a ``known`` one is a problem: its content would be ignored."""
    for label, arc in root.arcs.items():
        if not ast.is_regular(label) or label in known or arc.presence == ast.OPTIONAL:
            continue
        meant = nearest(label, known)
        if meant is not None and not _is_set(root.arcs[meant]):
            problems.append(Problem(f"there is no such field, did you mean {meant}?", arc.place, path=label))
        else:
            warnings.append(Problem("unknown field, ignored", arc.place, path=label))
    kind = data.get("type")
    if isinstance(kind, str) and kind not in model.TYPES:
        meant = nearest(kind, model.TYPES)
        hint = f", did you mean {meant}?" if meant else ""
        message = f"unknown type {kind!r}, treated as generic{hint}"
        warnings.append(Problem(message, root.arcs["type"].place, path="type"))
    _capabilities(root, data, warnings)
    permissions(root, data, problems, warnings)
    hints(root.arcs["settings"], warnings)
    defaults(root.arcs["settings"], warnings)


def outside(
    whole: Node, plugin: Node, known: Collection[str], problems: list[Problem], warnings: list[Problem]
) -> None:
    """Add misplaced fields: outside #Plugin, or in a definition with a similar name."""
    for label, arc in whole.arcs.items():
        if plugin is not whole:
            if label in known and arc.presence != ast.OPTIONAL:
                message = "is outside #Plugin and ignored: move it inside"
                warnings.append(Problem(message, arc.place, path=label))
        elif label.strip('_#"').lower().removesuffix("s") in ("plugin", "manifest") and "id" not in whole.arcs:
            arc.run.evaluate(arc)
            if "id" not in arc.arcs:
                continue
            # this includes everything that is missing at the top
            problems[:] = [problem for problem in problems if problem.kind != "required"]
            warnings[:] = [warning for warning in warnings if warning.path != label]
            name = ast.label_text(label)
            problems.append(
                Problem(f"the fields of a manifest belong in #Plugin, not in {name}", arc.place, path=label)
            )


def _capabilities(root: Node, data: Mapping[str, Any], warnings: list[Problem]) -> None:
    names, known = data.get("capabilities"), (*model.CAPABILITIES, *model.EXTENSIONS)
    for name in names if isinstance(names, dict) else ():
        if name in known:
            continue
        arc = root.arcs["capabilities"].arcs[name]
        if not isinstance(data["capabilities"][name], bool):
            message = "unknown capability and not true or false, ignored"
        elif name in model.OLDER_CAPABILITIES:
            instead = (
                f"; the service is called {model.OLDER_CAPABILITIES[name]} now"
                if model.OLDER_CAPABILITIES[name]
                else ""
            )
            message = f"an older name of a capability, kept{instead}"
        else:
            meant = nearest(name, known)
            message = "unknown capability, kept" + (f"; did you mean {meant}?" if meant else "")
        warnings.append(Problem(message, arc.place, path=f"capabilities.{name}"))


def _is_set(arc: Node) -> bool:
    return any(conjunct.field is not None and conjunct.field.source.rank == 0 for conjunct in arc.conjuncts)
