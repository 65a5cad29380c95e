"""Passwords, the one-time link, sessions and tokens: what is accepted, for how long, and what is stored of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.unit.web.conftest import PASSWORD, Clock
from viewra.db import access
from viewra.db.access_tables import api_tokens, web_passwords, web_sessions
from viewra.db.transactions import reading
from viewra.errors import DatabaseError, NotFound, UsageError
from viewra.web.accounts import hashing
from viewra.web.accounts.accounts import IDLE_S, SESSION_S, Accounts, TooMany, WrongPassword
from viewra.web.accounts.identity import Identity, Scope

HERE = "192.0.2.1"
DAY = 86_400.0


def stored(engine: sa.Engine) -> str:
    """Everything that the database has of access, as one text."""
    with reading(engine) as connection:
        rows = [connection.execute(sa.select(table)).all() for table in (web_passwords, web_sessions, api_tokens)]
    return repr(rows)


def test_a_link_sets_the_first_password_once(accounts: Accounts) -> None:
    link = accounts.new_link()
    with pytest.raises(UsageError, match="10 to 1024"):
        accounts.use_link(link, "too short")
    with pytest.raises(UsageError, match="used"):
        accounts.use_link("x", PASSWORD)
    accounts.use_link(link, PASSWORD)
    assert accounts.has_password()
    with pytest.raises(UsageError, match="used"):
        accounts.use_link(link, "another password")
    with pytest.raises(UsageError, match="set already"):  # also by a link of another start
        accounts.use_link(accounts.new_link(), "another password")
    assert accounts.sign_in(PASSWORD, HERE)


def test_nothing_that_opens_a_door_is_stored(accounts: Accounts, engine: sa.Engine) -> None:
    accounts.set_password(PASSWORD)
    session = accounts.sign_in(PASSWORD, HERE)
    token = accounts.tokens.create("backup", Scope.READ).token
    kept = stored(engine)
    assert session not in kept
    assert token.split("_")[2] not in kept
    assert PASSWORD not in kept
    assert kept.count("scrypt$") == 2


@pytest.mark.parametrize("wrong", ["", "a few easy word", PASSWORD + " ", "\ud800", "x" * 100_000])
def test_a_wrong_password_is_refused(accounts: Accounts, wrong: str) -> None:
    accounts.set_password(PASSWORD)
    with pytest.raises(WrongPassword):
        accounts.sign_in(wrong, HERE)


def test_without_a_password_nobody_signs_in(accounts: Accounts) -> None:
    with pytest.raises(WrongPassword):
        accounts.sign_in("", HERE)


def test_each_sign_in_begins_another_session(accounts: Accounts) -> None:
    accounts.set_password(PASSWORD)
    first = accounts.sign_in(PASSWORD, HERE)
    second = accounts.sign_in(PASSWORD, HERE, before=first)
    assert first != second
    assert accounts.session(first) is None
    assert accounts.session(second) == Identity("session", "admin", Scope.ADMIN)
    accounts.sign_out(second)
    assert accounts.session(second) is None


def test_a_new_password_ends_all_sessions(accounts: Accounts) -> None:
    accounts.set_password(PASSWORD)
    session = accounts.sign_in(PASSWORD, HERE)
    accounts.set_password("another password")
    assert accounts.session(session) is None


def test_a_session_ends_when_it_is_not_used_or_old(accounts: Accounts, clock: Clock) -> None:
    accounts.set_password(PASSWORD)
    idle = accounts.sign_in(PASSWORD, HERE)
    clock.now += IDLE_S + 1
    assert accounts.session(idle) is None
    used = accounts.sign_in(PASSWORD, HERE)
    ends = clock.now + SESSION_S
    while clock.now + 5 * DAY < ends:
        clock.now += 5 * DAY
        assert accounts.session(used) is not None
    clock.now = ends + 1
    assert accounts.session(used) is None


def test_a_session_of_a_clock_that_was_far_ahead_ends(accounts: Accounts, clock: Clock) -> None:
    accounts.set_password(PASSWORD)
    clock.now += 400 * DAY
    session = accounts.sign_in(PASSWORD, HERE)
    clock.now -= 0.5 * DAY
    assert accounts.session(session) is not None
    clock.now -= 399 * DAY
    assert accounts.session(session) is None


def test_a_token_is_its_name_and_scope_until_it_is_revoked(accounts: Accounts, clock: Clock) -> None:
    made = accounts.tokens.create("backup", Scope.OPERATE)
    assert accounts.by_token(made.token, HERE) == Identity("token", "backup", Scope.OPERATE)
    (listed,) = accounts.tokens.all()
    assert (listed.name, listed.scope, listed.used_at) == ("backup", Scope.OPERATE, int(clock.now * 1e6))
    accounts.tokens.revoke("backup")
    assert accounts.by_token(made.token, HERE) is None
    with pytest.raises(NotFound):
        accounts.tokens.revoke("backup")


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "x", lambda t: t[:7] + "0" * 12 + t[19:], str.upper]
)
def test_what_is_nearly_a_token_is_none(accounts: Accounts, change: object) -> None:
    made = accounts.tokens.create("backup", Scope.READ).token
    assert callable(change)
    assert accounts.by_token(change(made), HERE) is None


def test_a_token_of_the_same_name_after_another_is_another(accounts: Accounts) -> None:
    first = accounts.tokens.create("backup", Scope.READ).token
    assert accounts.by_token(first, HERE)
    accounts.tokens.revoke("backup")
    accounts.tokens.create("backup", Scope.ADMIN)
    assert accounts.by_token(first, HERE) is None


@pytest.mark.parametrize("name", ["", "a b", "é", "-x", "x" * 65, "a/b", "a\n"])
def test_a_name_that_cannot_be_one(accounts: Accounts, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a token's name"):
        accounts.tokens.create(name, Scope.READ)


def test_a_name_is_taken_once(accounts: Accounts) -> None:
    accounts.tokens.create("a", Scope.READ)
    with pytest.raises(UsageError, match="there is a token 'a' already"):
        accounts.tokens.create("a", Scope.ADMIN)


def test_guessing_tokens_has_an_end_but_right_ones_are_known(accounts: Accounts) -> None:
    right = accounts.tokens.create("a", Scope.READ).token
    for _ in range(6):
        accounts.by_token("viewra_x_y", HERE)
    with pytest.raises(TooMany):
        accounts.by_token("viewra_x_y", HERE)
    assert accounts.by_token(right, HERE)
    assert accounts.by_token("viewra_x_y", "192.0.2.2") is None


@pytest.mark.parametrize("broken", ["", "scrypt$1", "scrypt$99$8$1$AAAA$AAAA", "scrypt$14$8$1$!$!", "argon2$1$1$1$x$x"])
def test_a_broken_hash_matches_nothing(broken: str) -> None:
    assert not hashing.matches("x", broken)


def test_scopes_include_those_before_them() -> None:
    assert [[str(b) for b in Scope if a.includes(b)] for a in Scope] == [
        ["read"],
        ["read", "operate"],
        ["read", "operate", "admin"],
    ]


def test_reading_goes_on_without_a_place_to_write(
    accounts: Accounts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DatabaseError("the disk is full")

    accounts.set_password(PASSWORD)
    session = accounts.sign_in(PASSWORD, "192.0.2.1")
    token = accounts.tokens.create("t", Scope.READ).token
    clock.now += 3600
    monkeypatch.setattr(access, "touch_session", full)
    monkeypatch.setattr(access, "touch_token", full)
    assert accounts.session(session)
    assert accounts.by_token(token, "192.0.2.1")
