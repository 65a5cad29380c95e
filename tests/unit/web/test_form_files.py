"""Files in forms, in whatever pieces they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.web.form_files import LONGEST_HEAD, BadForm, FormFile

ALMOST = [b"\r\n", b"--", b"--xy", b"-", b"\r\n--x"]
"""What looks like the beginning of a boundary."""
KIND = "multipart/form-data; boundary=xyz"


def part(head: str, content: bytes) -> bytes:
    return b"--xyz\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def read(body: bytes, cuts: list[int]) -> tuple[str, bytes]:
    form, found, at = FormFile(KIND), b"", 0
    for cut in [*sorted(cut % (len(body) + 1) for cut in cuts), len(body)]:
        found += form.feed(body[at:cut])
        at = cut
    return form.end(), found


@given(
    content=st.binary(max_size=60)
    | st.lists(st.sampled_from([b"\r\n", b"--", b"--xy", b"-", b"\r\n--x"])).map(b"".join),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
def test_a_file_is_found_in_any_pieces(content: bytes, cuts: list[int]) -> None:
    field = part('name="csrf_token"', b"abc")
    body = (
        field
        + part('name="file"; filename="C:\\\\a/b.zip"', content)
        + part('name="b"; filename="c"', b"d")
        + b"--xyz--"
    )
    assert read(body, cuts) == ("b.zip", content)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--xyz--",
        part('name="a"', b"b") + b"--xyz--",
        part('name="file"; filename=""', b"") + b"--xyz--",
        part('name="file"; filename="a.zip"', b"cut"),
        b"--xyz\r\n" + b"x" * (LONGEST_HEAD + 1),
        b"--other\r\n\r\n\r\n--other--",
    ],
)
def test_a_form_without_a_whole_file_is_refused(body: bytes) -> None:
    with pytest.raises(BadForm):
        read(body, [])


def test_a_form_has_a_boundary() -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary=" + "x" * 71):
        with pytest.raises(BadForm):
            FormFile(kind)
