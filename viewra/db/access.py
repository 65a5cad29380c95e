"""Stores those who may use ``viewra serve``: passwords, sessions and API tokens, all hashed by the caller.

Times are microseconds since the epoch. Every function raises ``DatabaseError``.
"""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from viewra.db.access_tables import api_tokens, web_passwords, web_sessions
from viewra.db.transactions import reading, writing


@attrs.frozen
class StoredSession:
    """One session."""

    account: str
    created_at: int
    used_at: int


@attrs.frozen
class StoredToken:
    """One API token; ``used_at`` is None if it was never used."""

    name: str
    key: str
    hash: str
    scope: str
    created_at: int
    used_at: int | None


def read_password(engine: sa.Engine, account: str) -> str | None:
    """The hash of an account's password; None if it has none."""
    wanted = sa.select(web_passwords.c.hash).where(web_passwords.c.account == account)
    with reading(engine) as connection:
        return connection.execute(wanted).scalar_one_or_none()


def write_password(engine: sa.Engine, account: str, password_hash: str, now: int, *, only_first: bool = False) -> bool:
    """Store a password's hash and end the account's sessions.

    With ``only_first`` it changes nothing, and returns False, if there is a password already.
    """
    there = sa.select(web_passwords.c.account).where(web_passwords.c.account == account)
    with writing(engine) as connection:
        if only_first and connection.execute(there).first() is not None:
            return False
        connection.execute(sa.delete(web_sessions).where(web_sessions.c.account == account))
        connection.execute(sa.delete(web_passwords).where(web_passwords.c.account == account))
        row = {"account": account, "hash": password_hash, "changed_at": now}
        connection.execute(sa.insert(web_passwords).values(row))
    return True


def read_session(engine: sa.Engine, digest: str) -> StoredSession | None:
    """The session with this digest."""
    columns = web_sessions.c
    wanted = sa.select(columns.account, columns.created_at, columns.used_at).where(columns.digest == digest)
    with reading(engine) as connection:
        row = connection.execute(wanted).one_or_none()
    return StoredSession(row.account, row.created_at, row.used_at) if row is not None else None


def add_session(
    engine: sa.Engine, digest: str, account: str, now: int, *, replaces: str = "", expired: int = 0
) -> None:
    """Store a session in place of the one with the digest ``replaces``; forget those not used since ``expired``."""
    columns = web_sessions.c
    with writing(engine) as connection:
        connection.execute(sa.delete(web_sessions).where(sa.or_(columns.digest == replaces, columns.used_at < expired)))
        row = {"digest": digest, "account": account, "created_at": now, "used_at": now}
        connection.execute(sa.insert(web_sessions).values(row))


def touch_session(engine: sa.Engine, digest: str, now: int) -> None:
    """Store that a session was used now."""
    with writing(engine) as connection:
        connection.execute(sa.update(web_sessions).where(web_sessions.c.digest == digest).values(used_at=now))


def forget_session(engine: sa.Engine, digest: str) -> None:
    """Forget a session."""
    with writing(engine) as connection:
        connection.execute(sa.delete(web_sessions).where(web_sessions.c.digest == digest))


def read_tokens(engine: sa.Engine) -> list[StoredToken]:
    """All API tokens, by name."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(api_tokens).order_by(api_tokens.c.name)).all()
    return [StoredToken(**row._mapping) for row in rows]  # noqa: SLF001 (SQLAlchemy's public name)


def read_token(engine: sa.Engine, key: str) -> StoredToken | None:
    """The API token with this key."""
    with reading(engine) as connection:
        row = connection.execute(sa.select(api_tokens).where(api_tokens.c.key == key)).one_or_none()
    return StoredToken(**row._mapping) if row is not None else None  # noqa: SLF001 (as above)


def add_token(engine: sa.Engine, token: StoredToken) -> bool:
    """Store an API token; returns False, and stores nothing, if its name is taken."""
    with writing(engine) as connection:
        same = sa.select(api_tokens.c.name).where(api_tokens.c.name == token.name)
        if connection.execute(same).first() is not None:
            return False
        connection.execute(sa.insert(api_tokens).values(attrs.asdict(token)))
    return True


def touch_token(engine: sa.Engine, key: str, now: int) -> None:
    """Store that a token was used now."""
    with writing(engine) as connection:
        connection.execute(sa.update(api_tokens).where(api_tokens.c.key == key).values(used_at=now))


def forget_token(engine: sa.Engine, name: str) -> bool:
    """Forget an API token; returns whether it was there."""
    with writing(engine) as connection:
        there = sa.select(api_tokens.c.name).where(api_tokens.c.name == name)
        found = connection.execute(there).first() is not None
        connection.execute(sa.delete(api_tokens).where(api_tokens.c.name == name))
    return found
