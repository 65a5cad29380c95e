"""What a plugin with tables is written with: Alembic behind the database service, and its own database's engine.

It is a package of its own, so that plugins without tables import neither SQLAlchemy nor Alembic.
"""

from __future__ import annotations

from viewra.sdk_db.engine import open_engine
from viewra.sdk_db.service import AlembicDatabaseService

__all__ = ["AlembicDatabaseService", "open_engine"]
