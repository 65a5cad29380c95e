"""The tables of those who may use ``viewra serve``: the admin's password, sessions and API tokens, all hashed."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.tables import metadata

web_passwords = sa.Table(
    "web_passwords",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),  # scrypt, with its parameters
    sa.Column("changed_at", sa.BigInteger, nullable=False),
)

web_sessions = sa.Table(
    "web_sessions",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # SHA-256 of the cookie's 256 random bits, in hexadecimal
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("used_at", sa.BigInteger, nullable=False),
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # the part of the token that is no secret
    sa.Column("hash", sa.Text, nullable=False),  # scrypt of the secret part, with its parameters
    sa.Column("scope", sa.Text, nullable=False),  # read, operate or admin
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("used_at", sa.BigInteger),  # NULL: never
)
