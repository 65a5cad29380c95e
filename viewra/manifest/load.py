"""Loads a ``Manifest``: evaluates a file's text, unifies it with the schema, and converts the result."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import attrs

from viewra.errors import ManifestError
from viewra.manifest import model
from viewra.manifest.cue import ast
from viewra.manifest.cue.data import Data, export_node, missing
from viewra.manifest.cue.evaluator import Evaluator
from viewra.manifest.cue.faults import collect
from viewra.manifest.cue.limits import Limits
from viewra.manifest.cue.node import Conjunct, Node
from viewra.manifest.cue.problem import Limit, Problem, combined
from viewra.manifest.cue.source import Place
from viewra.manifest.cue.value import parse_text
from viewra.manifest.explain import explain
from viewra.manifest.findings import notes, outside
from viewra.manifest.hiding import Hidden
from viewra.manifest.requirements import unmet
from viewra.manifest.runtime import RuntimeSchema, runtime
from viewra.manifest.scheduled import not_scheduled
from viewra.manifest.settings import SettingsSchema

_LIMITS = Limits()


def load(path: Path) -> model.Manifest:
    """Load a manifest: a ``.cue`` file, or a directory that contains ``plugin.cue``.

    Raises ``ManifestError`` that lists all errors. Does not look at the files that the manifest names.
    """
    file = path / "plugin.cue" if path.is_dir() else path
    return loads(read_text(file), file)


def read_text(file: Path) -> str:
    """The text of a manifest. Raises ``ManifestError`` if it is unreadable, too long or not UTF-8."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(_LIMITS.file_bytes + 1)
    except OSError as error:
        raise ManifestError(f"cannot be read: {error.strerror}", file=str(file)) from error
    if len(raw) > _LIMITS.file_bytes:
        raise ManifestError(f"longer than {_LIMITS.file_bytes:,} bytes", file=str(file))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise ManifestError("not UTF-8", file=str(file), line=line, column=column) from error


def loads(text: str, file: Path) -> model.Manifest:
    """``load`` for a text; ``file`` is its origin."""
    try:
        tree = parse_text(text, str(file))
    except ManifestError as failed:
        raise Hidden(text, None).without(failed) from None
    try:
        manifest = _read(tree, file)
        warnings = [warning for one in manifest.warnings for warning in Hidden(text, tree).without(one).errors]
        return attrs.evolve(manifest, warnings=tuple(warnings)) if warnings else manifest
    except Limit as limit:
        raise limit.error() from None
    except ManifestError as failed:
        raise Hidden(text, tree).without(failed) from None
    except RecursionError:
        raise ManifestError("nested too deeply for the stack that is left", file=str(file), line=1, column=1) from None


@functools.cache
def _schema() -> ast.Struct:
    """The tree of the schema, parsed once per process."""
    file = Path(__file__).with_name("plugin_schema.cue")
    return parse_text(file.read_text(encoding="utf-8"), file.name, rank=1)


@functools.cache
def _defaults() -> dict[str, Data]:
    """The values of fields that a manifest does not mention, evaluated once per process."""
    run = Evaluator(_LIMITS)
    root = Node(run, "", None)
    root.conjuncts.extend(_evaluated(run, _schema()).arcs["#Manifest"].conjuncts)
    run.evaluate(root)
    found: dict[str, Data] = {}
    for label, arc in root.arcs.items():
        problems: list[Problem] = []
        value = export_node(run, arc, problems)
        if not problems and arc.presence == ast.MEMBER:
            found[label] = value
    return found


def _evaluated(run: Evaluator, tree: ast.Struct) -> Node:
    """The root of a file, evaluated."""
    node = Node(run, "", None)
    node.conjuncts.append(Conjunct(tree, None))
    run.evaluate(node)
    return node


