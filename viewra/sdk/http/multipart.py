"""Reads forms with files (``multipart/form-data``, RFC 7578)."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from typing import NamedTuple

from viewra.sdk.http.response import HttpError

MAX_PARTS = 1000
MAX_HEAD_BYTES = 16 * 1024


class UploadedFile(NamedTuple):
    """A file in a form: its ``name`` as the client says, without folders, what type it is said to be, and its bytes."""

    name: str
    content_type: str
    data: bytes


class Part(NamedTuple):
    """One field of a form: a text, or a file."""

    field: str
    text: str
    file: UploadedFile | None


def parts(body: bytes, content_type: str) -> Iterator[Part]:
    """The fields of a form, in their order; raises HttpError 400 for what is no such form."""
    whole = Message()
    whole["content-type"] = content_type
    boundary = whole.get_boundary("")
    if not boundary or len(boundary) > 70:
        raise HttpError(400, "the form names no boundary between its parts")
    mark = b"--" + boundary.encode("latin-1", "replace")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise HttpError(400, "the form was cut off")
    if len(pieces) - 2 > MAX_PARTS:
        raise HttpError(413, f"the form has more than {MAX_PARTS:,} fields")
    for piece in pieces[1:-1]:
        yield _part(piece)


def _part(piece: bytes) -> Part:
    padding, _, rest = piece.partition(b"\r\n")
    head, end, data = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if padding.strip() or not end or len(head) > MAX_HEAD_BYTES:
        raise HttpError(400, "a part of the form has no header")
    said = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        header, colon, value = line.partition(":")
        if colon and header.strip().lower() in {"content-disposition", "content-type"}:
            said[header.strip()] = value.strip()
    field = said.get_param("name", header="content-disposition")
    if not isinstance(field, str):
        raise HttpError(400, "a part of the form has no name")
    name = said.get_filename()
    if name is None:
        return Part(field, data.decode("utf-8", "replace"), None)
    bare = name.replace("\\", "/").rpartition("/")[2]
    return Part(field, "", UploadedFile(bare, said.get_content_type(), data))
