"""Parses expressions, with an explicit operator stack instead of a function per precedence."""

from __future__ import annotations

from viewra.manifest.cue import ast
from viewra.manifest.cue.lexer import Lexer, Token
from viewra.manifest.cue.limits import Limits
from viewra.manifest.cue.numbers import NumberError, parse_number
from viewra.manifest.cue.problem import Limit, Problem
from viewra.manifest.cue.source import Place

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "=~", "!~")
PRECEDENCE = {"|": 1, "&": 2, "||": 3, "&&": 4, **dict.fromkeys(_COMPARISONS, 5), "+": 6, "-": 6, "*": 7, "/": 7}
_PREFIX = frozenset(["+", "-", "!", "*", "<", "<=", ">", ">=", "!=", "=~", "!~", "=="])
_CONSTANTS: dict[str, bool | None] = {"null": None, "true": True, "false": False}
FUNCTIONS = frozenset(["len", "close", "and", "or", "div", "mod", "quo", "rem"])


class ExpressionParser:
    """Parses expressions at ``at``. ``Parser`` adds declarations, which struct literals need."""

    def __init__(self, lexer: Lexer, limits: Limits) -> None:
        self.lexer = lexer
        self.source = lexer.source
        self.tokens = lexer.tokens
        self.problems = lexer.problems
        self.limits = limits
        self.at = 0
        self.depth = 0
        self.scope: ast.Struct | None = None
        self.introduced = False
        """Whether a refused construct would have introduced names, so that unknown names are not reported."""
        self.references: list[tuple[ast.Reference | ast.Call, ast.Struct | None]] = []

    def struct(self) -> ast.Struct:
        """Parse ``{…}``; the subclass parses the declarations."""
        raise NotImplementedError

    def problem(self, message: str, token: Token) -> Problem:
        """A problem at a token."""
        return Problem(message, Place(self.source, token.start))

    def refused(self, construct: str, token: Token) -> Problem:
        """The problem of an unsupported construct."""
        self.introduced = self.introduced or construct in ("an import", "a let clause", "an alias")
        return self.problem(f"{construct} is not supported in a manifest", token)

    def shown(self, token: Token) -> str:
        """The token as messages show it."""
        if token.kind == "end" or (token.kind == "," and token.value == "\n"):
            return "the end of the file" if token.kind == "end" else "the end of the line"
        text = self.source.text[token.start : token.end].splitlines()[0]
        return text if len(text) <= 40 else f"{text[:37]}..."

    def expect(self, kind: str) -> None:
        """Consume a required token."""
        token = self.tokens[self.at]
        if token.kind != kind:
            raise self.problem(f"expected {kind!r}, found {self.shown(token)}", token)
        self.at += 1

    def deeper(self, token: Token) -> None:
        """Add one level of nesting; the caller subtracts it again."""
        self.depth += 1
        if self.depth > self.limits.nesting:
            raise Limit(f"the text is nested deeper than {self.limits.nesting}", Place(self.source, token.start))

    def expression(self) -> ast.Expr:
        """Parse one expression with all its binary operators."""
        depth = self.depth
        self.deeper(self.tokens[self.at])
        first, mark = self._operand()
        if self.tokens[self.at].kind not in PRECEDENCE:
            if mark is not None:
                raise self.problem("a default mark * belongs in front of an alternative of |", mark)
            self.depth = depth
            return first
        operands, operators, marks = [first], [], [mark]
        while (operator := self.tokens[self.at].kind) in PRECEDENCE:
            self.at += 1
            operand, mark = self._operand()
            operands.append(operand)
            operators.append(operator)
            marks.append(mark)
        self.depth = depth
        return self._fold(operands, operators, marks)

    def _fold(self, operands: list[ast.Expr], operators: list[str], marks: list[Token | None]) -> ast.Expr:
        """Group by precedence, the tightest first; a default mark is valid only directly beside ``|``."""
        for level in sorted({PRECEDENCE[operator] for operator in operators}, reverse=True):
            new_operands, new_operators, new_marks = [], [], []
            index, count = 0, len(operators)
            while index <= count:
                end = index
                while end < count and PRECEDENCE[operators[end]] == level:
                    end += 1
                if end == index:
                    new_operands.append(operands[index])
                    new_marks.append(marks[index])
                else:
                    group = operands[index : end + 1]
                    mark = next((token for token in marks[index : end + 1] if token is not None), None)
                    if mark is not None and level > 1:
                        raise self.problem("a default mark * belongs in front of a whole alternative of |", mark)
                    rest = list(zip(operators[index:end], group[1:], strict=True))
                    flags = [token is not None for token in marks[index : end + 1]]
                    new_operands.append(self._group(level, group, rest, flags))
                    new_marks.append(None)
                if end < count:
                    new_operators.append(operators[end])
                index = end + 1
            operands, operators, marks = new_operands, new_operators, new_marks
        return operands[0]

    def _group(
        self, level: int, group: list[ast.Expr], rest: list[tuple[str, ast.Expr]], flags: list[bool]
    ) -> ast.Expr:
        start, end = group[0].start - flags[0], group[-1].end
        if level == 1:
            return ast.Join(self.source, start, end, list(zip(group, flags, strict=True)))
        if level == 2:
            return ast.Meet(self.source, start, end, group)
        return ast.Chain(self.source, start, end, group[0], rest)

    def _operand(self) -> tuple[ast.Expr, Token | None]:
        """Parse prefix operators and their operand; returns the default mark's token if it came first."""
        mark: Token | None = None
        prefixes: list[Token] = []
        while (token := self.tokens[self.at]).kind in _PREFIX:
            if token.kind == "*":
                if mark is not None or prefixes:
                    raise self.problem("a default mark * belongs in front of an alternative of |", token)
                mark = token
            else:
                prefixes.append(token)
                self.deeper(token)
            self.at += 1
        operand = self._postfix(self._primary())
        if isinstance(operand, ast.Reference) and self.tokens[self.at].kind == "=":
            raise self.refused("an alias", self.tokens[self.at])
        self.depth -= len(prefixes)
        for prefix in reversed(prefixes):
            if prefix.kind == "==":
                raise self.problem("== compares two values: a field takes the value itself", prefix)
            operand = ast.Unary(self.source, prefix.start, operand.end, prefix.kind, operand)
        return operand, mark

    def _postfix(self, base: ast.Expr) -> ast.Expr:
        steps: list[tuple[str | ast.Expr, int]] = []
        while (token := self.tokens[self.at]).kind in (".", "[", "(", "?"):
            self.at += 1
            if token.kind == ".":
                label = self.tokens[self.at]
                if label.kind not in ("name", "string") or isinstance(label.value, bytes):
                    raise self.problem(f"expected a field name, found {self.shown(label)}", label)
                self.at += 1
                steps.append((ast.label_key(label.value, quoted=label.kind == "string"), label.start))
            elif token.kind == "[":
                if self.tokens[self.at].kind == ":":
                    raise self.refused("a slice", token)
                steps.append((self.expression(), token.start))
                if self.tokens[self.at].kind == ":":
                    raise self.refused("a slice", token)
                self.expect("]")
            else:
                text = self.source.text[base.start : token.start]
                raise self.refused(f"a call of {text[:40]}" if token.kind == "(" else "a query", token)
        if not steps:
            return base
        return ast.Path(self.source, base.start, self.tokens[self.at - 1].end, base, steps)

    def _primary(self) -> ast.Expr:
        token = self.tokens[self.at]
        kind, start, end = token.kind, token.start, token.end
        if kind == "name":
            return self._name(token)
        if kind == "string":
            self.at += 1
            return ast.Literal(self.source, start, end, token.value)
        if kind == "number":
            self.at += 1
            try:
                return ast.Literal(self.source, start, end, parse_number(str(token.value), self.limits))
            except NumberError as error:
                raise self.problem(str(error), token) from None
        if kind == "{":
            return self.struct()
        if kind == "[":
            return self._list()
        if kind == "(":
            self.at += 1
            inner = self.expression()
            self.expect(")")
            return inner
        if kind == "template":
            return self._template()
        if kind == "_|_":
            self.at += 1
            return ast.Bottom(self.source, start, end)
        raise self.problem(f"expected a value, found {self.shown(token)}", token)

    def _name(self, token: Token) -> ast.Expr:
        name = str(token.value)
        self.at += 1
        if name in _CONSTANTS:
            return ast.Literal(self.source, token.start, token.end, _CONSTANTS[name])
        if self.tokens[self.at].kind == "(":
            return self._call(name, token)
        reference = ast.Reference(self.source, token.start, token.end, name)
        self.references.append((reference, self.scope))
        return reference

    def _call(self, name: str, token: Token) -> ast.Expr:
        if name not in FUNCTIONS:
            raise self.refused(f"a call of {name}()", token)
        self.at += 1
        arguments: list[ast.Expr] = []
        while self.tokens[self.at].kind != ")":
            arguments.append(self.expression())
            if self.tokens[self.at].kind != ")":
                self.expect(",")
        self.at += 1
        wanted = 2 if name in ("div", "mod", "quo", "rem") else 1
        if len(arguments) != wanted:
            raise self.problem(f"{name}() takes {wanted} argument{'s'[: wanted > 1]}, found {len(arguments)}", token)
        call = ast.Call(self.source, token.start, self.tokens[self.at - 1].end, name, arguments)
        self.references.append((call, self.scope))
        return call

    def _list(self) -> ast.Expr:
        opening = self.tokens[self.at]
        self.at += 1
        items: list[ast.Expr] = []
        rest: ast.Expr | None = None
        while (token := self.tokens[self.at]).kind != "]":
            if token.kind == "...":
                self.at += 1
                rest = self._rest(token)
                if self.tokens[self.at].kind == ",":
                    self.at += 1
                break
            if token.kind == "name" and token.value in ("for", "if") and self.tokens[self.at + 1].kind != ",":
                raise self.refused(f"a comprehension ({token.value})", token)
            items.append(self.expression())
            if self.tokens[self.at].kind != "]":
                self.expect(",")
        self.expect("]")
        return ast.ListLiteral(self.source, opening.start, self.tokens[self.at - 1].end, items, rest)

    def _rest(self, dots: Token) -> ast.Expr:
        if self.tokens[self.at].kind not in (",", "]"):
            return self.expression()
        top = ast.Reference(self.source, dots.start, dots.end, "_")
        self.references.append((top, None))
        return top

    def _template(self) -> ast.Expr:
        opening = self.tokens[self.at]
        parts: list[str | bytes | ast.Expr] = [opening.value]
        self.at += 1
        while True:
            parts.append(self.expression())
            token = self.tokens[self.at]
            if token.kind not in ("middle", "tail"):
                raise self.problem(f"expected ')', found {self.shown(token)}", token)
            self.at += 1
            parts.append(token.value)
            if token.kind == "tail":
                binary = isinstance(token.value, bytes)
                return ast.Template(self.source, opening.start, token.end, parts, binary)
