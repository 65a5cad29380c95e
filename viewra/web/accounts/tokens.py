"""API tokens: made once, shown once, stored hashed, and checked with each request that has one."""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
import time
from collections.abc import Callable

import attrs
import sqlalchemy as sa

from viewra.db import access
from viewra.errors import DatabaseError, NotFound, UsageError
from viewra.web.accounts import hashing
from viewra.web.accounts.identity import Identity, Scope

PREFIX = "viewra"
TOUCHED_EVERY_S = 60.0
"""How exactly the time of a token's last use is stored, in seconds."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REMEMBERED = 1000


@attrs.frozen
class Token:
    """A token as listed; times in microseconds since the epoch, ``used_at`` None if it was never used."""

    name: str
    scope: Scope
    created_at: int
    used_at: int | None


@attrs.frozen
class NewToken(Token):
    """A token just made: the only time that ``token`` is known."""

    token: str


class Tokens:
    """The API tokens in a database. Any number of threads may use it; ``clock`` gives seconds since the epoch."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._proven: dict[str, str] = {}  # digest of a token → the stored hash that it matched

    def create(self, name: str, scope: Scope) -> NewToken:
        """Make a token. Raises UsageError for a name that is taken or cannot be one."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be a token's name", hint="1 to 64 letters, digits, dots, hyphens and underscores"
            )
        key, secret, now = secrets.token_hex(6), secrets.token_urlsafe(32), self._now()
        stored = access.StoredToken(name, key, hashing.hashed(secret, hashing.TOKEN), str(scope), now, None)
        if not access.add_token(self._engine, stored):
            raise UsageError(f"there is a token {name!r} already", hint=f"viewra token revoke {name}, or another name")
        return NewToken(name, scope, now, None, f"{PREFIX}_{key}_{secret}")

    def all(self) -> list[Token]:
        """Every token, by name."""
        return [
            Token(one.name, Scope(one.scope), one.created_at, one.used_at) for one in access.read_tokens(self._engine)
        ]

    def revoke(self, name: str) -> None:
        """Forget a token, which is refused from now on. Raises NotFound if there is none with this name."""
        if not access.forget_token(self._engine, name):
            raise NotFound(f"there is no token {name!r}", hint="see them with: viewra token list")

    def identify(self, text: str) -> Identity | None:
        """Whose token this is; None if it is nobody's."""
        prefix, _, rest = text.partition("_")
        key, _, secret = rest.partition("_")
        if prefix != PREFIX or not key or not secret:
            return None
        stored = access.read_token(self._engine, key)
        if stored is None or not self._matches(text, secret, stored.hash):
            return None
        now = self._now()
        if stored.used_at is None or now - stored.used_at > TOUCHED_EVERY_S * 1_000_000:
            with contextlib.suppress(DatabaseError):  # reading goes on without a place to write
                access.touch_token(self._engine, key, now)
        return Identity("token", stored.name, Scope(stored.scope))

    def _matches(self, text: str, secret: str, stored: str) -> bool:
        """Whether the secret has this hash; what matched once need not be computed again."""
        proof = hashing.digest(text)
        with self._lock:
            if self._proven.get(proof) == stored:
                return True
        if not hashing.matches(secret, stored):
            return False
        with self._lock:
            while len(self._proven) >= _REMEMBERED:
                del self._proven[next(iter(self._proven))]
            self._proven[proof] = stored
        return True

    def _now(self) -> int:
        return int(self._clock() * 1_000_000)
