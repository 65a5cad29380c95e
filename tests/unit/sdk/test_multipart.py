"""Forms with files: every field comes back as it was, and no bytes raise anything but HttpError."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.sdk.http import HttpError, Request
from viewra.sdk.http.multipart import UploadedFile, parts
from viewra.types import RequestHead

TYPE = 'multipart/form-data; boundary="--a b"'
MARK = b"----a b"
names = st.text(st.characters(codec="utf-8", exclude_characters='"\\\r\n', exclude_categories=["C", "Z"]), min_size=1)
contents = st.binary(max_size=200).filter(lambda data: MARK not in data)


def form(*fields: tuple[str, str | None, bytes]) -> bytes:
    body = b""
    for name, file, data in fields:
        head = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{file}"' if file is not None else "")
        kind = "\r\nContent-Type: image/png" if file is not None else ""
        body += MARK + f"\r\n{head}{kind}\r\n\r\n".encode() + data + b"\r\n"
    return body + MARK + b"--\r\n"


@given(st.lists(st.tuples(names, st.none() | names, contents), max_size=4))
def test_what_is_sent_arrives(fields: list[tuple[str, str | None, bytes]]) -> None:
    found = list(parts(form(*fields), TYPE))
    assert [part.field for part in found] == [name for name, _, _ in fields]
    for part, (_, file, data) in zip(found, fields, strict=True):
        assert part.file is None or part.file.data == data
        assert part.file is not None or part.text == data.decode("utf-8", "replace")
        assert (part.file is None) == (file is None)


@given(st.binary(max_size=300), st.integers(0, 300))
def test_no_bytes_raise_anything_else(noise: bytes, at: int) -> None:
    whole = form(("a", "b.png", noise), ("c", None, b"d"))
    for body in (noise, whole[:at], whole[at:], whole[:at] + noise + whole[at:]):
        with contextlib.suppress(HttpError):
            list(parts(body, TYPE))


def request(body: bytes, kind: str = TYPE) -> Request:
    return Request(RequestHead("POST", "/", headers=(("content-type", kind),)), iter([body]))


def test_fields_and_files_of_a_request() -> None:
    asked = request(form(("title", None, "é".encode()), ("cover", "C:\\x\\../a.png", b"\x89PNG"), ("none", "", b"")))
    assert asked.form() == {"title": "é"}
    assert asked.files() == {"cover": UploadedFile("a.png", "image/png", b"\x89PNG")}
    assert request(b"a=b", "application/x-www-form-urlencoded").files() == {}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (form(("a", None, b"b"))[:-4], TYPE, 400),
        (form(("a", None, b"b")), "multipart/form-data", 400),
        (form(*[("a", None, b"")] * 1001), TYPE, 413),
        (b"{}", "application/json", 415),
    ],
)
def test_what_is_no_form(body: bytes, kind: str, status: int) -> None:
    with pytest.raises(HttpError) as caught:
        request(body, kind).form()
    assert caught.value.status == status
