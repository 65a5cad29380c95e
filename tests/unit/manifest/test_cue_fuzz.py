"""Random texts end in a value or in an error, whatever they are."""

from __future__ import annotations

import contextlib
from pathlib import Path

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.manifest.test_cue_limits import LIMITS
from viewra.errors import ManifestError
from viewra.manifest.cue import Value, loads
from viewra.manifest.load import loads as load_manifest

TOKENS = [
    *"{}[]()&|*,.:?!<>=+-/\n_",
    *("a", "b", "#A", "#B", "_h", "c: ", "a: ", "b: ", "#A: ", "[string]: ", "...", "int", "string", "bool", "_|_"),
    *(
        "1",
        "2.5",
        '"x"',
        "'y'",
        '"\\(',
        ')"',
        "null",
        "true",
        ">=1",
        "<=5",
        '=~"a"',
        "!=null",
        "| *1",
        "& ",
        "@ui(x=1)",
    ),
    *(
        "len(",
        "or([",
        "])",
        "close(",
        "and([",
        "a?: ",
        "b!: ",
        '"""\n',
        "#A & ",
        "b.a",
        "a[0]",
        "for ",
        "let ",
        "import ",
    ),
]


MANIFEST = """\
#Plugin: {
	id: "a_b"
	name: "A"
	version: "1.0.0"
	entry_points: main: "run"
	permissions: ["network:external", {resource: "database", actions: ["read"]}]
	settings: {
		n: int & >=5 & <=30 | *10 @ui(min=5)
		s: "a" | "b" | *"a"
		list: [...string] | *["x"]
		deep: {x: *1 | 2, y: x + 1}
	}
}
"""


def survive(text: str) -> None:
    """Whatever the text: a value, or a ManifestError; nothing else."""
    limits = attrs.evolve(LIMITS, steps=5_000)
    errors: list[ManifestError] = []
    try:
        value: Value = loads(text, limits=limits)
        errors.extend(value.errors)
        value.export()
    except ManifestError as failed:
        errors.extend(failed.errors)
    lines = text.count("\n") + 1
    assert all(str(error) and 1 <= error.line <= lines and error.column >= 1 for error in errors)


FUZZ = settings(suppress_health_check=[HealthCheck.too_slow])


@FUZZ
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    survive(text)


@FUZZ
@given(st.lists(st.sampled_from(TOKENS), max_size=60).map("".join))
def test_token_soup(text: str) -> None:
    survive(text)


@FUZZ
@given(st.lists(st.sampled_from(TOKENS), max_size=60).map(" ".join))
def test_spaced_token_soup(text: str) -> None:
    survive("a: " + text)


@FUZZ
@given(st.data())
def test_mutated_manifests(data: st.DataObject) -> None:
    text = MANIFEST
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(st.sampled_from(["", *TOKENS])) + text[end:]
    survive(text)
    with contextlib.suppress(ManifestError):
        manifest = load_manifest(text, Path("plugin.cue"))
        manifest.settings.fields()
        manifest.settings.fill({"n": 7})
