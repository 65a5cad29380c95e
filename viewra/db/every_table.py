"""All of the host's tables, for what compares them with a database: other modules import only those that they use."""

from __future__ import annotations

from viewra.db import (  # noqa: F401  (each adds its tables to the metadata)
    access_tables,
    asset_tables,
    catalogue_tables,
    hosted_tables,
    priority_tables,
    task_tables,
    unsettled_tables,
)
from viewra.db.tables import metadata

__all__ = ["metadata"]
