"""Reads the tags of MP4 files: iTunes' items, free-text items, QuickTime's keys and its older texts."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from mutagen.id3 import TCON

from . import atoms, names
from .atoms import Atom
from .facts import Facts, Pair
from .source import Source

FREE_TEXT = b"----"
UTF16, PICTURES, NUMBERS, RESERVED = 2, {13, 14, 27}, {21, 22}, 0
"""Types of an item's data; a reserved one goes by the item's name."""

NUMBERED = {"trkn": ("tracknumber", "totaltracks"), "disk": ("discnumber", "totaldiscs")}
INTEGERS = frozenset({"tmpo", "cpil", "©mvi", "©mvc"})
MAX_KEYS = 1000


def read(facts: Facts, movie: Atom) -> None:
    """Add the tags in a ``moov`` atom; an item that cannot be read is a warning."""
    source = facts.source
    pairs: list[Pair] = []
    for parent in (atoms.find(source, movie, b"udta"), movie):
        meta = atoms.find(source, parent, b"meta") if parent else None
        if meta:
            _read_meta(facts, meta, pairs)
    user_data = atoms.find(source, movie, b"udta")
    if user_data:
        pairs += _old_texts(facts, user_data)
    facts.add_tag(pairs)


def _read_meta(facts: Facts, meta: Atom, pairs: list[Pair]) -> None:
    source = facts.source
    skip = 0 if source.at(meta.offset + 4, 4) == b"hdlr" else 4  # QuickTime's has no version
    keys: list[str] = []
    later: list[Pair] = []
    for atom in atoms.inside(source, meta, skip):
        if atom.name == b"keys":
            keys = list(_keys(atoms.content(source, atom)))
        elif atom.name == b"ilst":
            for item in atoms.inside(source, atom):
                name = _name(item.name, keys)
                facts.attempt(f"the tag {name}", _read_item, facts, item, name, pairs, later)
    pairs += later


def _name(raw: bytes, keys: list[str]) -> str:
    index = int.from_bytes(raw, "big")
    return keys[index - 1] if 0 < index <= len(keys) else raw.decode("latin-1")


def _keys(data: bytes) -> Iterator[str]:
    """QuickTime's names of items, of ``com.apple.quicktime.title`` the last part."""
    at = 8
    for _ in range(min(int.from_bytes(data[4:8], "big"), MAX_KEYS)):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8:
            return
        yield data[at + 8 : at + size].decode("utf-8", "replace").rpartition(".")[2]
        at += size


def _read_item(facts: Facts, item: Atom, name: str, pairs: list[Pair], later: list[Pair]) -> None:
    source = facts.source
    if name == "covr":
        facts.picture = facts.picture or any(data.strip(b"\0") for _, data in _data(source, item, 65536))
        return
    if item.name == FREE_TEXT:
        name = _free_name(source, item)
    key = names.plain(name)
    field = names.MP4.get(name) or (names.FREE_TEXT.get(key) if item.name[:1] in b"-\0" else None)
    if not field and name not in NUMBERED and name != "gnre":
        return
    into = later if item.name == FREE_TEXT and key in names.LATER else pairs
    for kind, data in _data(source, item):
        if name in NUMBERED:
            if len(data) < 6:
                facts.warn(f"the tag {name} is shorter than it should be")
            into += zip(NUMBERED[name], _number_and_total(data), strict=True)
        elif name == "gnre":
            genre = int.from_bytes(data, "big") - 1
            into += [("genre", TCON.GENRES[genre])] if 0 <= genre < len(TCON.GENRES) else []
        elif field and (name in INTEGERS or kind in NUMBERS):
            into.append((field, str(int.from_bytes(data[:8], "big", signed=kind == 21))))
        elif field and kind not in PICTURES:
            into.append(
                (
                    field,
                    data.decode("utf-16-be", "replace")
                    if kind == UTF16
                    else facts.decode_utf8(data, f"the tag {name}"),
                )
            )


def _number_and_total(data: bytes) -> tuple[str, str]:
    """A number and its total; a 0, or one that is missing, is unknown."""
    return str(int.from_bytes(data[2:4], "big")), str(int.from_bytes(data[4:6], "big"))


def _data(source: Source, item: Atom, most: int = 1 << 22) -> Iterator[tuple[int, bytes]]:
    """The type and content of each value of an item."""
    for atom in atoms.inside(source, item):
        if atom.name == b"data":
            if atom.end > item.end or atom.end - atom.offset < 8:
                raise EOFError
            data = atoms.content(source, atom, most)
            yield int.from_bytes(data[1:4], "big"), data[8:]


def _free_name(source: Source, item: Atom) -> str:
    atom = atoms.find(source, item, b"name")
    return atoms.content(source, atom, 1000)[4:].decode("utf-8", "replace") if atom else ""


def _old_texts(facts: Facts, user_data: Atom) -> Iterator[Pair]:
    """QuickTime's texts right in the user data: each has a size and a language."""
    for atom in atoms.inside(facts.source, user_data):
        field = names.MP4.get(atom.name.decode("latin-1")) if atom.name[:1] == b"\xa9" else None
        if field:
            data = atoms.content(facts.source, atom, 1 << 16)
            (size,) = struct.unpack_from(">H", data) if len(data) >= 4 else (0,)
            if 0 < size <= len(data) - 4:
                yield field, facts.decode(data[4 : 4 + size])
