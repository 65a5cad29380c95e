"""The Alembic environment of the host's database; viewra/db runs it."""
