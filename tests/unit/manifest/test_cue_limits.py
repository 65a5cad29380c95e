"""Hostile texts: each limit ends the evaluation with an error, counted in steps and sizes; nothing else escapes."""

from __future__ import annotations

import sys
from types import FrameType

import attrs
import pytest

from viewra.errors import ManifestError
from viewra.manifest.cue import Limits, loads

LIMITS = Limits()


def refusal(text: str, limits: Limits = LIMITS) -> str:
    """The one error of a hostile text."""
    with pytest.raises(ManifestError) as caught:
        loads(text, limits=limits).export()
    return str(caught.value)


def numbered(pattern: str, count: int, start: int = 1) -> str:
    return "\n".join(pattern.format(i=i, before=i - 1) for i in range(start, start + count))


STEPS = {
    "a reference doubled 22 times": "a0: {x: 1}\n" + numbered("a{i}: {{l: a{before}, r: a{before}}}", 22),
    "a list doubled 22 times": "a0: [1]\n" + numbered("a{i}: [a{before}, a{before}]", 22),
    "14 binary disjunctions of structs": "a: " + " & ".join(f"({{x{i}: 1}} | {{y{i}: 1}})" for i in range(14)),
    "20 disjunctions of two structs": "a: " + " & ".join(f"({{t{i}: 1, x: 2}} | {{t{i}: 2, y: 3}})" for i in range(20)),
    "a long chain of aliases": "a0: {x: 1}\n" + numbered("a{i}: a{before}", 3000),
    "patterns by fields": "a: {" + numbered('[=~"^x{i}"]: int', 1000) + "\n" + numbered("x{i}: 1", 1000) + "}",
    "embedded structs": "a: {" + numbered("{{a{i}: 1}}", 2000) + "}",
}


REGULAR = '"(a|b){1,100}[a-b]{50}c0"'


STEPS |= {
    "regular expressions on a long string": 's: "ab" * 524288\n'
    + numbered(f"x{{i}}: s =~ {REGULAR}".replace("{1,100}", "{{1,100}}").replace("{50}", "{{50}}"), 3),
    "the same as bounds": 's: "ab" * 524288\n'
    + numbered(f"x{{i}}: s & !~{REGULAR}".replace("{1,100}", "{{1,100}}").replace("{50}", "{{50}}"), 3),
    "the same as alternatives": 's: "ab" * 524288\n'
    + numbered(f"x{{i}}: s & (!~{REGULAR} | int)".replace("{1,100}", "{{1,100}}").replace("{50}", "{{50}}"), 3),
    "the same as labels": "a: {[=~" + REGULAR + "]: int\n" + numbered('"' + "ab" * 400 + '{i}": 1', 200) + "}",
    "many that are compiled": numbered('x{i}: "a" =~ "((a{{1,10}}){{1,10}}){{1,9}}{i}"', 1500),
    "many that are refused": numbered('x{i}: "a" =~ "\\\\pL{{50}}{i}"', 1500),
    "or() of a long list": "l: [" + ",".join(map(str, range(400))) + "]\n" + numbered("b{i}: or(l)", 200),
    "names that are nearly known": "#A: {"
    + numbered("name{i}?: int", 150)
    + "}\nb: #A & {"
    + numbered("namex{i}: 1", 800)
    + "}",
    "lengths of long strings": 'a: "é" * 500000\n' + numbered("b{i}: len(a)", 2000),
    "alternatives by alternatives": "a: " + " | ".join(f"{{x: {i}, y: {{z: {i}}}}}" for i in range(500)),
}
"""Each takes more than its share in time for what it is in text: all are ended by the count."""


@pytest.mark.parametrize("text", STEPS.values(), ids=STEPS)
def test_the_step_budget_ends_what_grows_without_end(text: str) -> None:
    value = loads(text)
    message = str(value.errors[0])
    assert "steps" in message or "alternatives" in message
    assert value.steps <= LIMITS.steps + 1


def test_the_same_disjunction_many_times_costs_little() -> None:
    value = loads("a: {t: 1} & " + " & ".join(["({t: 1, x: 2} | {t: 2, y: 3})"] * 30))
    assert value.export() == {"a": {"t": 1, "x": 2}}
    assert value.steps < LIMITS.steps


def test_regular_expressions_are_charged_by_the_bytes_that_they_read() -> None:
    def steps(length: int) -> int:
        value = loads(f's: "ab" * {length}\nx: s =~ "(a|b){{1,9}}c0"')
        assert value.export()["x"] is False  # type: ignore[index, call-overload]
        return value.steps

    assert 8 < (steps(40_000) - steps(20_000)) / (steps(22_000) - steps(20_000)) < 12


def test_strings_are_bounded_before_they_are_built() -> None:
    grown = 'a0: "' + "x" * 16 + '"\n'
    assert "1,048,576 bytes" in refusal(grown + numbered("a{i}: a{before}+a{before}+a{before}+a{before}", 30))
    template = numbered('a{i}: "\\(a{before})\\(a{before})\\(a{before})\\(a{before})"', 30)
    assert "1,048,576 bytes" in refusal(grown + template)
    assert "1,048,576 bytes" in refusal('a: "é" * 1000000000000')
    assert loads('a: len("é" * 524288)').export() == {"a": 1_048_576}


