"""The host's own Alembic environment; the host runs it, see viewra/db/."""
