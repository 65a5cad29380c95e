"""Fixtures for tests of plugins that misbehave."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _quick_hosts(quick_hosts: None) -> None:
    """Each host of these tests starts from a database that is migrated."""
