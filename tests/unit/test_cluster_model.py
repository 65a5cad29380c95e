"""The model of a scan over many workers, by what must hold of it, and the picture of its curves."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from benchmarks import cluster_picture
from benchmarks.cluster_model import Costs, rate

READS = Costs(read_s=0.02, batch=10, outside_s=0.0004, locked_s=0.0006, scheduler_s=0.001)


def test_few_workers_are_as_quick_as_they_read() -> None:
    for workers in (1, 2, 4):
        assert rate(READS, workers=workers) == pytest.approx(workers / 0.02, rel=0.02)


def test_many_workers_wait_for_the_writer() -> None:
    assert rate(READS, workers=64) == pytest.approx(1 / 0.001, rel=0.02)


def test_writers_of_one_database_share_its_lock() -> None:
    assert rate(READS, workers=64, writers=4) == pytest.approx(1 / 0.0006, rel=0.05)
    assert rate(READS, workers=64, writers=4, shared_lock=False) == pytest.approx(64 / 0.02, rel=0.05)


def test_a_slow_scheduler_is_the_limit() -> None:
    slow = READS._replace(scheduler_s=0.05)
    assert rate(slow, workers=64) == pytest.approx(10 / 0.05, rel=0.02)


def test_the_picture_has_a_line_for_each_curve_and_a_point_for_each_measurement() -> None:
    found = ET.fromstring(
        cluster_picture.drawn({"one": {1: 48.0, 64: 900.0}, "two": {2: 90.0, 64: 1500.0}}, {1: 48.0, 3: 140.0})
    )
    space = "{http://www.w3.org/2000/svg}"
    assert len(found.findall(f"{space}polyline")) == 2
    assert len(found.findall(f"{space}circle")) == 2
