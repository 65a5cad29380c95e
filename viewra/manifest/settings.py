"""Validates an operator's values against a manifest's settings, adds defaults, and prepares them for the plugin.

A plain value in ``settings`` is the default of its type: an operator may set another value.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence

import attrs

from viewra.errors import ManifestError
from viewra.manifest.coerce import coerced, nested
from viewra.manifest.cue import ast
from viewra.manifest.cue.data import Data, export_node, expression, to_json
from viewra.manifest.cue.evaluator import Evaluator
from viewra.manifest.cue.limits import Limits
from viewra.manifest.cue.node import Conjunct, Group, Node
from viewra.manifest.cue.problem import Limit, Problem, combined
from viewra.manifest.cue.source import Source
from viewra.manifest.cue.value import Value
from viewra.manifest.hiding import UNSAID, quotes
from viewra.manifest.marks import Secrets
from viewra.manifest.setting_fields import (
    SettingField,
    SettingsGroup,
    described,
    hints_of,
    is_group,
    key_of,
    leaves,
    members,
    type_of,
)
from viewra.manifest.shapes import Shape, shape_of, together

_SETTINGS = "settings"


class SettingsSchema:
    """The schema of the settings, made from a manifest's ``settings``, or from another part with the given ``name``."""

    def __init__(
        self,
        plugin_id: str,
        conjuncts: Sequence[Conjunct],
        limits: Limits,
        *,
        name: str = _SETTINGS,
        marks: Sequence[Conjunct] = (),
    ) -> None:
        """``marks`` are further parts of the manifest whose marks count."""
        self._plugin_id = plugin_id
        self._limits = limits
        self._name = name
        group = Group(closing=True, deep=True)
        closed = ast.Struct(Source("", "", 1), 0, 0, None)  # settings that the manifest does not declare cannot be set
        # The manifest schema's constraints on all settings declare no setting.
        declares = [name != _SETTINGS or not conjunct.expr.source.rank for conjunct in conjuncts]
        self._empty = not any(declares)
        self._conjuncts = [
            *(
                attrs.evolve(conjunct, groups=(group,) if one else ())
                for conjunct, one in zip(conjuncts, declares, strict=True)
            ),
            Conjunct(closed, None, (group,)),
        ]
        self._marked = [*conjuncts, *marks]
        self._fields: tuple[SettingField, ...] | None = None
        self._filled: tuple[bytes, dict[str, Data]] = (b"", {})

    def fill(self, values: Mapping[str, object] | None = None) -> dict[str, Data]:
        """The effective settings: ``values`` (nested, or by dotted keys) unified with the schema, with defaults.

        The last values are cached. Raises ``ManifestError`` that lists every invalid value, unknown setting and missing
        required setting, each with its line in the manifest, without quoting secrets.
        """
        if self._empty and not values:  # which is so for most plugins
            return {}
        try:
            plain = nested(values or {})
            digest = _digest(plain)
            known, filled = self._filled
            if not digest or known != digest:
                given = expression(coerced(plain, self._node), Source(self._name, "", 2))
                filled = self._evaluated(given, plain)
                self._filled = (digest, filled)
        except TypeError as error:
            raise ManifestError(str(error), file=self._name) from None
        return copy.deepcopy(filled)

    def _evaluated(self, given: ast.Expr, plain: Mapping[str, object]) -> dict[str, Data]:
        node = self._node([Conjunct(given, None)])
        problems: list[Problem] = []
        try:
            result = export_node(node.run, node, problems)
        except Limit as limit:
            raise limit.error() from None
        if problems:
            quoted = self.secrets.texts((), plain)
            for problem in problems:
                self._explain(problem, quoted)
            raise combined(problems)
        assert isinstance(result, dict)  # noqa: S101  (the schema says so)
        return result

    def config(self, values: Mapping[str, object] | None = None) -> dict[str, str]:
        """``fill`` for ``PluginContext.config``: text by dotted keys, and everything as JSON under ``_json``.

        What the host keeps to itself is left out.
        """
        given = self.fill(values)
        if not given:  # as for most plugins
            return {"_json": "{}"}
        filled = to_json(self.secrets.without_withheld(given) if self.secrets.withholds else given)
        config: dict[str, str] = {}
        _flatten(filled, "", config)
        config["_json"] = json.dumps(filled, ensure_ascii=False, separators=(",", ":"))
        return config

    def secret_texts(self, values: Mapping[str, object] | None = None) -> dict[str, str]:
        """The secret settings that are set, as text by dotted keys. Raises as ``fill``."""
        texts: dict[str, str] = {}
        _flatten(to_json(self.fill(values)), "", texts)
        return {key: text for key, text in texts.items() if self.secrets.covers(key.split("."))}

    @functools.cached_property
    def secrets(self) -> Secrets:
        """Which of them are secret: looked for when somebody asks first."""
        return Secrets(self._marked)

    def fields(self) -> list[SettingField]:
        """Every setting, in the order of the manifest; a struct contributes the settings inside it."""
        if self._fields is None:
            self._fields = tuple(described(node, self.secrets) for node in leaves(self._node()))
        return list(self._fields)

    def type_at(self, key: str) -> str:
        """The kinds of value that a key accepts, in words, also if only a pattern allows the key; ``""`` if unknown."""
        value = _around(key, ast.Reference(Source("key", "", 2), 0, 0, "_"))
        try:
            node = self._node([Conjunct(value, None)])
            for label in key.split("."):
                node = dict(members(node))[label]
            Value(node).errors  # noqa: B018  (evaluates it)
        except (KeyError, ManifestError):
            return ""
        return type_of(node) if not node.problems else ""

    def shape(self, key: str) -> Shape:
        """Which values a key accepts; nothing is known of one that the manifest does not name."""
        try:
            node = self._find(key)
            if key_of(node) != key:
                return Shape()
            return shape_of(node, self._items(key))
        except ManifestError:
            return Shape()

    def _items(self, key: str) -> Shape | None:
        """The shape of the items of a list."""
        if "list" not in shape_of(self._find(key)).kinds:
            return None
        source = Source("key", "", 2)
        one: ast.Expr = ast.ListLiteral(source, 0, 0, [ast.Reference(source, 0, 0, "_")], None)
        node = self._find(key, [Conjunct(_around(key, one), None)])
        node.run.evaluate(node)
        lists = [one for one, _ in node.alternatives] if node.alternatives is not None else [node]
        items = [one.items[0] for one in lists if isinstance(one, Node) and one.items and not one.problems]
        shapes = [
            attrs.evolve(shape_of(item), members=tuple((name, shape_of(child)) for name, child in members(item)))
            for item in items
        ]
        return together(shapes) if shapes else None

    def groups(self) -> list[SettingsGroup]:
        """Every struct of settings, the whole first, with its hints."""
        found: list[SettingsGroup] = []
        waiting = [self._node()]
        while waiting:
            node = waiting.pop(0)
            Value(node).errors  # noqa: B018  (evaluates it)
            hints = hints_of(node)
            line, _ = node.place.source.line_column(node.place.offset)
            found.append(SettingsGroup(key_of(node), hints, line))
            waiting.extend(child for _, child in members(node) if is_group(child))
        return found

    def _node(self, more: Sequence[Conjunct] = ()) -> Node:
        run = Evaluator(self._limits, plain_is_default=True)
        node = Node(run, self._name, None)
        node.conjuncts.extend(self._conjuncts)
        node.conjuncts.extend(more)
        return node

    def _explain(self, problem: Problem, secrets: set[str]) -> None:
        """Rewrite the problem for settings: what to type, a line of the manifest, and never a secret."""
        key = problem.path.removeprefix(self._name).removeprefix(".")
        inner = self._find(key)
        if problem.kind in ("incomplete", "required"):
            problem.hint = f"viewra plugins settings {self._plugin_id} {key}=VALUE"
            problem.message = f"this setting is required: set it with `{problem.hint}`"
        elif problem.kind == "closed":
            problem.message = problem.message.replace("field not allowed here", "there is no such setting")
        elif self.secrets.touches(key.split(".")) or any(quotes(problem.message, text) for text in secrets):
            problem.message = UNSAID
        if all(place.source.rank for place in problem.places):
            problem.places = (inner.place,)

    def _find(self, key: str, more: Sequence[Conjunct] = ()) -> Node:
        """The innermost part of the schema to which a key leads."""
        inner = self._node(more)
        for label in key.split("."):
            found = dict(members(inner)).get(label)
            if found is None:
                break
            inner = found
        return inner


def _around(key: str, value: ast.Expr) -> ast.Expr:
    """A struct that has this value at a dotted key."""
    for label in reversed(key.split(".")):
        struct = ast.Struct(value.source, 0, 0, None)
        field = ast.Field(value.source, 0, 0, ast.label_key(label, quoted=True), ast.MEMBER)
        field.value = value
        struct.fields.append(field)
        struct.labels.add(field.label)
        value = struct
    return value


def _flatten(value: Data, key: str, config: dict[str, str]) -> None:
    if isinstance(value, dict) and (value or not key):
        for name, item in value.items():
            _flatten(item, f"{key}.{name}" if key else name, config)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        config[key] = text


def _digest(values: Mapping[str, object]) -> bytes:
    """A key for comparing values; empty for an int with more digits than Python converts to text."""
    try:
        return hashlib.sha256(repr(values).encode("utf-8", "surrogatepass")).digest()
    except ValueError:
        return b""
