"""What reading one picture may cost, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on one file; the manifest has the operator's part of them."""

    pixels: int = 1_000_000_000
    exif_bytes: int = 1 << 20
    gps: bool = True
    read_bytes: int = 256 << 20
    """How much of a file is read: WebP, AVIF and HEIC are read whole, of others only the headers."""
    seconds: float = 10.0
    """After how long the next read is refused."""
