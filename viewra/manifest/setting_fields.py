"""Describes one setting for people and forms: type, default, constraint, hints and place in the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from viewra.errors import ManifestError
from viewra.manifest.attributes import named
from viewra.manifest.cue import ast
from viewra.manifest.cue.data import Data, to_json
from viewra.manifest.cue.kinds import LIST, STRUCT, Basic, kinds_text
from viewra.manifest.cue.node import Node
from viewra.manifest.cue.value import Value
from viewra.manifest.marks import Secrets


@attrs.frozen
class SettingField:
    """One setting. ``constraint`` is the manifest's text; ``default`` is only meaningful with ``has_default``.

    ``ui`` are the hints of ``@ui(…)``. ``secret`` is set by ``@secret()``, ``@ui(secret)`` or ``@tag(sensitive)``;
    ``holds_secret`` also if only a part of the value is secret. ``required``: it has no default and must be set.
    ``line`` and ``column`` are its place in the manifest, ``comment`` the text above it.
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
    holds_secret: bool = False
    comment: str = ""

    @property
    def title(self) -> str:
        """The label in a form; the key if the manifest has no ``@ui(title=…)``."""
        return str(self.ui.get("title") or self.key.rpartition(".")[2])

    @property
    def help(self) -> str:
        """One or two sentences of help: ``@ui(help=…)``, else the comment."""
        return str(self.ui.get("help") or self.comment)

    @property
    def group(self) -> str:
        """The heading in a form: ``@ui(group=…)``, else the key of the struct around it."""
        return str(self.ui.get("group") or self.key.rpartition(".")[0])

    @property
    def widget(self) -> str:
        """The kind of input that the manifest requests, ``@ui(widget=…)``; ``""``: by the type."""
        return str(self.ui.get("widget", ""))


@attrs.frozen
class SettingsGroup:
    """A struct of settings. ``key`` is dotted, ``""`` for all settings; ``ui`` are hints on the field or inside it."""

    key: str
    ui: Mapping[str, str | int | float | bool]
    line: int


def leaves(node: Node) -> Iterator[Node]:
    """The settings below a node, in the order of the manifest."""
    for _, child in members(node):
        if is_group(child):
            yield from leaves(child)
        else:
            yield child


def described(node: Node, secrets: Secrets) -> SettingField:
    """Describe one setting."""
    key = key_of(node)
    path = key.split(".")
    line, column = node.place.source.line_column(node.place.offset)
    has_default, default = True, None
    try:
        default = to_json(Value(node).export())
    except ManifestError:
        has_default = False
    optional = node.presence == ast.OPTIONAL
    return SettingField(
        key=key,
        type=type_of(node),
        constraint=constraint_of(node),
        default=default if has_default and not optional else None,
        has_default=has_default and not optional,
        required=not optional and not has_default,
        secret=secrets.covers(path),
        ui=hints_of(node),
        line=line,
        column=column,
        holds_secret=secrets.touches(path),
        comment=_comment(node),
    )


def _comment(node: Node) -> str:
    """The comment on the lines above a declaration."""
    field = node.field
    if field is None or field.source.rank:
        return ""
    *above, beside = field.source.text[: field.start].split("\n")
    found: list[str] = []
    while not beside.strip() and above and above[-1].strip().startswith("//"):
        found.append(above.pop().strip().removeprefix("//").strip())
    return " ".join(reversed(found))


def members(node: Node) -> list[tuple[str, Node]]:
    """The regular fields, optional ones too."""
    return [(label, value.node) for label, value in Value(node).members()]


def is_group(node: Node) -> bool:
    """Whether it is a struct whose fields are settings."""
    node.run.evaluate(node)
    return node.is_struct and node.alternatives is None and node.presence != ast.OPTIONAL and bool(members(node))


def key_of(node: Node) -> str:
    """The dotted key of a setting."""
    return node.path.partition(".")[2]


def constraint_of(node: Node) -> str:
    """The source text of its declarations."""
    fields = [conjunct.field for conjunct in node.conjuncts if conjunct.field is not None]
    return " & ".join(field.source.text[field.value.start : field.value_end] for field in fields)


def _attributes(node: Node) -> list[ast.Attribute]:
    """The attributes of the field's declarations, and those inside its struct."""
    found: list[ast.Attribute] = []
    for conjunct in node.conjuncts:
        found.extend(conjunct.attributes)
        if isinstance(conjunct.expr, ast.Struct):
            found.extend(conjunct.expr.attributes)
    return found


def hints_of(node: Node) -> dict[str, str | int | float | bool]:
    """The arguments of its ``@ui(…)``."""
    return dict(named(_attributes(node), "ui") or {})


def type_of(node: Node) -> str:
    """The kinds of value that it accepts, in words."""
    kinds = 0
    for value, _ in node.alternatives if node.alternatives is not None else [(node, 0)]:
        basic = value if isinstance(value, Basic) else value.basic
        kinds |= basic.kinds
    return {LIST: "list", STRUCT: "struct"}.get(kinds) or kinds_text(kinds).replace("a list", "list")
