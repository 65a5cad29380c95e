"""The signature of a folder: a hash of all that a scan reads of it before it decides anything about its files.

Folders with the same signature have the same files, as far as the system tells: names, sizes, times, inodes and devices
of all entries but folders, for symbolic links also those of their targets. ``context`` is what else decides; a
signature begins with it, so that a folder that is not looked at again still counts as another with another context.
"""

# Paths are bytes, for which pathlib has nothing.
# ruff: noqa: PTH116

from __future__ import annotations

import hashlib
import os
import struct
import time
from collections.abc import Sequence
from typing import NamedTuple

BYTES = 16

FORMAT = 1
"""To be counted up when the same files would lead a scan to another decision than before."""

FINE_S, COARSE_S = 0.1, 3.0
"""Seconds in which a folder may change twice at one time: a tick of the kernel's clock, or whole seconds, as in FAT."""

_DOT = ord(".")
_PACK = struct.Struct("<qqqQ").pack


class Told(NamedTuple):
    """What the entries of a folder told: the ``signature``, None if one could not be examined.

    ``others`` are those that are no regular files, such as folders, ``marks`` the names that begin with a dot.
    """

    signature: bytes | None
    others: list[os.DirEntry[bytes]]
    marks: list[bytes]


def examine(context: bytes, folder: bytes, entries: Sequence[os.DirEntry[bytes]]) -> Told:
    """Examine the entries of a folder, in the order of the system: in another one the folder counts as another."""
    told = [folder]
    others: list[os.DirEntry[bytes]] = []
    add = told.append
    try:
        for entry in entries:  # this runs for every file of every scan
            if not (is_file := entry.is_file(follow_symlinks=False)):
                others.append(entry)
                if entry.is_dir(follow_symlinks=False):
                    continue
            info = entry.stat(follow_symlinks=False)
            add(entry.name)
            add(_PACK(info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino))  # the device is the folder's
            if not is_file and entry.is_symlink():
                add(repr((os.path.realpath(entry.path), _target(entry.path))).encode())
    except (OSError, struct.error):  # a time that no database can hold
        return Told(None, [], _marks(entries))
    data = b"/".join(told)
    is_marked = b"/." in data or any(entry.name[0] == _DOT for entry in others)  # one search is quicker than one a file
    signature = context + hashlib.blake2b(data, digest_size=BYTES).digest()
    return Told(signature, others, _marks(entries) if is_marked else [])


def names_alone(known: bytes | None, entries: Sequence[os.DirEntry[bytes]]) -> Told:
    """As ``examine`` for a folder that counts as unchanged, without a look at its files."""
    marks = _marks(entries)
    try:
        return Told(known, [entry for entry in entries if not entry.is_file(follow_symlinks=False)], marks)
    except OSError:
        return Told(None, [], marks)


def _marks(entries: Sequence[os.DirEntry[bytes]]) -> list[bytes]:
    return [entry.name for entry in entries if entry.name[0] == _DOT]


def is_of(signature: bytes | None, context: bytes) -> bool:
    """Whether a signature was made with this context."""
    return signature is not None and signature.startswith(context)


def changed_at(info: os.stat_result) -> int:
    """When the names in a folder were last changed, at the latest: programs that copy folders put mtime back."""
    return max(info.st_mtime_ns, info.st_ctime_ns)


def certain(changed_ns: int) -> int:
    """The time by which a folder counts as unchanged from now on; 0 if it may change again without another time."""
    within_s = FINE_S if changed_ns % 1_000_000_000 else COARSE_S
    return changed_ns if time.time_ns() - changed_ns > within_s * 1e9 else 0


def context_of(*parts: object) -> bytes:
    """What decides beside the entries, as one value."""
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogateescape"), digest_size=BYTES).digest()


def _target(link: bytes) -> tuple[int, ...]:
    info = os.stat(link)
    return info.st_mode, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_dev
