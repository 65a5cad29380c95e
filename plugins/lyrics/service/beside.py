"""Finds the files with words beside a song: ``Song.lrc``, ``Song.en.lrc``, ``Song.txt``."""

from __future__ import annotations

import codecs
import os
import re

from viewra.sdk.files import FileError, open_regular

from .words import MAX_BYTES, Words, read

_ENDINGS = (".lrc", ".txt")
"""The better ones first."""
_LANGUAGE = re.compile(r"\.[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def beside(path: str, legacy_encoding: str = "") -> Words | None:
    """The words in a file beside the song at ``path``; None if there is none that has some.

    ``legacy_encoding`` is that of files that are not UTF-8, "": these are left out.
    """
    folder, name = os.path.split(path)
    for candidate in _candidates(folder, os.path.splitext(name)[0]):  # noqa: PTH122 - names may be any bytes
        text = _text(os.path.join(folder, candidate), legacy_encoding)  # noqa: PTH118
        words = read(text, "beside") if text else None
        if words is not None:
            return words
    return None


def _candidates(folder: str, stem: str) -> list[str]:
    """The names of such files, the best first: LRC before plain text, without a language before with one."""
    found: list[tuple[int, int, str]] = []
    wanted = stem.casefold()
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    for name in names:
        bare, end = os.path.splitext(name)  # noqa: PTH122
        if end.lower() not in _ENDINGS or not bare.casefold().startswith(wanted):
            continue
        rest = bare[len(stem) :]
        if not rest or _LANGUAGE.fullmatch(rest):
            found.append((_ENDINGS.index(end.lower()), len(rest), name))
    return [name for *_, name in sorted(found)]


def _text(path: str, legacy_encoding: str) -> str:
    """The text of a regular file of a size that lyrics have, else ""."""
    try:
        descriptor, _ = open_regular(path)
    except FileError:
        return ""
    with open(descriptor, "rb") as file:
        try:
            content = file.read(2 * MAX_BYTES + 1)
        except OSError:
            return ""
    if len(content) > 2 * MAX_BYTES:
        return ""
    mark, encoding = next((one for one in _MARKS if content.startswith(one[0])), (b"", "utf-8"))
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        text = content.decode(legacy_encoding, "replace") if legacy_encoding and not mark else ""
    return "" if "\0" in text else text
