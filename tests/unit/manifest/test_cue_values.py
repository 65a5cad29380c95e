"""The public face of the evaluator: values, their parts, their unification and their errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.errors import ManifestError
from viewra.manifest.cue import from_data, loads


def test_unify_takes_definitions_and_siblings_together() -> None:
    schema = loads("#A: {x: int}\na: #A\nb: a.x + 1")
    both = schema.unify(loads("a: x: 2", "data.cue"))
    assert both.export() == {"a": {"x": 2}, "b": 3}
    assert schema.errors == ()
    with pytest.raises(ManifestError, match="needs a value"):
        schema.export()


def test_errors_name_the_file_that_they_are_in() -> None:
    both = loads("a: int", "schema.cue").unify(loads('\n\na: "x"', "data.cue"))
    (error,) = both.errors
    assert (error.file, error.line, error.column, error.path) == ("data.cue", 3, 4, "a")
    assert error.message == 'expected int, found "x"'
    assert str(error) == 'data.cue:3:4: a: expected int, found "x"'


def test_two_files_merge_their_definitions_before_closing() -> None:
    one, two = loads("#C: {a: int}\nx: #C"), loads("#C: {b: int}\nx: {a: 1, b: 2}")
    assert one.unify(two).export() == {"x": {"a": 1, "b": 2}}


def test_alternatives_that_end_up_equal_are_one() -> None:
    text = '#D: {x: _, [=~"^z"]: int}\n#E: {x: *1 | 2, ...}\na: (#D | #E) & {x: 1}\nb: a.x'
    assert loads(text).export() == {"a": {"x": 1}, "b": 1}
    with pytest.raises(ManifestError, match="several possible values"):
        loads("a: {x: 1} | {x: *1 | 2}").export()


def test_lookup() -> None:
    value = loads('#P: {id: "x"}\na: {b: [1, {c: 2}], "d e": 3}\nu: *{k: 1} | {k: 2}')
    assert value.lookup("#P.id").export() == "x"
    assert value.lookup("a.b.1.c").export() == 2
    assert value.lookup("a.d e").export() == 3
    assert value.lookup("u.k").export() == 1
    assert value.lookup("a.b").path == "a.b"
    assert "a.b.1.c" in value
    assert "a.b.2" not in value
    assert "a.x.y" not in value
    with pytest.raises(ManifestError, match="there is no field colour, did you mean color"):
        loads("color: 1").lookup("colour")


def test_members_in_order_and_without_what_is_hidden() -> None:
    value = loads("z: 1\na?: 2\n_h: 3\n#D: 4\nm: 5")
    assert [name for name, _ in value.members()] == ["z", "a", "m"]


def test_the_order_of_fields_is_that_of_the_text() -> None:
    text = "#S: {z: 1, y: 2, ...}\nb: 1\na: #S & {c: 3, z: 1}\nb: 1"
    exported: Any = loads(text).export()
    assert list(exported) == ["b", "a"]
    assert list(exported["a"]) == ["z", "y", "c"]


def test_all_errors_in_the_order_of_the_text() -> None:
    value = loads('a: 1 & 2\nb: {c: int & "x"}\n#d: 1 & 2\ne?: 1 & 2\n_f: [1 & 2]')
    assert [error.path for error in value.errors] == ["a", "b.c", "#d", "_f.0"]
    with pytest.raises(ManifestError) as caught:
        value.export()
    assert [error.path for error in caught.value.errors] == ["a", "b.c", "#d", "_f.0"]


def test_an_error_referred_to_is_reported_once() -> None:
    assert [error.path for error in loads("a: 1 & 2\nb: a\nc: a + 1\nd: [a]").errors] == ["a"]


def test_data_of_python() -> None:
    data = {"a": [1, 2.5, None, True, "x", b"y"], "_b": {"#c": "d"}, "": 1}
    assert from_data(data).export() == data
    for wrong in ({"a": object()}, {1: 2}, [float("nan")], "\ud800", {"\ud800": 1}):
        with pytest.raises(ManifestError):
            from_data(wrong)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number or 0.0)  # CUE has no -0.0
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_json_is_cue(data: dict[str, object]) -> None:
    assert json.dumps(from_data(data).export()) == json.dumps(data)
    assert json.dumps(loads(json.dumps(data)).export()) == json.dumps(data)
    assert json.dumps(loads(json.dumps(data, ensure_ascii=False, indent=2)).export()) == json.dumps(data)


TERMS = st.sampled_from(
    [
        "int",
        "string",
        "1",
        "2",
        '"a"',
        ">=1",
        "<5",
        "*1 | int",
        '"a" | "b"',
        "{x: 1}",
        "{x: int}",
        "{y: 2}",
        "[...int]",
        "[1]",
    ]
)


@given(st.lists(TERMS, min_size=2, max_size=4))
def test_unification_does_not_depend_on_the_order(terms: list[str]) -> None:
    def outcome(parts: list[str]) -> object:
        value = loads("a: " + " & ".join(f"({part})" for part in parts))
        if value.errors:
            return "error"
        try:
            return value.export()
        except ManifestError:
            return "incomplete"

    assert outcome(terms) == outcome(terms[::-1]) == outcome(terms + terms)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ManifestError, match=r"plugin\.cue:2:5: half of a surrogate"):
        loads('a: 1\nb: "\ud800" & =~"x"')
    with pytest.raises(ManifestError, match="escape"):
        loads(r'b: "\ud800"')


def test_line_ends_and_byte_order_mark() -> None:
    value = loads('\ufeffa: 1\r\nb: """\r\n  x\r\n  y\r\n  """\r\nc: 5 & 6')
    assert value.lookup("b").export() == "x\ny"
    assert value.errors[0].line == 6
