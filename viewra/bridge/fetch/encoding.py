"""Decompresses a body in small pieces, so that a few bytes cannot become many at once."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from viewra.errors import FetchFailed

ACCEPTED = "gzip"
"""What requests say that they accept."""
_PIECE = 64 * 1024
_GZIP = 31  # zlib's number for its largest window, in gzip's format


def decoded(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The body of a response with this Content-Encoding, in pieces of at most 64 KiB. Raises FetchFailed."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return iter(parts)
    if name not in ("gzip", "x-gzip"):
        raise FetchFailed(f"the body is encoded as {encoding[:50]!r}, which was not asked for")
    return _unzipped(parts)


def _unzipped(parts: Iterable[bytes]) -> Iterator[bytes]:
    gzip = zlib.decompressobj(_GZIP)
    began = False
    try:
        for part in parts:
            while part:
                if gzip.eof:  # another member of the same file
                    gzip = zlib.decompressobj(_GZIP)
                began = True
                if piece := gzip.decompress(part, _PIECE):
                    yield piece
                part = gzip.unused_data if gzip.eof else gzip.unconsumed_tail
    except zlib.error as error:
        raise FetchFailed(f"the body is not gzip, as its header says: {error}") from error
    if began and not gzip.eof:
        raise FetchFailed("the body ends within its gzip data")
