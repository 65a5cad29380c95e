"""Events on the wire, and their names."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewra.codec.events import ON_EVENT
from viewra.codec.host.json_data import json_data
from viewra.codec.host.tasks import task_data
from viewra.codec.rpc import InvalidValue
from viewra.events import covers, is_name, is_own, is_pattern
from viewra.pb import viewra_pb2 as v1
from viewra.types import Event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=50)
@given(JSON, st.integers(0, 2**62), st.integers(0, 2**32 - 1))
def test_an_event_comes_as_it_was(data: object, at: int, dropped: int) -> None:
    event = Event("a.b", data, "one", at, dropped)
    assert ON_EVENT.parse_arguments(ON_EVENT.arguments(event)) == (event,)


@pytest.mark.parametrize("data", [b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidValue, match="JSON"):
        ON_EVENT.parse_arguments(v1.Event(name="a.b", data=data).SerializeToString())


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), "not JSON compliant"),
        ([float("inf")], "not JSON compliant"),
        ({1, 2}, "not JSON serializable"),
        ("x" * 65_535, "at most 65,536 are allowed"),
        (json.loads("[" * 101 + "]" * 101), "more than 100 lists"),
        ({"a": json.loads('{"b":[' * 60 + "]}" * 60)}, "more than 100 lists"),
    ],
)
def test_data_that_others_could_not_read_is_refused(value: object, says: str) -> None:
    for check in (json_data, task_data):
        with pytest.raises(InvalidValue, match=says):
            check(value, "data")


def test_brackets_in_texts_and_beside_each_other_are_fine() -> None:
    value: object
    deep = json.loads("[" * 100 + "]" * 100)
    for value in (
        "[" * 500,
        '"[' * 500,
        [[]] * 500,
        {"\\" * 3: ['\\"[{'] * 200},
        deep,
        "\ud800",
    ):
        assert json.loads(json_data(value, "data")) == value


@pytest.mark.parametrize(
    ("text", "name", "pattern"),
    [
        ("a.b", True, True),
        ("a_1.b2.c", True, True),
        ("a.*", False, True),
        ("a.b.*", False, True),
        ("a", False, False),
        ("*", False, False),
        ("a*", False, False),
        ("a.*.b", False, False),
        ("a..b", False, False),
        (".a.b", False, False),
        ("a.B", False, False),
        ("a.b\n", False, False),
        ("a." + "b" * 127, False, False),
    ],
)
def test_names_and_patterns(text: str, name: bool, pattern: bool) -> None:
    assert (is_name(text), is_pattern(text)) == (name, pattern)


def test_a_pattern_covers_whole_words() -> None:
    assert covers(("a.*",), "a.b.c")
    assert covers(("x.y", "a.b"), "a.b")
    assert not covers(("a.*", "b.c"), "ab.c")
    assert not covers(("b.c",), "b.c.d")
    assert not covers((), "a.b")


def test_a_plugin_has_the_names_that_begin_with_its_id() -> None:
    assert is_own("lyrics", "lyrics.found")
    assert not is_own("lyrics", "lyrics_2.found")
    assert not is_own("playback", "playback.started"), "its meaning is agreed"
