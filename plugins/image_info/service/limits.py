"""Limits for reading one picture, and the operator's choices of what to read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits for one file; the operator sets some of them in the manifest's settings."""

    pixels: int = 1_000_000_000
    exif_bytes: int = 1 << 20
    gps: bool = True
    read_bytes: int = 256 << 20
    """Bytes to read at most: WebP, AVIF and HEIC are read completely, other formats only up to the headers."""
    seconds: float = 10.0
    """Seconds after which further reads fail."""
