"""Finds out which user a player is, by token, password or API key, and slows down those who guess."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

import attrs

from .failures import (
    CONFLICTING_MECHANISMS,
    MISSING_PARAMETER,
    WRONG_API_KEY,
    WRONG_CREDENTIALS,
    Failure,
)
from .parameters import Parameters


@attrs.frozen
class Limit:
    """``free`` failures, then a wait of ``first_s`` seconds that doubles with each further one, up to ``longest_s``."""

    free: int
    first_s: float
    longest_s: float


OF_ONE_NAME, OF_ALL_NAMES = Limit(5, 2.0, 300.0), Limit(30, 5.0, 5.0)
"""What one address may try with one name, and with all together: one player with an old password locks out no other."""
FORGOTTEN_S = 3600.0
REMEMBERED = 10_000
_LONGEST_NAME = 33  # one more than a user's
_NOBODY = "nobody has this password"


class Accounts:
    """The users of the settings. ``clock`` gives seconds; any thread may use it."""

    def __init__(
        self, users: Mapping[str, str], api_keys: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._users = dict(users)
        self._keys = {key: name for name, key in api_keys.items() if name in self._users}
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def user(self, given: Parameters, address: str) -> str:
        """The name of the user who sends this.

        Raises Failure, also for a right password while its sender has to wait.
        """
        if "apiKey" in given:
            if "u" in given or "p" in given or "t" in given:
                raise Failure(CONFLICTING_MECHANISMS, "send apiKey or u, not both")
            return self._attempt("", address, self._by_key(given.text("apiKey")), WRONG_API_KEY, "the API key is wrong")
        name = given.required("u").lower()
        if "t" in given:
            if "p" in given:
                raise Failure(CONFLICTING_MECHANISMS, "send t and s or p, not both")
            salt, token = given.required("s"), given.text("t").lower()
            expected = hashlib.md5((self._users.get(name, _NOBODY) + salt).encode()).hexdigest()  # noqa: S324
            right = hmac.compare_digest(token.encode(), expected.encode())
        elif "p" in given:
            password = _decoded(given.text("p"))
            right = hmac.compare_digest(password.encode(), self._users.get(name, _NOBODY).encode())
        else:
            raise Failure(MISSING_PARAMETER, "the parameters t and s, p, or apiKey are missing")
        found = name if right and name in self._users else None
        return self._attempt(name, address, found, WRONG_CREDENTIALS, "the name or the password is wrong")

    def _by_key(self, given: str) -> str | None:
        found = None
        for key, name in self._keys.items():  # all of them: the time tells nothing
            if hmac.compare_digest(given.encode(), key.encode()):
                found = name
        return found

    def _attempt(self, name: str, address: str, found: str | None, code: int, message: str) -> str:
        network, name = (
            _network(address),
            name[:_LONGEST_NAME],
        )  # what is longer is nobody's, and must not fill the memory
        places = (((network, name), OF_ONE_NAME), ((network, "*"), OF_ALL_NAMES))
        with self._lock:
            now = self._clock()
            wait = max(self._wait(place, limit, now) for place, limit in places)
            if wait > 0:
                raise Failure(code, f"too many attempts failed: try again in {math.ceil(wait)} s")
            if found is not None:
                self._failures.pop((network, name), None)
                return found
            for place, _ in places:
                self._failures[place] = (self._count(place, now) + 1, now)
                self._failures.move_to_end(place)
            while len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)
        raise Failure(code, message)

    def _count(self, place: tuple[str, str], now: float) -> int:
        count, last = self._failures.get(place, (0, now))
        return count if now - last < FORGOTTEN_S else 0

    def _wait(self, place: tuple[str, str], limit: Limit, now: float) -> float:
        beyond = self._count(place, now) - limit.free
        if beyond < 0:
            return 0.0
        return self._failures[place][1] + min(limit.first_s * 2.0 ** min(beyond, 30), limit.longest_s) - now


def _decoded(password: str) -> str:
    """A password as it was typed: ``enc:`` says that it is in hexadecimal."""
    if not password.startswith("enc:"):
        return password
    try:
        return bytes.fromhex(password.removeprefix("enc:")).decode()
    except ValueError:
        return ""


def _network(address: str) -> str:
    """An address as it is counted: of IPv6 the network of 64 bits, which one person has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)
