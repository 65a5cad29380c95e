"""Finds the file in a form that arrives in pieces (``multipart/form-data``, RFC 7578), without holding it in memory."""

from __future__ import annotations

from email.message import Message

LONGEST_HEAD = 16 * 1024
"""Bytes of the head of a part."""


class BadForm(ValueError):
    """What a client sent is no form, or a form without a file."""


def is_form(content_type: str) -> bool:
    """Whether a request with this header has such a form."""
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


class FormFile:
    """The first file in a form. Other fields are skipped; what comes behind the file is not read."""

    def __init__(self, content_type: str) -> None:
        """``content_type`` is the request's header. Raises BadForm for one without a boundary."""
        said = Message()
        said["content-type"] = content_type
        boundary = said.get_boundary("")
        if not boundary or len(boundary) > 70:
            raise BadForm("the form names no boundary between its parts")
        self._mark = b"\r\n--" + boundary.encode("latin-1", "replace")
        self._rest = b"\r\n"  # so that the first mark is like the others
        self._skips, self._inside = True, False  # what is before the next mark, or a file
        self._over = False
        self._name = ""

    def feed(self, piece: bytes) -> bytes:
        """Read on; returns those bytes of the file that are sure to be such. Raises BadForm."""
        if self._over:
            return b""
        self._rest += piece
        found = bytearray()
        while self._step(found):
            pass
        return bytes(found)

    def end(self) -> str:
        """The file's name, without folders, after the whole form. Raises BadForm if it was cut off, or has no file."""
        if not self._over:
            raise BadForm("the form was cut off")
        if not self._name:
            raise BadForm("the form has no file")
        return self._name

    def _step(self, found: bytearray) -> bool:
        """Read up to the next mark, or the head behind it; False if that is not here yet."""
        if self._skips or self._inside:
            before, mark, behind = self._rest.partition(self._mark)
            if self._inside:
                found += before if mark else self._rest[: -len(self._mark)]
            if not mark:
                self._rest = self._rest[-len(self._mark) :]
                return False
            self._rest, self._over, self._skips = behind, self._inside, False
            return not self._over
        if len(self._rest) >= 2 and self._rest.startswith(b"--"):
            self._over = True
            return False
        head, blank, behind = self._rest.partition(b"\r\n\r\n")
        if len(head) > LONGEST_HEAD:
            raise BadForm("a part of the form has no head")
        if not blank:
            return False
        self._rest, self._name = behind, _file_name(head)
        self._inside, self._skips = bool(self._name), not self._name
        return True


def _file_name(head: bytes) -> str:
    """The name of the file that a part is, "" for a field or if no file was chosen."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        header, _, value = line.partition(":")
        if header.strip().lower() == "content-disposition":
            said = Message()
            said["content-disposition"] = value.strip()
            return (said.get_filename() or "").replace("\\", "/").rpartition("/")[2]
    return ""
