"""What reading one file may cost, and what the operator sets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on one file; the manifest has the operator's part of them. ``roots`` are absolute paths."""

    file_bytes: int = 4 << 20
    entries: int = 1000
    encoding: str = "cp1252"
    roots: tuple[str, ...] = ()
    folder_names: int = 20_000
    """Of a folder with more names than these, only exact names are found."""
    seconds: float = 10.0
    """After how long the search for the files of a playlist is given up."""
