"""The checks of values that plugins return: values at and beyond each limit, and the field in the error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from viewra.codec import checks
from viewra.codec.limits import UNLIMITED, Limits, in_force, limited
from viewra.codec.rpc import InvalidValue
from viewra.types import MAX_ID

Check = Callable[[Any, str], object]
LIMITS = Limits(text_bytes=8, entries=2, reason_bytes=8)


class Texts(Mapping[str, str]):
    """A mapping of an author's own."""

    def __init__(self, **items: str) -> None:
        self._items = items

    def __getitem__(self, key: str) -> str:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


GOOD: list[tuple[Check, object, object]] = [
    (checks.text, "12345678", "12345678"),
    (checks.text, "1234é67", "1234é67"),
    (checks.note, "12345678", "12345678"),
    (checks.text_map, {"a": "12345678", "b": ""}, {"a": "12345678", "b": ""}),
    (checks.text_map, {"é": "ü"}, {"é": "ü"}),
    (checks.text_map, Texts(a="1", b="2"), {"a": "1", "b": "2"}),
    (checks.texts, ("12345678", ""), ("12345678", "")),
    (checks.texts, ("é", "ü"), ("é", "ü")),
    (checks.texts, ["a", "b"], ("a", "b")),
    (checks.boolean, False, False),
    (checks.uint32, 0, 0),
    (checks.uint32, MAX_ID, MAX_ID),
    (checks.time, -(2**63), -(2**63)),
    (checks.time, 2**63 - 1, 2**63 - 1),
    (checks.identifier, 1, 1),
    (checks.identifier, MAX_ID, MAX_ID),
    (checks.required, "a", "a"),
    (checks.place, "a/..b", "a/..b"),
    (checks.place, "", ""),
]


@pytest.mark.parametrize(("check", "value", "expected"), GOOD)
def test_what_is_allowed(check: Check, value: object, expected: object) -> None:
    with limited(LIMITS):
        assert check(value, "field") == expected


BAD: list[tuple[Check, object, str]] = [
    (checks.text, "123456789", "field: has 9 bytes; at most 8 are allowed"),
    (checks.text, "12345678é"[1:], "field: has 9 bytes; at most 8 are allowed"),
    (checks.text, "\udcff", "field: has characters that UTF-8 cannot carry (lone surrogates)"),
    (checks.text, b"a", "field: must be text, not bytes"),
    (checks.note, 1, "field: must be text, not int"),
    (checks.note, "\udcff", "field: has characters that UTF-8 cannot carry (lone surrogates)"),
    (checks.text_map, [], "field: must be a mapping of text to text, not list"),
    (checks.text_map, {"a": "", "b": "", "c": ""}, "field: has 3 entries; at most 2 are allowed"),
    (checks.text_map, {"a": "123456789"}, "field[a]: has 9 bytes; at most 8 are allowed"),
    (checks.text_map, {"123456789": ""}, "field key: has 9 bytes; at most 8 are allowed"),
    (checks.text_map, {"a": 1}, "field[a]: must be text, not int"),
    (checks.text_map, {1: "a"}, "field key: must be text, not int"),
    (checks.texts, ("a", "b", "c"), "field: has more than 2 entries"),
    (checks.texts, ("a", "123456789"), "field[1]: has 9 bytes; at most 8 are allowed"),
    (checks.texts, ("a", 1), "field[1]: must be text, not int"),
    (checks.texts, "ab", "field: must be a list, not str"),
    (checks.texts, {"a": "b"}, "field: must be a list, not dict"),
    (checks.texts, 1, "field: must be a list, not int"),
    (checks.boolean, 1, "field: must be True or False, not int"),
    (checks.uint32, -1, f"field: must be a whole number from 0 to {MAX_ID}, not -1"),
    (checks.uint32, MAX_ID + 1, f"field: must be a whole number from 0 to {MAX_ID}, not {MAX_ID + 1}"),
    (checks.uint32, True, f"field: must be a whole number from 0 to {MAX_ID}, not True"),
    (checks.time, 2**63, f"field: must be a whole number from {-(2**63)} to {2**63 - 1}, not {2**63}"),
    (checks.identifier, 0, "field: must be 1 or more"),
    (checks.identifier, "1", f"field: must be a whole number from 0 to {MAX_ID}, not '1'"),
    (checks.required, "", "field: is required"),
    (checks.required, None, "field: must be text, not NoneType"),
    (checks.place, "..", "field: leaves its base: '..'"),
    (checks.place, "a/../b", "field: leaves its base: 'a/../b'"),
    (checks.place, "a\\..", "field: leaves its base: 'a\\\\..'"),
    (checks.place, None, "field: must be text, not NoneType"),
]


@pytest.mark.parametrize(("check", "value", "message"), BAD)
def test_what_is_refused(check: Check, value: object, message: str) -> None:
    with limited(LIMITS), pytest.raises(InvalidValue) as refused:
        check(value, "field")
    assert str(refused.value) == message


def test_a_text_for_people_is_cut() -> None:
    with limited(Limits(reason_bytes=40)):
        assert checks.note("1" * 41, "field") == "1" * 17 + " [cut: 41 bytes in all]"


def test_what_must_be_of_one_class() -> None:
    assert checks.instance(LIMITS, "field", Limits) is LIMITS
    with pytest.raises(InvalidValue, match=r"^field: must be a Limits, not str$"):
        checks.instance("", "field", Limits)


def test_the_name_of_a_type_is_cut() -> None:
    with pytest.raises(InvalidValue) as refused:
        checks.boolean(type("T" * 1000, (), {})(), "field")
    assert len(str(refused.value)) < 200


def test_limits_hold_within_their_block() -> None:
    assert in_force() is UNLIMITED
    with limited(LIMITS):
        assert in_force() is LIMITS
        with limited(Limits()):
            assert in_force() == Limits()
        assert in_force() is LIMITS
    assert in_force() is UNLIMITED


@pytest.mark.parametrize(
    ("limits", "harmless"),
    [(Limits(), 4096), (Limits(text_bytes=7), 7), (Limits(reason_bytes=6), 6), (Limits(entries=2), 4)],
)
def test_a_message_that_cannot_exceed_a_limit(limits: Limits, harmless: int) -> None:
    assert limits.harmless_bytes == harmless
