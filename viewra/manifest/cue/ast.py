"""The syntax tree. Nodes know their source and extent, and hold what the parser found."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from viewra.manifest.cue.source import Place, Source

Atom: TypeAlias = "bool | int | Decimal | str | bytes | None"
"""A concrete scalar. An int is CUE's int, a Decimal CUE's float: they never equal one another in unification."""

MEMBER, REQUIRED, OPTIONAL = 0, 1, 2
"""How a field is present: ``a:``, ``a!:``, ``a?:``. When several meet, the lowest wins."""


class Expr:
    """Any expression: its source text is ``source.text[start:end]``."""

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end

    @property
    def place(self) -> Place:
        """Where the expression begins."""
        return Place(self.source, self.start)

    @property
    def text(self) -> str:
        """The expression's source text."""
        return self.source.text[self.start : self.end]


class Literal(Expr):
    """A literal scalar."""

    __slots__ = ("value",)

    def __init__(self, source: Source, start: int, end: int, value: Atom) -> None:
        super().__init__(source, start, end)
        self.value = value


class Bottom(Expr):
    """``_|_``."""

    __slots__ = ()


class Template(Expr):
    r"""A string with interpolations ``\(x)``: pieces of text and expressions by turns."""

    __slots__ = ("binary", "parts")

    def __init__(self, source: Source, start: int, end: int, parts: list[str | bytes | Expr], binary: bool) -> None:
        super().__init__(source, start, end)
        self.parts = parts
        self.binary = binary


class Reference(Expr):
    """A name. ``hops`` is the number of scopes between it and its field; -1 for a name of the language itself.

    ``within`` is the struct that declares the field.
    """

    __slots__ = ("hops", "name", "within")

    def __init__(self, source: Source, start: int, end: int, name: str) -> None:
        super().__init__(source, start, end)
        self.name = name
        self.hops = -1
        self.within: Struct | None = None


class Path(Expr):
    """``base.a["b"][0]``: steps are labels (as in ``Struct``) or index expressions, each with where it begins."""

    __slots__ = ("base", "steps")

    def __init__(self, source: Source, start: int, end: int, base: Expr, steps: list[tuple[str | Expr, int]]) -> None:
        super().__init__(source, start, end)
        self.base = base
        self.steps = steps


class Unary(Expr):
    """A prefix operator: ``+ - !`` or a bound ``< <= > >= != =~ !~``."""

    __slots__ = ("operand", "operator")

    def __init__(self, source: Source, start: int, end: int, operator: str, operand: Expr) -> None:
        super().__init__(source, start, end)
        self.operator = operator
        self.operand = operand


class Chain(Expr):
    """Binary operators of one precedence, from left to right."""

    __slots__ = ("first", "rest")

    def __init__(self, source: Source, start: int, end: int, first: Expr, rest: list[tuple[str, Expr]]) -> None:
        super().__init__(source, start, end)
        self.first = first
        self.rest = rest


class Meet(Expr):
    """``a & b & …``."""

    __slots__ = ("items",)

    def __init__(self, source: Source, start: int, end: int, items: list[Expr]) -> None:
        super().__init__(source, start, end)
        self.items = items


class Join(Expr):
    """``a | *b | …``: each alternative with whether it is marked as default."""

    __slots__ = ("alternatives", "marked", "plain", "simple")

    def __init__(
        self, source: Source, start: int, end: int, alternatives: list[tuple[Expr, bool]], *, plain: bool = False
    ) -> None:
        super().__init__(source, start, end)
        self.plain = plain
        """Whether it stands for a plain value in settings, whose default overrides all others."""
        self.alternatives = alternatives
        self.marked = any(mark for _, mark in alternatives)
        self.simple: object = None
        """The evaluator's cache of alternatives that do not depend on a scope."""


class Call(Expr):
    """A call of a built-in function."""

    __slots__ = ("arguments", "name")

    def __init__(self, source: Source, start: int, end: int, name: str, arguments: list[Expr]) -> None:
        super().__init__(source, start, end)
        self.name = name
        self.arguments = arguments


class Attribute(Expr):
    """``@name(body)``; ``arguments()`` in ``attributes`` reads the body."""

    __slots__ = ("body", "name")

    def __init__(self, source: Source, start: int, end: int, name: str, body: str) -> None:
        super().__init__(source, start, end)
        self.name = name
        self.body = body


class Field(Expr):
    """One field declaration; the extent is the label's.

    ``label`` is the key used inside: quoted labels that look like ``_hidden`` or ``#Definition`` get a ``"`` in front.
    """

    __slots__ = ("attributes", "label", "presence", "value", "value_end")

    def __init__(self, source: Source, start: int, end: int, label: str, presence: int) -> None:
        super().__init__(source, start, end)
        self.label = label
        self.presence = presence
        self.value: Expr = self
        self.value_end = end
        self.attributes: list[Attribute] = []


class Pattern(Expr):
    """``[label]: value``: a constraint on every field whose name unifies with ``label``."""

    __slots__ = ("attributes", "label", "value")

    def __init__(self, source: Source, start: int, end: int, label: Expr) -> None:
        super().__init__(source, start, end)
        self.label = label
        self.value: Expr = self
        self.attributes: list[Attribute] = []


class Struct(Expr):
    """``{…}``, or a whole file. ``names`` are the labels that references inside can see."""

    __slots__ = ("attributes", "embedded", "fields", "labels", "names", "open", "outer", "patterns")

    def __init__(self, source: Source, start: int, end: int, outer: Struct | None) -> None:
        super().__init__(source, start, end)
        self.outer = outer
        self.fields: list[Field] = []
        self.patterns: list[Pattern] = []
        self.embedded: list[Expr] = []
        self.attributes: list[Attribute] = []
        self.names: set[str] = set()
        self.labels: set[str] = set()
        self.open = False


class ListLiteral(Expr):
    """``[a, b, ...T]``; ``rest`` is T, or a reference to ``_`` for a bare ``...``, or None for a closed list."""

    __slots__ = ("items", "rest")

    def __init__(self, source: Source, start: int, end: int, items: list[Expr], rest: Expr | None) -> None:
        super().__init__(source, start, end)
        self.items = items
        self.rest = rest


def label_key(text: str, *, quoted: bool) -> str:
    """The key of a label inside the evaluator."""
    return f'"{text}' if quoted and text.startswith(("_", "#", '"')) else text


def label_text(key: str) -> str:
    """The label's own text, for data."""
    return key.removeprefix('"')


def is_regular(key: str) -> bool:
    """Whether the label is neither hidden nor a definition."""
    return not key.startswith(("_", "#"))


def is_definition(key: str) -> bool:
    """Whether the label is ``#A`` or ``_#A``."""
    return key.startswith(("#", "_#"))
