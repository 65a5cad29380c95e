"""Parses declarations; ``expressions`` parses expressions. Unsupported constructs are refused by name.

The parser continues after an error with the next declaration, so that all errors are reported.
"""

from __future__ import annotations

from viewra.manifest.cue import ast
from viewra.manifest.cue.expressions import ExpressionParser
from viewra.manifest.cue.lexer import Lexer
from viewra.manifest.cue.limits import Limits
from viewra.manifest.cue.names import resolve
from viewra.manifest.cue.problem import Limit, Problem, combined
from viewra.manifest.cue.source import Place, Source

_LABELS = frozenset(["name", "string"])
_REFUSED = {
    "import": "an import",
    "let": "a let clause",
    "for": "a comprehension (for)",
    "if": "a comprehension (if)",
}


def parse(source: Source, limits: Limits) -> ast.Struct:
    """The tree of one file. Raises ``ManifestError`` that lists all problems."""
    try:
        size = len(source.text.encode())
    except UnicodeEncodeError as error:
        raise Problem(
            "half of a surrogate pair, which is not a character", Place(source, error.start)
        ).error() from None
    if size > limits.file_bytes:
        raise Limit(f"the text is longer than {limits.file_bytes:,} bytes", Place(source, 0)).error()
    problems: list[Problem] = []
    try:
        lexer = Lexer(source, limits)
        problems = lexer.problems
        lexer.run()
        parser = Parser(lexer, limits)
        tree = parser.file()
        if not parser.introduced:
            resolve(parser.references, problems, limits.errors)
    except Problem as problem:
        raise combined([*problems, problem]) from None
    if problems:
        raise combined(problems)
    return tree


