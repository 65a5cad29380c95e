"""Limits for reading one file, and the operator's settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits for one file; the operator sets some of them in the manifest's settings. ``roots`` are absolute paths."""

    file_bytes: int = 4 << 20
    entries: int = 1000
    encoding: str = "cp1252"
    roots: tuple[str, ...] = ()
    folder_names: int = 20_000
    """In a folder with more names only exact names are found."""
    seconds: float = 10.0
    """Seconds after which the search for the files of a playlist fails."""
