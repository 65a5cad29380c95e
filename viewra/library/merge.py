"""Chooses one value per field from several plugins' metadata of a file, and gives the reason.

For each field: the operator's order for it, then the order for all fields, then the higher priority by the plugins'
manifests, then the newest reading; of two read at the same moment, the one of the first plugin id. A plugin that an
order does not name comes after those that it names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import attrs

from viewra.types import MetadataValue
from viewra.types.values import Value

ALL_FIELDS = "*"
"""The field of an order that applies to every field."""


class Reading(NamedTuple):
    """One plugin's last reading of one file; ``read_at`` in microseconds since the epoch.

    ``stated_in`` is the path of the nfo file that it has read, None for the file itself.
    """

    plugin_id: str
    read_at: int
    values: Mapping[str, Value]
    stated_in: bytes | None = None


@attrs.frozen
class Priorities:
    """The operator's orders: field, or ``"*"`` → plugin ids, the first one counts most.

    ``stated``: field → plugin id → the priority in the plugin's manifest, 0 if it has none.
    """

    orders: Mapping[str, Sequence[str]] = attrs.field(factory=dict)
    stated: Mapping[str, Mapping[str, int]] = attrs.field(factory=dict)
    _particular: frozenset[str] = attrs.field(init=False, eq=False, repr=False)
    """The fields that are not decided as most are: with an order of their own, or a priority in a manifest."""
    _places: dict[tuple[str, ...], list[tuple[str, list[int]]]] = attrs.field(
        factory=dict, init=False, eq=False, repr=False
    )
    _ranks: dict[tuple[str, str], tuple[int, int, int]] = attrs.field(factory=dict, init=False, eq=False, repr=False)

    @_particular.default
    def _find_particular(self) -> frozenset[str]:
        return frozenset(self.orders) | {field for field, plugins in self.stated.items() if any(plugins.values())}

    def worst_first(self, readings: Iterable[Reading]) -> list[Reading]:
        """The readings in the order in which most fields are decided, the one that counts first is the last."""
        common = self.orders.get(ALL_FIELDS)
        if common:
            return sorted(readings, key=lambda one: (_place(common, one.plugin_id), *_oldness(one)), reverse=True)
        return sorted(readings, key=_oldness, reverse=True)

    def particular(self, readings: Sequence[Reading]) -> list[tuple[str, list[int]]]:
        """The fields that are decided otherwise, each with the places of ``readings``, the worst first.

        ``readings`` are ``worst_first``. Files that the same plugins have read get the same list.
        """
        plugins = tuple(reading.plugin_id for reading in readings)
        places = self._places.get(plugins)
        if places is None:
            places = self._places[plugins] = [
                (field, sorted(range(len(plugins)), key=lambda n: self._rank(field, plugins[n]), reverse=True))
                for field in self._particular
            ]
        return places

    def key(self, field: str) -> Callable[[Reading], tuple[int, int, int, int, str]]:
        """The sort key for readings of a field, the best first."""
        return lambda reading: (*self._rank(field, reading.plugin_id), -reading.read_at, reading.plugin_id)

    def _rank(self, field: str, plugin_id: str) -> tuple[int, int, int]:
        """Where a plugin stands by the orders and its manifest; the same for thousands of files."""
        rank = self._ranks.get((field, plugin_id))
        if rank is None:
            own, common = self.orders.get(field, ()), self.orders.get(ALL_FIELDS, ())
            stated = self.stated.get(field, {}).get(plugin_id, 0)
            rank = self._ranks[field, plugin_id] = (_place(own, plugin_id), _place(common, plugin_id), -stated)
        return rank

    def best_first(self, field: str, readings: Iterable[Reading]) -> list[Reading]:
        """The readings that have the field, the one that counts first."""
        return sorted((reading for reading in readings if field in reading.values), key=self.key(field))


def merge(readings: Iterable[Reading], priorities: Priorities) -> dict[str, MetadataValue]:
    """Each field with its value, its plugin, the reason, and the other plugins' values."""
    readings = list(readings)
    merged: dict[str, MetadataValue] = {}
    for field in dict.fromkeys(field for reading in readings for field in reading.values):
        best, *others = priorities.best_first(field, readings)
        merged[field] = MetadataValue(
            best.values[field],
            best.plugin_id,
            why=_why(field, best, others[0], priorities) if others else "no other plugin gives one",
            others=tuple((other.plugin_id, other.values[field]) for other in others),
            stated_in=os.fsdecode(best.stated_in) if best.stated_in is not None else None,
        )
    return merged


def pick(
    readings: Iterable[Reading], priorities: Priorities, fields: Collection[str] | None = None
) -> dict[str, Value]:
    """Return only the values, as ``merge`` has them; with ``fields`` only of these, as far as anybody said any."""
    # Most fields of a file are decided alike: what counts less comes first, and is replaced.
    ordered = priorities.worst_first(readings)
    picked: dict[str, Value] = {}
    for reading in ordered:
        picked.update(reading.values)
    if len(ordered) > 1:
        said = [reading.values for reading in ordered]
        for field, places in priorities.particular(ordered):
            if field in picked and (fields is None or field in fields):
                for place in places:
                    if field in said[place]:
                        picked[field] = said[place][field]
    return picked if fields is None else {field: picked[field] for field in picked if field in fields}


def _why(field: str, best: Reading, second: Reading, priorities: Priorities) -> str:
    """Why the best reading comes before the second."""
    reasons = (
        f"the order for {field}",
        "the order for all fields",
        "the priority in its manifest",
        "read last",
        "the first plugin id of two read at once",
    )
    pairs = zip(reasons, priorities.key(field)(best), priorities.key(field)(second), strict=True)
    return next((reason for reason, ours, theirs in pairs if ours != theirs), reasons[-1])


def _oldness(reading: Reading) -> tuple[int, str]:
    return -reading.read_at, reading.plugin_id


def _place(order: Sequence[str], plugin_id: str) -> int:
    return order.index(plugin_id) if plugin_id in order else len(order)
