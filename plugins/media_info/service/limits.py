"""Limits for reading one file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits for one file; the operator sets some of them in the manifest's settings."""

    scan_bytes: int = 64 << 20
    """Bytes to read at most to count the frames of a file that does not state its duration."""
    seconds: float = 10.0
    """Seconds after which further reads fail."""
    header_bytes: int = 128 << 20
    """Other bytes to read at most: the index of a film of ten hours has some 30 MiB."""
    reads: int = 200_000
    """Reads at most: a damaged index can make a parser read all over the file."""
