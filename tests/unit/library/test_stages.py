"""What a scan tells of its stages, and of plugins that read beside them."""

from __future__ import annotations

import pytest

from tests.unit.library.conftest import World
from viewra.cli._stages import print_stages
from viewra.library.stages import READ, WAIT, WALK, Busy, Stages
from viewra.types import ScanCounts, ScanReport, ScanStage, ScanStatus


def test_stages_share_the_time_of_a_scan_and_plugins_read_beside_them(world: World) -> None:
    for plugin_id in ("tags", "more"):
        world.hook.add_scraper(plugin_id)
    for number in range(40):
        world.put(f"{number % 4}/{number}.mp3")
    report = world.scan()
    own = [stage for stage in report.stages if stage.name != READ]
    assert 0 < sum(stage.took_s for stage in own) <= report.duration_s
    assert [stage.files for stage in own if stage.name == WALK] == [40]
    assert all(stage.cpu_s is not None and stage.cpu_s >= 0 for stage in own)
    read = {stage.plugin: stage for stage in report.stages if stage.name == READ}
    assert {plugin: stage.files for plugin, stage in read.items()} == {"tags": 40, "more": 40}
    assert all(0 < stage.took_s < report.duration_s for stage in read.values())


def test_a_stage_within_another_is_not_part_of_it() -> None:
    stages = Stages("outer")
    with stages.within("inner"):
        pass
    stages.enter("next")
    assert [stage.name for stage in stages.taken(0)] == ["outer", "inner", "next"]


def test_what_overlaps_is_counted_once() -> None:
    busy = Busy()
    busy.begin()
    busy.begin()
    busy.end(at=float("inf"))
    assert busy.took_s == 0
    busy.end(at=float("inf"))
    assert busy.took_s == float("inf")


def test_the_slowest_is_named_and_waiting_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    stages = [ScanStage(WAIT, 9.0, 0.0), ScanStage(READ, 8.0, plugin="tags", files=16), ScanStage(WALK, 1.0, 0.5)]
    print_stages([ScanReport(1, 1, "/m", ScanStatus.COMPLETED, ScanCounts(), 10.0, stages=stages)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "slowest: reading by tags, 8.00 s of 10.00"
    assert lines[2].split() == ["reading", "by", "tags", "8.00", "16", "2"]