def _read(tree: ast.Struct, file: Path) -> model.Manifest:
    run = Evaluator(_LIMITS)
    whole, schema = _evaluated(run, tree), _evaluated(run, _schema())

    # Manifests in the wild hold their data inside a definition, which knows only its own fields: the schema's defaults
    # must come in, so its conjuncts are taken without the group that closes them.
    plugin = whole.arcs.get("#Plugin", whole)
    root = Node(run, "", None)
    root.conjuncts.extend(
        Conjunct(conjunct.expr, conjunct.scope, trail=conjunct.trail, field=conjunct.field)
        for conjunct in plugin.conjuncts
    )
    fields = schema.arcs["#Manifest"].conjuncts
    root.conjuncts.extend(fields)
    known = {label for conjunct in fields if isinstance(conjunct.expr, ast.Struct) for label in conjunct.expr.labels}

    problems: list[Problem] = []
    data = _data(root, problems)
    for arc in whole.arcs.values():
        # Evaluate the rest of the file now: later several threads fill in settings that refer to it.
        if plugin is not whole and arc is not plugin and arc.presence == ast.MEMBER:
            collect(arc, problems)
    warnings: list[Problem] = []
    notes(root, known, data, problems, warnings)
    outside(whole, plugin, known, problems, warnings)
    entry_point = _entry_point(root, data, problems)
    if not problems:
        unmet(root, data, problems)
        not_scheduled(root, data, problems)
    if problems:
        for problem in problems:
            explain(root, problem)
        raise combined(problems)
    settings = SettingsSchema(data["id"], root.arcs["settings"].conjuncts, _LIMITS)
    declared, own = schema.arcs["#Runtime"].conjuncts, root.arcs["runtime"].conjuncts
    how_run = RuntimeSchema(data["id"], declared, own, data["runtime"], _LIMITS)
    place = root.arcs["entry_points"].arcs["main"].place
    return _manifest(file, data, entry_point, settings, how_run, combined(warnings).errors if warnings else (), place)


def _data(root: Node, problems: list[Problem]) -> dict[str, Any]:
    """All fields but the settings as plain data; settings are a schema and need no values."""
    run = root.run
    run.evaluate(root)
    problems.extend(root.problems)
    for _, waits in root.pending:
        problems.append(Problem(waits.message, waits.place))
    data: dict[str, Any] = {}
    for label, arc in list(root.arcs.items()):
        if label == "settings" or not ast.is_regular(label):
            collect(arc, problems)
        elif arc.presence == ast.REQUIRED:
            problems.append(missing(root, arc))
        elif arc.presence == ast.MEMBER:
            absent = label in _defaults() and all(conjunct.expr.source.rank == 1 for conjunct in arc.conjuncts)
            data[label] = _defaults()[label] if absent else export_node(run, arc, problems)
    return data


def _entry_point(root: Node, data: Mapping[str, Any], problems: list[Problem]) -> str:
    """The executable's relative path; a path that leads out of the plugin's directory is a problem."""
    main = (data.get("entry_points") or {}).get("main")
    if not isinstance(main, str):
        return ""
    path = PurePosixPath(main)
    depth = lowest = 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        lowest = min(lowest, depth)
    if path.is_absolute() or lowest < 0 or depth <= 0 or "\0" in main:
        place = root.arcs["entry_points"].arcs["main"].place
        problems.append(
            Problem(f"expected a file inside the plugin's directory, found {main!r}", place, path="entry_points.main")
        )
    return main


def _manifest(
    file: Path,
    data: dict[str, Any],
    entry_point: str,
    settings: SettingsSchema,
    runtime_schema: RuntimeSchema,
    warnings: tuple[ManifestError, ...],
    place: Place,
) -> model.Manifest:
    offered = {name for name, value in data["capabilities"].items() if value is True}
    return model.Manifest(
        file=file,
        id=data["id"],
        name=data["name"],
        version=data["version"],
        description=data["description"],
        author=data["author"],
        website=data["website"],
        repository=data["repository"],
        license=data["license"],
        help=data["help"],
        opt_in=data["opt_in"],
        database_engines=frozenset(data["database"]["engines"]),
        type=data["type"] if data["type"] in model.TYPES else "generic",
        tags=tuple(data["tags"]),
        entry_point=entry_point,
        capabilities=frozenset(offered & set(model.CAPABILITIES)),
        other_capabilities=frozenset(offered - set(model.CAPABILITIES)),
        permissions=tuple(map(_permission, data["permissions"])),
        settings=settings,
        runtime=runtime(data["runtime"]),
        runtime_schema=runtime_schema,
        warnings=warnings,
        entry_point_place=place.source.line_column(place.offset),
        requires=data["requires"],
        media_types={name: tuple(extensions) for name, extensions in data["media_types"].items()},
        priority=data["priority"],
        schedules=data["schedules"],
    )


def _permission(value: str | dict[str, Data]) -> model.Permission:
    if isinstance(value, str):
        resource, _, action = value.partition(":")
        return model.Permission(resource, (action,) if action else ())
    details = {name: item for name, item in value.items() if name not in ("resource", "actions")}
    actions = value["actions"]
    assert isinstance(actions, list)  # noqa: S101  (the schema says so)
    return model.Permission(str(value["resource"]), tuple(str(action) for action in actions), details)