def test_numbers_are_bounded() -> None:
    assert "1,000 digits" in refusal("a0: 99999999\n" + numbered("a{i}: a{before}*a{before}", 60))
    assert "1,000 digits" in refusal("a: " + "9" * 1001)
    assert loads("a: " + "9" * 1000).export() == {"a": 10**1000 - 1}
    assert "exponent" in refusal("a: 1e10001")
    assert "exponent" in refusal("a: 1e-99999999999999999999")
    assert "exponent" in refusal("a: 1e9000 * 1e9000")
    assert "too large for a float" in refusal("a: 1e400")


@pytest.mark.parametrize(
    "text",
    ["{a: " * 65 + "1" + "}" * 65, "(" * 65 + "1" + ")" * 65, "[" * 65 + "]" * 65, "!" * 65 + "true", "-" * 70 + "1"],
)
def test_nesting_is_refused_at_a_count(text: str) -> None:
    assert "nested deeper than 64" in refusal(f"a: {text}")


def test_nesting_far_beyond_the_limit_never_reaches_the_stack() -> None:
    for opening, closing in (("(", ")"), ("[", "]"), ("{a: ", "}"), ('"\\(', ')"'), ("!", ""), ("b: ", "")):
        text = "a: " + opening * 5_000 + "1" + closing * 5_000
        assert "deeper than 64" in refusal(text)


def test_what_is_within_the_nesting_limit_is_evaluated() -> None:
    assert loads("a: " + "[" * 60 + "1" + "]" * 60).errors == ()
    assert loads("a: " + "b: " * 60 + "1").errors == ()
    assert loads("a: " + "(" * 60 + "1" + ")" * 60).export() == {"a": 1}


def test_fields_may_not_nest_deeper_by_reference_either() -> None:
    deep = "a: " + "x: " * 40 + "1\nb: " + "y: " * 40 + "a"
    assert "nested deeper than 64" in refusal(deep)


def test_fields_that_wait_for_one_another_are_counted() -> None:
    assert "40 fields depend on one another" in refusal(numbered("a{before}: a{i}+1", 300) + "\na300: 1")
    assert loads("a0: 1\n" + numbered("a{i}: a{before}+1", 2000)).errors == ()


def test_tokens_are_counted_and_line_ends_are_not() -> None:
    limits = attrs.evolve(LIMITS, tokens=6)
    assert loads("a: 1\nb: 2", limits=limits).export() == {"a": 1, "b": 2}
    assert "more than 6 tokens" in refusal("a: 1\nb: 2\nc: 3", limits)
    assert "20,000 tokens" in refusal("a: 1 + " + "1 + " * 10_000 + "1")


def test_the_text_is_measured_in_bytes() -> None:
    limits = attrs.evolve(LIMITS, file_bytes=10)
    assert loads('a: "abcd"', limits=limits).export() == {"a": "abcd"}
    assert "longer than 10 bytes" in refusal('a: "ééé"', limits)
    assert "262,144 bytes" in refusal("//" + " " * LIMITS.file_bytes)


def test_disjuncts_alive_are_counted() -> None:
    assert "512 alternatives" in refusal("a: " + " | ".join(map(str, range(513))))
    assert loads("a: 7 & (" + " | ".join(map(str, range(512))) + ")").export() == {"a": 7}


def test_a_limit_once_reached_stays_reached() -> None:
    value = loads(STEPS["a list doubled 22 times"])
    first = value.errors
    assert first == value.errors or str(first[0]) == str(value.errors[0])
    with pytest.raises(ManifestError, match="steps"):
        value.export()


def test_backtracking_patterns_take_no_time() -> None:
    assert "is not" in refusal('a: =~"^(a+)+$"\na: "' + "a" * 5_000 + '!"')


def test_long_flat_texts_need_no_stack() -> None:
    count = 3 * sys.getrecursionlimit()
    assert loads("a: 1" + "+1" * count).export() == {"a": count + 1}
    assert loads("a: 1" + " & 1" * count).export() == {"a": 1}
    assert loads("a: 1" + " | 1" * count).export() == {"a": 1}
    assert loads("a: b" + ".c" * count + "\nb: {c: 1}").errors != ()


def _deep(frames: int, action: object) -> None:
    if frames:
        _deep(frames - 1, action)
    else:
        action()  # type: ignore[operator]


def test_a_caller_that_has_used_up_its_stack_gets_an_error_of_ours() -> None:
    text = "a: " + "{b: " * 60 + "1" + "}" * 60 + "\nc: " + "1 + (" * 60 + "1" + ")" * 60
    outcomes = set()

    def attempt() -> None:
        try:
            loads(text).export()
            outcomes.add("fine")
        except ManifestError:
            outcomes.add("refused")

    here = len(_frames())
    for left in range(60, 600, 20):
        _deep(sys.getrecursionlimit() - here - left, attempt)
    assert "refused" in outcomes


def _frames() -> list[FrameType]:
    frame: FrameType | None = sys._getframe()
    found: list[FrameType] = []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found
