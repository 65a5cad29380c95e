"""All of the host's tables, for what compares them with a database: other modules import only those that they use."""

from __future__ import annotations

import viewra.db.access_tables
import viewra.db.asset_tables
import viewra.db.catalogue_tables
import viewra.db.hosted_tables
import viewra.db.priority_tables
import viewra.db.task_tables
import viewra.db.unsettled_tables  # noqa: F401  (all seven add their tables to the metadata)
from viewra.db.tables import metadata

__all__ = ["metadata"]
