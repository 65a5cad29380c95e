"""How many processes are to run."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from viewra.host.running.workers import MOST_AUTO, wanted, why_one
from viewra.manifest import Runtime


@pytest.mark.parametrize(
    ("runtime", "services", "count"),
    [
        ({}, ["search_service"], 1),
        ({"workers": 4}, ["search_service"], 4),
        ({"workers": 4}, ["search_service", "database_service"], 1),
        ({"workers": 4, "reload": "restart"}, ["search_service"], 1),
        ({"workers": 4, "detachable": True}, ["search_service"], 1),
        ({"workers": "auto"}, ["metadata_scraper"], min(os.cpu_count() or 1, MOST_AUTO)),
        ({"workers": "auto"}, ["search_service"], 1),
        ({"workers": "auto"}, ["metadata_scraper", "database_service"], 1),
    ],
)
def test_how_many(runtime: Mapping[str, object], services: list[str], count: int) -> None:
    chosen = Runtime(**runtime)  # type: ignore[arg-type]
    assert wanted(chosen, services) == count
    assert bool(why_one(chosen, services)) == (
        "database_service" in services or "reload" in runtime or "detachable" in runtime
    )
