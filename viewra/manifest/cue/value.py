"""The public API of the evaluator: ``loads`` and ``Value``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from viewra.errors import ManifestError
from viewra.manifest.cue import ast
from viewra.manifest.cue.data import Data, export_node, expression
from viewra.manifest.cue.evaluator import Evaluator
from viewra.manifest.cue.faults import collect
from viewra.manifest.cue.kinds import Basic
from viewra.manifest.cue.limits import Limits
from viewra.manifest.cue.near import did_you_mean
from viewra.manifest.cue.node import Conjunct, Node
from viewra.manifest.cue.parser import parse
from viewra.manifest.cue.problem import Limit, Problem, combined
from viewra.manifest.cue.source import Source

_DEFAULTS = Limits()


class Value:
    """A CUE value: a file, or a part of one. Immutable, and evaluated on demand.

    Every method may raise ``ManifestError`` when a limit is reached.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def __repr__(self) -> str:
        return f"<Value {self.path or '(file)'}>"

    @property
    def path(self) -> str:
        """The dotted path from the file that it was found in."""
        return self._node.path

    @property
    def steps(self) -> int:
        """The number of steps that the evaluation has taken so far."""
        return self._node.run.meter.steps

    @property
    def errors(self) -> tuple[ManifestError, ...]:
        """All definite errors, in the order of the text; unknown values are not errors."""
        problems: list[Problem] = []
        try:
            collect(self._node, problems)
        except Limit as limit:
            problems = [limit]
        except RecursionError:
            problems = [_too_deep(self._node)]
        return combined(problems).errors if problems else ()

    def export(self) -> Data:
        """Plain data: dict, list, str, int, float, bool, None, bytes; without definitions and hidden fields.

        Raises ``ManifestError`` that lists all errors, including every field without a value.
        """
        problems: list[Problem] = []
        try:
            result = export_node(self._node.run, self._node, problems)
        except Limit as limit:
            raise limit.error() from None
        except RecursionError:
            raise _too_deep(self._node).error() from None
        if problems:
            raise combined(problems)
        return result

    def unify(self, *others: Value) -> Value:
        """The unification ``self & other & …``: a new value with its own budget."""
        run = Evaluator(self._node.run.limits)
        node = Node(run, "", None)
        for value in (self, *others):
            node.conjuncts.extend(value._node.conjuncts)  # noqa: SLF001  (its own class)
        return Value(node)

    def lookup(self, path: str) -> Value:
        """The part at a dotted path (``"settings.timeout"``, ``"#Plugin"``, ``"tags.0"``).

        Raises ``ManifestError`` if there is no such field.
        """
        node = self._node
        for step in path.split("."):
            inside = self._fields_of(node)
            if step not in inside:
                known = [ast.label_text(name) for name in inside]
                place = Problem(f"there is no field {step}{did_you_mean(step, known)}", node.place, path=node.path)
                raise place.error()
            node = inside[step]
        return Value(node)

    def __contains__(self, path: str) -> bool:
        node = self._node
        for step in path.split("."):
            inside = self._fields_of(node)
            if step not in inside:
                return False
            node = inside[step]
        return True

    def _fields_of(self, node: Node) -> Mapping[str, Node]:
        chosen = self._chosen(node)
        if not isinstance(chosen, Node):
            return {}
        if chosen.items is not None:
            return {str(index): item for index, item in enumerate(chosen.items)}
        return chosen.arcs

    def _chosen(self, node: Node) -> Node | Basic:
        """The node with the fields, after taking defaults; the node itself while several alternatives are left."""
        try:
            node.run.evaluate(node)
            while node.alternatives is not None and isinstance(node.chosen, Node):
                node = node.chosen
        except Limit as limit:
            raise limit.error() from None
        except RecursionError:
            raise _too_deep(node).error() from None
        return node

    def members(self) -> Iterator[tuple[str, Value]]:
        """The regular fields, optional ones too, in the order of the text."""
        node = self._chosen(self._node)
        if isinstance(node, Node):
            for label, arc in list(node.arcs.items()):
                if ast.is_regular(label):
                    yield ast.label_text(label), Value(arc)

    @property
    def node(self) -> Node:
        """The evaluated node, for the manifest's own modules."""
        return self._node


def loads(text: str, filename: str = "plugin.cue", *, limits: Limits = _DEFAULTS) -> Value:
    """Parse CUE text; fields are evaluated on demand.

    Raises ``ManifestError`` that lists every syntax error, unsupported construct and unresolved name. ``filename`` is
    only for messages.
    """
    return from_tree(parse_text(text, filename, limits=limits), limits=limits)


def parse_text(text: str, filename: str, *, rank: int = 0, limits: Limits = _DEFAULTS) -> ast.Struct:
    """The syntax tree of a text; raises ``ManifestError``. ``rank`` as in ``Source``."""
    source = Source(filename, text.removeprefix("\ufeff").replace("\r\n", "\n"), rank)
    try:
        return parse(source, limits)
    except RecursionError:
        raise ManifestError("nested too deeply", file=filename, line=1, column=1) from None


def from_tree(tree: ast.Expr, *, limits: Limits = _DEFAULTS) -> Value:
    """The value of a syntax tree."""
    node = Node(Evaluator(limits), "", None)
    node.conjuncts.append(Conjunct(tree, None))
    return Value(node)


def from_data(data: object, name: str = "data", *, limits: Limits = _DEFAULTS) -> Value:
    """Plain Python data as a value; ``name`` is for messages. Raises ``ManifestError`` for data that CUE lacks."""
    try:
        return from_tree(expression(data, Source(name, "", 2)), limits=limits)
    except TypeError as error:
        raise ManifestError(str(error), file=name) from None


def _too_deep(node: Node) -> Problem:
    """The caller's own stack was nearly used up before a limit was reached."""
    return Problem("nested too deeply for the stack that is left", node.place)
