"""The settings that a manifest declares: their schema, how an operator's values fill it, and what the plugin is given.

A plain value in ``settings`` is the default of its type: an operator may set another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from viewra.errors import ManifestError
from viewra.manifest.attributes import named
from viewra.manifest.coerce import coerced, nested
from viewra.manifest.cue import ast
from viewra.manifest.cue.data import Data, export_node, expression, to_json
from viewra.manifest.cue.evaluator import Evaluator
from viewra.manifest.cue.kinds import LIST, STRUCT, Basic, kinds_text
from viewra.manifest.cue.limits import Limits
from viewra.manifest.cue.node import Conjunct, Group, Node
from viewra.manifest.cue.problem import Limit, Problem, combined
from viewra.manifest.cue.source import Source
from viewra.manifest.cue.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SETTINGS = "settings"


@attrs.frozen
class SettingField:
    """One setting. ``constraint`` is the manifest's own text; ``default`` is only meaningful with ``has_default``.

    ``ui`` are the hints of ``@ui(…)``; ``secret`` is set by ``@secret()``, ``@ui(secret)`` or ``@tag(sensitive)``.
    ``required``: it has no default and must be set. ``line`` and ``column`` are its place in the manifest.
    """

    key: str
    type: str
    constraint: str
    default: Data
    has_default: bool
    required: bool
    secret: bool
    ui: Mapping[str, str | int | float | bool]
    line: int
    column: int


@attrs.frozen
class SettingsGroup:
    """A struct of settings: ``key`` is dotted, ``""`` for the whole; ``ui`` are hints on the field or inside it."""

    key: str
    ui: Mapping[str, str | int | float | bool]
    line: int


class SettingsSchema:
    """What may be set, made from the ``settings`` of one manifest; or from another part of it, with that ``name``."""

    def __init__(self, plugin_id: str, conjuncts: Sequence[Conjunct], limits: Limits, *, name: str = _SETTINGS) -> None:
        self._plugin_id = plugin_id
        self._limits = limits
        self._name = name
        group = Group(closing=True, deep=True)
        closed = ast.Struct(Source("", "", 1), 0, 0, None)  # what the manifest does not declare cannot be set
        # What the schema of manifests says of all settings declares none of them.
        declares = [name != _SETTINGS or not conjunct.expr.source.rank for conjunct in conjuncts]
        self._conjuncts = [
            *(
                attrs.evolve(conjunct, groups=(group,) if one else ())
                for conjunct, one in zip(conjuncts, declares, strict=True)
            ),
            Conjunct(closed, None, (group,)),
        ]

    def fill(self, values: Mapping[str, object] | None = None) -> dict[str, Data]:
        """The settings in force: ``values`` (nested, or under dotted keys) unified with the schema, defaults filled in.

        Raises ``ManifestError`` that lists every value that does not fit, every unknown one, and every setting that
        must be set and is not; each is placed at its line of the manifest.
        """
        try:
            data = coerced(nested(values or {}), self._node)
            given = expression(data, Source(self._name, "", 2))
        except TypeError as error:
            raise ManifestError(str(error), file=self._name) from None
        node = self._node([Conjunct(given, None)])
        problems: list[Problem] = []
        try:
            result = export_node(node.run, node, problems)
        except Limit as limit:
            raise limit.error() from None
        if problems:
            for problem in problems:
                self._explain(problem)
            raise combined(problems)
        assert isinstance(result, dict)  # noqa: S101  (the schema says so)
        return result

    def config(self, values: Mapping[str, object] | None = None) -> dict[str, str]:
        """``fill`` for ``PluginContext.config``: text under dotted keys, and all of it as JSON under ``_json``."""
        filled = to_json(self.fill(values))
        config: dict[str, str] = {}
        _flatten(filled, "", config)
        config["_json"] = json.dumps(filled, ensure_ascii=False, separators=(",", ":"))
        return config

    def fields(self) -> list[SettingField]:
        """Every setting, in the order of the manifest; a struct stands for the settings inside it."""
        return [self._described(node) for node in self._leaves(self._node())]

    def groups(self) -> list[SettingsGroup]:
        """Every struct of settings, the whole first, with its hints."""
        found: list[SettingsGroup] = []
        waiting = [self._node()]
        while waiting:
            node = waiting.pop(0)
            Value(node).errors  # noqa: B018  (evaluates it)
            hints = _hints(node)
            line, _ = node.place.source.line_column(node.place.offset)
            found.append(SettingsGroup(_key(node), hints, line))
            waiting.extend(child for _, child in _members(node) if _is_group(child))
        return found

    def _node(self, more: Sequence[Conjunct] = ()) -> Node:
        run = Evaluator(self._limits, plain_is_default=True)
        node = Node(run, self._name, None)
        node.conjuncts.extend(self._conjuncts)
        node.conjuncts.extend(more)
        return node

    def _leaves(self, node: Node) -> Iterator[Node]:
        for _, child in _members(node):
            if _is_group(child):
                yield from self._leaves(child)
            else:
                yield child

    def _described(self, node: Node) -> SettingField:
        line, column = node.place.source.line_column(node.place.offset)
        has_default, default = True, None
        try:
            default = to_json(Value(node).export())
        except ManifestError:
            has_default = False
        optional = node.presence == ast.OPTIONAL
        return SettingField(
            key=_key(node),
            type=_type(node),
            constraint=_constraint(node),
            default=default if has_default and not optional else None,
            has_default=has_default and not optional,
            required=not optional and not has_default,
            secret=_is_secret(node),
            ui=_hints(node),
            line=line,
            column=column,
        )

    def _explain(self, problem: Problem) -> None:
        """Put the problem in terms of settings: what to type, a line of the manifest, and never a secret."""
        key = problem.path.removeprefix(self._name).removeprefix(".")
        inner = self._find(key)
        if problem.kind in ("incomplete", "required"):
            problem.hint = f"viewra plugins settings {self._plugin_id} {key}=VALUE"
            problem.message = f"this setting is required: set it with `{problem.hint}`"
        elif problem.kind == "closed":
            problem.message = problem.message.replace("field not allowed here", "there is no such setting")
        elif _is_secret(inner):
            problem.message = f"the value does not fit {_constraint(inner)}"
        if all(place.source.rank for place in problem.places):
            problem.places = (inner.place,)

    def _find(self, key: str) -> Node:
        """The innermost part of the schema that a key leads to."""
        inner = self._node()
        for label in key.split("."):
            found = dict(_members(inner)).get(label)
            if found is None:
                break
            inner = found
        return inner


def _members(node: Node) -> list[tuple[str, Node]]:
    return [(label, value.node) for label, value in Value(node).members()]


def _is_group(node: Node) -> bool:
    node.run.evaluate(node)
    return node.is_struct and node.alternatives is None and node.presence != ast.OPTIONAL and bool(_members(node))


def _key(node: Node) -> str:
    return node.path.partition(".")[2]


def _constraint(node: Node) -> str:
    """The source text of its declarations."""
    fields = [conjunct.field for conjunct in node.conjuncts if conjunct.field is not None]
    return " & ".join(field.source.text[field.value.start : field.value_end] for field in fields)


def _attributes(node: Node) -> list[ast.Attribute]:
    """Those of the field's declarations, and those on lines of their own inside its struct."""
    found: list[ast.Attribute] = []
    for conjunct in node.conjuncts:
        if conjunct.field is not None:
            found.extend(conjunct.field.attributes)
        if isinstance(conjunct.expr, ast.Struct):
            found.extend(conjunct.expr.attributes)
    return found


def _hints(node: Node) -> dict[str, str | int | float | bool]:
    return dict(named(_attributes(node), "ui") or {})


def _is_secret(node: Node) -> bool:
    """Whether it, or a struct around it, is marked as secret."""
    above: Node | None = node
    while above is not None:
        attributes = _attributes(above)
        if any(attribute.name == "secret" for attribute in attributes):
            return True
        if (named(attributes, "ui") or {}).get("secret") or (named(attributes, "tag") or {}).get("sensitive"):
            return True
        above = above.parent
    return False


def _type(node: Node) -> str:
    """The kinds of value that it takes, in words."""
    kinds = 0
    for value, _ in node.alternatives if node.alternatives is not None else [(node, 0)]:
        basic = value if isinstance(value, Basic) else value.basic
        kinds |= basic.kinds
    return {LIST: "list", STRUCT: "struct"}.get(kinds) or kinds_text(kinds).replace("a list", "list")


def _flatten(value: Data, key: str, config: dict[str, str]) -> None:
    if isinstance(value, dict) and (value or not key):
        for name, item in value.items():
            _flatten(item, f"{key}.{name}" if key else name, config)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        config[key] = text
