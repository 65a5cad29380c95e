"""Shapes of settings: what a form learns of the values that a manifest accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewra.manifest.load import loads
from viewra.manifest.settings import SettingsSchema
from viewra.manifest.shapes import Shape

INT, STRING, NUMBER, LIST = (frozenset(kinds.split()) for kinds in ("int", "string", "int float", "list"))


def schema(settings: str) -> SettingsSchema:
    head = 'id: "tmdb"\nname: "T"\nversion: "1.0.0"\nentry_points: main: "t"\n'
    return loads(head + "settings: {\n" + settings + "\n}\n", Path("plugin.cue")).settings


@pytest.mark.parametrize(
    ("declared", "shape"),
    [
        ("a: int & >=5 & <=30 | *10", Shape(INT, suggestions=(10,), low=5, high=30)),
        ("a: int & >5 & <30", Shape(INT, low=6, high=29)),
        ("a: number & >0 & <1 | *0.5", Shape(NUMBER, suggestions=(0.5,), low=0, high=1)),
        ("a: uint16 | *80", Shape(INT, suggestions=(80,), low=0, high=65535)),
        ("a: int", Shape(INT)),
        ("a: (int & <5) | (int & >9)", Shape(INT)),
        ("a: 3", Shape(INT, suggestions=(3,))),
        ('a: "fast" | "exact" | *"fast"', Shape(STRING, choices=("fast", "exact"))),
        ("a: 1 | 2 | *3", Shape(INT, choices=(1, 2, 3))),
        ("a: bool | *true", Shape(frozenset({"bool"}), suggestions=(True,))),
        ("a: null | string", Shape(frozenset({"null", "string"}), suggestions=(None,))),
        ('a: string & =~"^x"', Shape(STRING, pattern="^x")),
        ('a: int | "auto"', Shape(frozenset({"int", "string"}), suggestions=("auto",))),
        ("a: [...string]", Shape(LIST, items=Shape(STRING))),
        ('a: [...string] | *["b"]', Shape(LIST, items=Shape(STRING))),
        ('a: [...("x" | "y")] | *["x"]', Shape(LIST, items=Shape(STRING, choices=("x", "y")))),
        ("a: [int, int]", Shape(LIST)),
        (
            'a: [...{n: string, m?: int}] | *[{n: "x"}]',
            Shape(LIST, items=Shape(frozenset({"struct"}), members=(("n", Shape(STRING)), ("m", Shape(INT))))),
        ),
        ("a: {[string]: int}", Shape(frozenset({"struct"}))),
    ],
)
def test_the_shape_of_a_setting(declared: str, shape: Shape) -> None:
    assert schema(declared).shape("a") == shape


def test_nothing_is_known_of_what_the_manifest_does_not_name() -> None:
    assert schema("a: int").shape("b") == Shape()
    assert schema("a: {[string]: int}").shape("a.b") == Shape()


def test_a_comment_above_a_setting_is_its_help_unless_a_hint_says_more() -> None:
    one = schema(
        '// What it is,\n// in two lines.\na: int\nb: int // behind\n// more\nc: int @ui(help="A hint.")\n'
        "// d\n\ne: int"
    )
    assert [field.help for field in one.fields()] == ["What it is, in two lines.", "", "A hint.", ""]
