"""The parts of HTTP requests and responses on the wire: they survive it, and only what HTTP can carry passes."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.codec.http import HANDLE, MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_HEADERS
from viewra.codec.limits import Limits
from viewra.codec.rpc import InvalidValue
from viewra.types import Area, RequestHead, RequestPart, ResponseHead, ResponsePart

LIMITS = Limits()
text = st.text(st.characters(codec="utf-8"), max_size=20)
names = st.from_regex(r"[a-z0-9-]{1,10}", fullmatch=True)
latin = st.text("".join(map(chr, [9, *range(32, 127), *range(128, 256)])), max_size=20)
headers = st.lists(st.tuples(names, latin), max_size=4).map(tuple)
request_heads = st.builds(RequestHead, text, text, text, headers, st.sampled_from(Area), text, text, text)
response_heads = st.builds(ResponseHead, st.integers(200, 599), headers, st.integers(0, 2**32 - 1), text)
requests = st.builds(RequestPart, st.none() | request_heads, st.binary(max_size=50), st.booleans())
responses = st.builds(ResponsePart, st.none() | response_heads, st.binary(max_size=50), st.booleans())


@given(requests)
def test_parts_of_requests_survive_the_wire(part: RequestPart) -> None:
    assert HANDLE.parse_item(HANDLE.item(part)) == part


@given(responses)
def test_parts_of_responses_survive_the_wire(part: ResponsePart) -> None:
    assert HANDLE.value(HANDLE.answer(part), LIMITS) == part


@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_unexpected(data: bytes) -> None:
    with contextlib.suppress(InvalidValue):
        HANDLE.value(data, LIMITS)
    with contextlib.suppress(InvalidValue):
        HANDLE.parse_item(data)


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ("a response", "response"),
        (ResponsePart(None, "text"), "body"),  # type: ignore[arg-type]
        (ResponsePart(None, b"x" * (MAX_BODY_BYTES + 1)), "body"),
        (ResponsePart(ResponseHead(101)), "status"),
        (ResponsePart(ResponseHead(600)), "status"),
        (ResponsePart(ResponseHead(200, (("set-cookie", "a\r\nb: c"),))), "headers[0]"),
        (ResponsePart(ResponseHead(200, (("a", "b\0"),))), "headers[0]"),
        (ResponsePart(ResponseHead(200, (("a b", "c"),))), "headers[0]"),
        (ResponsePart(ResponseHead(200, (("a", "…"),))), "headers[0]"),
        (ResponsePart(ResponseHead(200, (("", "c"),))), "headers[0]"),
        (ResponsePart(ResponseHead(200, (("a",),))), "headers[0]"),  # type: ignore[arg-type]
        (ResponsePart(ResponseHead(200, (("a", "b"),) * (MAX_HEADERS + 1))), "headers"),
        (ResponsePart(ResponseHead(200, (("a", "b" * MAX_HEADER_BYTES),))), "headers"),
    ],
)
def test_what_http_cannot_carry_is_refused(part: object, field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        HANDLE.answer(part)
    assert caught.value.field == field
