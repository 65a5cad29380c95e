"""Hashes passwords and tokens with scrypt; a hash states its own parameters, so that they can be raised later."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

import attrs

_SALT, _LENGTH = 16, 32


@attrs.frozen
class Cost:
    """Parameters of scrypt: ``2 ** log_n`` blocks of ``r`` × 128 bytes, ``p`` times."""

    log_n: int
    r: int
    p: int


PASSWORD = Cost(14, 8, 5)
"""16 MiB and a fifth of a second: what people choose can be guessed."""
TOKEN = Cost(10, 8, 1)
"""1 MiB and some milliseconds: nobody guesses 256 random bits."""


def hashed(secret: str, cost: Cost) -> str:
    """``scrypt$log_n$r$p$salt$hash`` of a text."""
    salt = secrets.token_bytes(_SALT)
    parts = ("scrypt", cost.log_n, cost.r, cost.p, _text(salt), _text(_scrypt(secret, salt, cost)))
    return "$".join(map(str, parts))


def matches(secret: str, stored: str) -> bool:
    """Whether ``stored`` is a hash of this text; False for a hash that cannot be read."""
    try:
        _, log_n, r, p, salt, expected = stored.split("$")
        found = _scrypt(secret, base64.b64decode(salt), Cost(int(log_n), int(r), int(p)))
        return hmac.compare_digest(found, base64.b64decode(expected))
    except (ValueError, OverflowError, binascii.Error):
        return False


def digest(random: str) -> str:
    """SHA-256 of a text of random bits, in hexadecimal."""
    return hashlib.sha256(random.encode("utf-8", "replace")).hexdigest()


def _scrypt(secret: str, salt: bytes, cost: Cost) -> bytes:
    password = secret.encode("utf-8", "surrogatepass")
    memory = 256 * cost.r * (2**cost.log_n + cost.p)
    return hashlib.scrypt(password, salt=salt, n=2**cost.log_n, r=cost.r, p=cost.p, maxmem=memory, dklen=_LENGTH)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
