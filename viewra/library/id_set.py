"""A set of ids that takes little memory: a bit for each, as those of one scan lie close together."""

from __future__ import annotations

_BITS = 12
"""How many bits of an id count within one part."""


class IdSet:
    """Ids that can be added and counted."""

    def __init__(self) -> None:
        self._parts: dict[int, bytearray] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def add(self, number: int) -> None:
        """Add one."""
        key, place = number >> _BITS, number & ((1 << _BITS) - 1)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = bytearray(1 << (_BITS - 3))
        bit = 1 << (place & 7)
        if not part[place >> 3] & bit:
            part[place >> 3] |= bit
            self._count += 1
