"""What unit tests of several packages share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from viewra.db import open_database


@pytest.fixture
def engine(migrated_url: str) -> Iterator[sa.Engine]:
    """An engine for a database as a host's first start makes it, once in each kind of database."""
    made = open_database(migrated_url)
    yield made
    made.dispose()
