"""The Alembic environment of plugins, so that they need none of their own."""
