"""The Alembic environment of all plugins, so that a plugin needs no ``env.py``."""
