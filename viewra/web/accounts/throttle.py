"""Slows down those who guess passwords and tokens: by address, and for an account by all addresses together."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import attrs

FREE = 5
"""Failures of one address before it has to wait."""
FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 900.0
"""The first wait, which doubles with each further failure, and the longest."""
ACCOUNT_FREE = 50
"""Failures at one account, from all addresses, before those that never signed in have to wait."""
FORGOTTEN_S = 3600.0
"""Seconds without a failure after which those before are forgotten."""
MOST = 10_000
"""Addresses remembered: the least recent are forgotten first."""


@attrs.define
class _Count:
    failures: int = 0
    last: float = 0.0
    until: float = 0.0


class Throttle:
    """Counts failures. ``clock`` gives seconds; any thread may use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, str], None] = OrderedDict()

    def attempt(self, account: str, address: str) -> float:
        """Begin an attempt, which counts as failed until ``succeeded``: attempts side by side count, too.

        Returns 0, or how many seconds have to pass first: then it must not be made.
        """
        place = (account, network(address))
        with self._lock:
            now = self._clock()
            here = self._count(place, now)
            whole = self._count((account, ""), now)
            wait = here.until - now
            if place not in self._trusted:
                wait = max(wait, whole.until - now)
            if wait > 0:
                return wait
            self._fail(here, now, FREE)
            self._fail(whole, now, ACCOUNT_FREE)
            return 0.0

    def succeeded(self, account: str, address: str) -> None:
        """The attempt that began last from this address was right."""
        place = (account, network(address))
        with self._lock:
            self._counts.pop(place, None)
            whole = self._counts.get((account, ""))
            if whole is not None and whole.failures:
                whole.failures -= 1
            self._trusted[place] = None
            self._trusted.move_to_end(place)
            while len(self._trusted) > MOST:
                self._trusted.popitem(last=False)

    def _count(self, place: tuple[str, str], now: float) -> _Count:
        count = self._counts.get(place)
        if count is None or (now - count.last > FORGOTTEN_S and count.until <= now):
            count = self._counts[place] = _Count(last=now)
        self._counts.move_to_end(place)
        while len(self._counts) > MOST:
            self._counts.popitem(last=False)
        return count

    @staticmethod
    def _fail(count: _Count, now: float, free: int) -> None:
        count.failures += 1
        count.last = now
        if count.failures > free:
            count.until = now + min(FIRST_WAIT_S * 2.0 ** min(count.failures - free - 1, 30), LONGEST_WAIT_S)


def network(address: str) -> str:
    """An address as it is counted: of IPv6 the network of 64 bits, which one person has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