class Parser(ExpressionParser):
    """Parses declarations. ``references`` collects every name with its scope, for ``names.resolve``."""

    def file(self) -> ast.Struct:
        """Parse the whole file as one struct."""
        tree = ast.Struct(self.source, 0, len(self.source.text), None)
        self.scope = tree
        while self.tokens[self.at].kind == "attribute":
            tree.attributes.append(self._attribute())
            self._separator("end")
        if self._is_word("package") and self.tokens[self.at + 1].kind == "name":
            self.at += 2
            self._separator("end")
        self._declarations(tree, "end")
        return tree

    def struct(self) -> ast.Struct:
        """Parse ``{…}``; the brace is the current token."""
        start = self.tokens[self.at].start
        tree = ast.Struct(self.source, start, start, self.scope)
        self.scope = tree
        self.at += 1
        self._declarations(tree, "}")
        tree.end = self.tokens[self.at].end
        self.at += 1
        self.scope = tree.outer
        return tree

    def _declarations(self, tree: ast.Struct, closing: str) -> None:
        while self.tokens[self.at].kind != closing:
            start, depth = self.at, self.depth
            try:
                self._declaration(tree)
                self._separator(closing)
            except Limit:
                raise
            except Problem as problem:
                self.problems.append(problem)
                if len(self.problems) >= self.limits.errors:
                    raise self.problems.pop() from None
                self.scope, self.depth = tree, depth
                self._skip(start, closing)

    def _skip(self, start: int, closing: str) -> None:
        """Skip to the declaration after the one that began at token ``start``."""
        failed, at = self.at, start
        while True:
            kind = self.tokens[at].kind
            if kind == closing or (kind == "," and at >= failed):
                break
            at = self.lexer.closing.get(at, at) + 1
        self.at = at + 1 if self.tokens[at].kind == "," else at

    def _separator(self, closing: str) -> None:
        token = self.tokens[self.at]
        if token.kind == ",":
            self.at += 1
        elif token.kind != closing:
            raise self.problem(f"expected a comma or a line end, found {self.shown(token)}", token)

    def _attribute(self) -> ast.Attribute:
        token = self.tokens[self.at]
        self.at += 1
        name = self.source.text[token.start + 1 : token.end].partition("(")[0]
        return ast.Attribute(self.source, token.start, token.end, name, str(token.value))

    def _is_word(self, word: str) -> bool:
        token = self.tokens[self.at]
        return token.kind == "name" and token.value == word

    def _is_label(self) -> bool:
        """Whether a field begins here."""
        after = self.tokens[self.at + 1].kind
        if after in ("?", "!"):
            after = self.tokens[self.at + 2].kind
        return after == ":" and self.tokens[self.at].kind in _LABELS

    def _declaration(self, tree: ast.Struct) -> None:
        token = self.tokens[self.at]
        kind = token.kind
        if kind in _LABELS or kind == "[":
            if self._label_follows():
                self._field(tree)
                return
            following = self.tokens[self.at + 1]
            if kind == "name" and token.value in _REFUSED and following.kind not in (",", ".", "}", "end"):
                raise self.refused(_REFUSED[str(token.value)], token)
            if kind == "name" and following.kind == "=":
                value, after = (*(one.kind for one in self.tokens[self.at + 2 : self.at + 4]), "end", "end")[:2]
                if after != ":" and value not in ("{", "["):
                    raise self.problem(f"a field takes a colon: {self.shown(token)}: …", following)
                raise self.refused("an alias", token)
        elif kind == "attribute":
            tree.attributes.append(self._attribute())
            return
        elif kind == "...":
            self.at += 1
            tree.open = True
            if self.tokens[self.at].kind not in (",", "}", "end"):
                raise self.refused("a type after ... in a struct", self.tokens[self.at])
            return
        elif kind in ("(", "template") and self._dynamic():
            raise self.refused("a dynamic label", token)
        tree.embedded.append(self.expression())

    def _label_follows(self) -> bool:
        if self.tokens[self.at].kind != "[":
            return self._is_label()
        return self.tokens[self.lexer.closing[self.at] + 1].kind == ":"

    def _dynamic(self) -> bool:
        """Whether the brackets, or the string with interpolations, are the label of a field."""
        after, depth = self.at, 0
        while True:
            kind = self.tokens[after].kind
            depth += {"template": 1, "tail": -1}.get(kind, 0)
            after = self.lexer.closing.get(after, after) + 1
            if depth == 0:
                break
        if self.tokens[after].kind in ("?", "!"):
            after += 1
        return self.tokens[after].kind == ":"

    def _field(self, tree: ast.Struct) -> None:
        """Parse ``a: b: [pattern]: value @attribute(…)``; all labels but the last open a nested struct."""
        outer, levels = tree, 0
        while True:
            levels += 1
            self.deeper(self.tokens[self.at])
            declared = self._pattern(outer) if self.tokens[self.at].kind == "[" else self._label(outer)
            token = self.tokens[self.at]
            if token.kind in _LABELS or token.kind == "[":
                if not self._label_follows():
                    break
            else:
                break
            inner = ast.Struct(self.source, token.start, token.start, outer)
            declared.value = inner
            self.scope = outer = inner
        declared.value = self.expression()
        end = self.tokens[self.at - 1].end
        if isinstance(declared, ast.Field):
            declared.value_end = end
        while self.tokens[self.at].kind == "attribute":
            declared.attributes.append(self._attribute())
        self.depth -= levels
        while outer is not tree:
            outer.end = end
            assert outer.outer is not None  # noqa: S101  (made above, inside ``tree``)
            outer = outer.outer
        self.scope = tree

    def _pattern(self, tree: ast.Struct) -> ast.Pattern:
        opening = self.tokens[self.at]
        self.at += 1
        if self.tokens[self.at].kind == "name" and self.tokens[self.at + 1].kind == "=":
            raise self.refused("an alias", self.tokens[self.at])
        pattern = ast.Pattern(self.source, opening.start, opening.end, self.expression())
        self.expect("]")
        pattern.end = self.tokens[self.at - 1].end
        self.expect(":")
        tree.patterns.append(pattern)
        return pattern

    def _label(self, tree: ast.Struct) -> ast.Field:
        token = self.tokens[self.at]
        quoted = token.kind == "string"
        if isinstance(token.value, bytes):
            raise self.problem("a label cannot be bytes", token)
        if not quoted and token.value.startswith("__"):
            raise self.problem("names that start with __ are reserved", token)
        if not quoted and token.value == "_":
            raise self.problem("_ cannot be a label", token)
        label = ast.label_key(token.value, quoted=quoted)
        self.at += 1
        presence = {"?": ast.OPTIONAL, "!": ast.REQUIRED}.get(self.tokens[self.at].kind, ast.MEMBER)
        if presence != ast.MEMBER:
            self.at += 1
        self.expect(":")
        if self.tokens[self.at].kind == ":":
            raise self.refused("::", self.tokens[self.at])
        field = ast.Field(self.source, token.start, token.end, label, presence)
        tree.fields.append(field)
        tree.labels.add(label)
        if not quoted:
            tree.names.add(label)
        return field
