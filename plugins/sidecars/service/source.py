"""Opens a sidecar file and reads all of it, up to the limit, as text."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator

from viewra.sdk.files import FileError, open_regular

from .limits import Limits


class SidecarError(FileError):
    """A file that is not what its name claims. The message is the reason in one line of valid Unicode."""


BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # it begins like UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_bytes(path: str, limits: Limits) -> bytes:
    """Return the content of a regular file; raises ``SidecarError``, also for a pipe, which would block for ever."""
    descriptor, status = open_regular(path, SidecarError)
    try:
        content = b""
        if status.st_size <= limits.file_bytes:
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read(limits.file_bytes + 1)
    except OSError as error:
        raise SidecarError(f"cannot be read: {error.strerror or error}") from error
    finally:
        os.close(descriptor)
    if status.st_size > limits.file_bytes or len(content) > limits.file_bytes:
        raise SidecarError(f"it is larger than the {limits.file_bytes >> 10} KiB that are allowed (max_file_kb)")
    if not content:
        raise SidecarError("the file is empty")
    return content


def read_pieces(path: str, most: int) -> Iterator[bytes]:
    """Give the content of a regular file piece by piece, at most ``most`` bytes; raises ``SidecarError``."""
    descriptor, status = open_regular(path, SidecarError)
    with open(descriptor, "rb") as file:
        if status.st_size > most:
            raise SidecarError(f"it is larger than the {most >> 20} MiB that are allowed")
        try:
            while piece := file.read(1 << 20):
                yield piece
        except OSError as error:
            raise SidecarError(f"cannot be read: {error.strerror or error}") from error


def read_text(path: str, limits: Limits) -> str:
    """Return the text of a file: in Unicode by its byte order mark, in UTF-8 where it is valid, else in the legacy one.

    Raises ``SidecarError`` as ``read_bytes`` does, and for a file with NUL characters, which is no text.
    """
    content = read_bytes(path, limits)
    text = _decoded(content, limits.encoding)
    if "\0" in text:
        raise SidecarError("it is no text file: it has NUL characters")
    return text


def _decoded(content: bytes, legacy: str) -> str:
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(legacy, "replace")
