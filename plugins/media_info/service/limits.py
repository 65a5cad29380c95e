"""What reading one file may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on one file; the manifest has the operator's part of them."""

    scan_bytes: int = 64 << 20
    """How much of a file that does not state its duration is read to count its frames."""
    seconds: float = 10.0
    """After how long the next read is refused."""
    header_bytes: int = 128 << 20
    """How much is read beside that: the index of a film of ten hours has some 30 MiB."""
    reads: int = 200_000
    """How many reads there may be: a damaged index may send a parser from place to place."""
