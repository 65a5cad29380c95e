"""The admin's account: its password, the one-time link that sets it, and its sessions."""

from __future__ import annotations

import contextlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from viewra.db import access
from viewra.errors import DatabaseError, UsageError, ViewraError
from viewra.web.accounts import hashing
from viewra.web.accounts.identity import Identity, Scope
from viewra.web.accounts.throttle import Throttle
from viewra.web.accounts.tokens import Tokens

ADMIN = "admin"
SHORTEST, LONGEST = 10, 1024
"""Characters of a password."""
IDLE_S, SESSION_S = 7 * 86_400.0, 30 * 86_400.0
"""Seconds without a request, and since the sign-in, after which a session ends."""
AHEAD_S = 86_400.0
"""Seconds by which a session may be of the future: one of a clock that was wrong would last as long as that."""
TOUCHED_EVERY_S = 600.0


class WrongPassword(ViewraError):
    """The password is not the account's."""


class TooMany(ViewraError):
    """Too many wrong passwords or tokens came from an address; ``wait_s`` seconds have to pass."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("too many wrong passwords or tokens", hint=f"try again in {wait_s:.0f} seconds")
        self.wait_s = wait_s


class Accounts:
    """Password, sessions and tokens in a database. Any thread may use it; ``clock`` gives seconds since the epoch."""

    def __init__(
        self, engine: sa.Engine, *, clock: Callable[[], float] = time.time, throttle: Throttle | None = None
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._throttle = throttle or Throttle()
        self._lock = threading.Lock()
        self._link: str | None = None
        self.tokens = Tokens(engine, clock)

    # ---- the password ----

    def has_password(self) -> bool:
        """Whether the admin has a password."""
        return access.read_password(self._engine, ADMIN) is not None

    def set_password(self, password: str, *, only_first: bool = False) -> None:
        """Set the admin's password, which ends all sessions.

        Raises UsageError for an unsuitable one, and with ``only_first`` if there is one already.
        """
        check_password(password)
        kept = hashing.hashed(password, hashing.PASSWORD)
        if not access.write_password(self._engine, ADMIN, kept, self._now(), only_first=only_first):
            raise UsageError("the password is set already", hint="sign in with it, or change it: viewra password")

    def change_password(self, old: str, new: str, address: str) -> None:
        """Set the admin's password in place of the ``old`` one, which ends all sessions.

        Raises WrongPassword, TooMany for an address that guesses, and UsageError for an unsuitable new one.
        """
        self._prove(old, address)
        self.set_password(new)

    def new_link(self) -> str:
        """A secret for a link that lets one person set the password, in place of the last one; kept in memory only."""
        with self._lock:
            self._link = secrets.token_urlsafe(32)
            return self._link

    def opens(self, link: str) -> bool:
        """Whether this is the link's secret, not used yet."""
        return self._link is not None and hmac.compare_digest(self._link.encode(), link.encode("utf-8", "replace"))

    def use_link(self, link: str, password: str) -> None:
        """Set the password by the link, once. Raises UsageError."""
        check_password(password)
        with self._lock:
            if not self.opens(link):
                raise UsageError(
                    "this link was used, or is of an earlier start",
                    hint="viewra serve prints a link at its start as long as there is no password",
                )
            self.set_password(password, only_first=True)
            self._link = None

    # ---- sessions ----

    def sign_in(self, password: str, address: str, *, before: str = "") -> str:
        """A new session's secret, in place of the session ``before``. Raises WrongPassword and TooMany."""
        self._prove(password, address)
        return self.new_session(before=before)

    def new_session(self, *, before: str = "") -> str:
        """A new session's secret, for one who has proven to be the admin."""
        secret, now = secrets.token_urlsafe(32), self._now()
        expired = now - int(IDLE_S * 1_000_000)
        access.add_session(
            self._engine, hashing.digest(secret), ADMIN, now, replaces=hashing.digest(before), expired=expired
        )
        return secret

    def session(self, secret: str) -> Identity | None:
        """Whose session this is; None if it is nobody's, or has ended."""
        digest = hashing.digest(secret)
        stored = access.read_session(self._engine, digest)
        now = self._now()
        if stored is None:
            return None
        idle_s, age_s = (now - stored.used_at) / 1e6, (now - stored.created_at) / 1e6
        if not (-AHEAD_S <= idle_s <= IDLE_S and -AHEAD_S <= age_s <= SESSION_S):
            access.forget_session(self._engine, digest)
            return None
        if idle_s > TOUCHED_EVERY_S:
            with contextlib.suppress(DatabaseError):  # reading goes on without a place to write
                access.touch_session(self._engine, digest, now)
        return Identity("session", stored.account, Scope.ADMIN)

    def sign_out(self, secret: str) -> None:
        """End a session."""
        access.forget_session(self._engine, hashing.digest(secret))

    # ---- tokens ----

    def by_token(self, text: str, address: str) -> Identity | None:
        """Whose token this is; None if it is nobody's. Raises TooMany for an address that guesses."""
        found = self.tokens.identify(text)
        if found is None and (wait_s := self._throttle.attempt("", address)):
            raise TooMany(wait_s)
        return found

    def _prove(self, password: str, address: str) -> None:
        if wait_s := self._throttle.attempt(ADMIN, address):
            raise TooMany(wait_s)
        stored = access.read_password(self._engine, ADMIN)
        if not hashing.matches(password[: LONGEST + 1], stored or _NOBODYS):
            raise WrongPassword("the password is wrong")
        self._throttle.succeeded(ADMIN, address)

    def _now(self) -> int:
        return int(self._clock() * 1_000_000)


def check_password(password: str) -> None:
    """Raise UsageError for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"a password has {SHORTEST} to {LONGEST} characters", hint="a few words are easy to remember")


def csrf_of(session: str) -> str:
    """What a request that changes something must have besides the session's cookie: only its own pages know it."""
    return hmac.new(session.encode(), b"csrf", "sha256").hexdigest()


_NOBODYS = "scrypt$14$8$5$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
"""A hash that nothing matches: without a password, an attempt takes as long as with one."""
