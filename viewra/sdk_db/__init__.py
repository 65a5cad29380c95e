"""The SDK for plugins with tables: Alembic behind the database service, and an engine for the plugin's database.

A separate package, so that plugins without tables import neither SQLAlchemy nor Alembic.
"""

from __future__ import annotations

from viewra.sdk_db.engine import open_engine
from viewra.sdk_db.service import AlembicDatabaseService

__all__ = ["AlembicDatabaseService", "open_engine"]
