"""What tests of plugins that misbehave share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _unconfined(quick_hosts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugins of these tests tell what they do in the test's folder; sandboxes have tests of their own."""
    monkeypatch.setenv("VIEWRA_SANDBOX", "off")
