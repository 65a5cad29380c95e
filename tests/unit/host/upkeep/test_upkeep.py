"""Libraries are kept current: each change leads to a scan of what changed, and nothing is left for a plain scan."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest
from watchdog.observers.inotify_c import InotifyConstants as Bits

from tests.unit.host.upkeep.conftest import Kept
from viewra import library
from viewra.host.upkeep.upkeep import BUSY_S, REFRESH_S
from viewra.library import keeping
from viewra.library.disks import Mount
from viewra.library.scope import Part
from viewra.types import ScanCause

FILE_DONE, FOLDER = Bits.IN_CLOSE_WRITE, Bits.IN_ISDIR
SOON_S = 1.0


def part(kept: Kept, name: str, *, deep: bool = False) -> Part:
    return Part(bytes(kept.world.folder / name), deep)


def is_settled(kept: Kept) -> bool:
    counts = kept.world.scan().counts
    return counts.seen == counts.unchanged and counts.missing == 0


def test_a_saved_file_leads_to_a_scan_of_its_folder_within_a_second(kept: Kept) -> None:
    path = kept.world.put("album/new.mp3")
    kept.watching.tell(path, Bits.IN_CREATE)
    kept.watching.tell(path, FILE_DONE)
    kept.pass_time(SOON_S)
    assert kept.scans.asked == [(ScanCause.CHANGE, (part(kept, "album"),))]
    assert kept.scans.reports[0].counts.new == 1
    assert kept.scans.reports[0].counts.missing == 0
    assert is_settled(kept)


def test_a_renamed_tree_keeps_its_ids_and_is_watched_at_its_new_place(kept: Kept) -> None:
    kept.world.put("a/b/c/deep.mp3")
    kept.watching.tell(kept.world.folder / "a", Bits.IN_CREATE | FOLDER)
    kept.pass_time(SOON_S)
    before = set(kept.world.ids().values())
    (kept.world.folder / "a").rename(kept.world.folder / "z")
    kept.watching.tell(kept.world.folder / "a", Bits.IN_MOVED_FROM | FOLDER)
    kept.watching.tell(kept.world.folder / "z", Bits.IN_MOVED_TO | FOLDER)
    kept.pass_time(SOON_S)
    assert kept.scans.reports[-1].counts.moved == 1
    assert set(kept.world.ids().values()) == before
    assert bytes(kept.world.folder / "z/b/c") in kept.watching.folders
    assert bytes(kept.world.folder / "a/b/c") not in kept.watching.folders
    assert is_settled(kept)


def test_a_deleted_tree_is_missing_and_others_are_not(kept: Kept) -> None:
    gone = kept.world.put("gone/x.mp3")
    kept.watching.tell(gone.parent, Bits.IN_CREATE | FOLDER)
    kept.pass_time(SOON_S)
    gone.unlink()
    gone.parent.rmdir()
    kept.watching.tell(gone.parent, Bits.IN_DELETE | FOLDER)
    kept.pass_time(SOON_S)
    assert kept.scans.reports[-1].counts.missing == 1
    assert len(kept.world.ids()) == 1
    assert is_settled(kept)


def test_lost_notices_lead_to_a_scan_of_the_whole_library(kept: Kept) -> None:
    kept.world.put("album/unseen.mp3")
    kept.watching.folders[bytes(kept.world.folder)].lost()
    kept.pass_time(SOON_S)
    assert kept.scans.asked == [(ScanCause.CHANGE, ())]
    assert kept.scans.reports[0].counts.new == 1


def test_what_changes_while_its_library_is_scanned_is_looked_at_afterwards(kept: Kept) -> None:
    kept.scans.is_locked = True
    kept.watching.tell(kept.world.put("album/new.mp3"), FILE_DONE)
    kept.pass_time(SOON_S)
    assert kept.scans.asked == []
    kept.scans.is_locked = False
    kept.scans.is_held = True
    kept.pass_time(BUSY_S)
    kept.watching.tell(kept.world.put("album/newer.mp3"), FILE_DONE)
    kept.pass_time(SOON_S)
    assert len(kept.scans.asked) == 1
    kept.scans.is_held = False
    kept.scans.end(kept.scans.reports[0])
    kept.pass_time(SOON_S)
    assert [report.counts.new for report in kept.scans.reports] == [1, 1]


def test_rules_of_a_folder_count_for_all_below_it(kept: Kept) -> None:
    kept.watching.tell(kept.world.put("album/.nomedia", b""), FILE_DONE)
    kept.pass_time(SOON_S)
    assert kept.scans.reports[-1].counts.missing == 1
    (kept.world.folder / "album/.nomedia").unlink()
    kept.watching.tell(kept.world.folder / "album/.nomedia", Bits.IN_DELETE)
    kept.pass_time(SOON_S)
    assert kept.scans.reports[-1].counts.returned == 1


def test_files_that_are_no_media_lead_to_no_scan(kept: Kept) -> None:
    for name in ("notes.part", ".hidden.mp3"):
        kept.watching.tell(kept.world.put(f"album/{name}"), FILE_DONE)
    kept.pass_time(SOON_S)
    assert kept.scans.asked == []


def test_a_link_to_a_folder_counts_when_it_comes_and_when_it_goes(kept: Kept) -> None:
    other = kept.world.put("linked.mp3", folder=kept.world.folder.parent / "other").parent
    link = kept.world.folder / "link"
    link.symlink_to(other)
    kept.watching.tell(link, Bits.IN_CREATE)
    kept.pass_time(SOON_S)
    assert kept.scans.reports[-1].counts.new == 1
    link.unlink()
    kept.watching.tell(link, Bits.IN_DELETE)
    kept.pass_time(SOON_S)
    assert kept.scans.reports[-1].counts.missing == 1


def test_without_enough_watches_and_on_network_file_systems_it_looks_now_and_then(kept: Kept) -> None:
    kept.watching.most = 0
    kept.watching.folders.clear()
    kept.world.put("more/x.mp3")
    kept.points = {b"/": None, bytes(kept.world.folder): Mount(b"server:/music", b"nfs4", b"/")}
    kept.pass_time(5)
    assert kept.scans.reports[-1].counts.new == 1
    assert kept.upkeep.state(kept.library_id).polled == "no watches are left"
    kept.world.put("more/y.mp3")
    kept.pass_time(70)
    assert kept.scans.reports[-1].counts.new == 1


def test_a_disk_that_is_unmounted_has_its_library_looked_at(kept: Kept) -> None:
    kept.points = {b"/": None, bytes(kept.world.folder): Mount(b"/dev/sdb1", b"ext4", b"/")}
    kept.pass_time(5)
    kept.points = {b"/": None}
    kept.pass_time(5)
    assert kept.scans.asked == [(ScanCause.CHANGE, ())] * 2


def test_an_interrupted_scan_is_followed_by_one_of_all(kept: Kept) -> None:
    with kept.world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE scan_jobs SET status = 'failed'")
    kept.pass_time(REFRESH_S)
    # A completed scan of all there was never, by the rows: it is not watched until there is one.
    assert kept.upkeep.state(kept.library_id).kept is False
    kept.world.scan()
    kept.pass_time(REFRESH_S + SOON_S)
    assert kept.scans.asked[-1] == (ScanCause.CHANGE, ())


def test_an_unreadable_library_is_told_once_and_tried_again(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    away = kept.world.folder.with_name("away")
    kept.world.folder.rename(away)
    kept.watching.folders[bytes(kept.world.folder)].heard(bytes(kept.world.folder), b"", Bits.IN_MOVE_SELF)
    kept.pass_time(200)
    assert len([record for record in caplog.records if "is not kept current for now" in record.message]) == 1
    away.rename(kept.world.folder)
    kept.world.put("album/new.mp3")
    kept.pass_time(70)
    assert kept.scans.reports[-1].counts.new == 1


def test_one_that_is_not_to_be_watched_is_not(kept: Kept) -> None:
    library.change_settings(kept.world.engine, str(kept.world.folder), {"watch": "no"})
    kept.upkeep.poke()
    kept.pass_time(SOON_S)
    assert kept.watching.folders == {}
    assert kept.upkeep.state(kept.library_id).kept is False


def test_a_schedule_is_followed_and_missed_runs_are_made_up_once(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    where = str(kept.world.folder)
    library.change_settings(kept.world.engine, where, {"watch": "no", "schedule": "every 2m"})
    with kept.world.engine.begin() as connection:
        began = int(kept.began.timestamp() * keeping.SECOND)
        connection.exec_driver_sql(f"UPDATE libraries SET scheduled_from = {began}")
    kept.pass_time(60)
    assert kept.scans.asked == []
    kept.pass_time(90)
    assert kept.scans.asked == [(ScanCause.SCHEDULE, ())]
    kept.began = datetime(2026, 3, 9, tzinfo=UTC)  # nothing ran for a week
    kept.pass_time(20)
    assert [cause for cause, _ in kept.scans.asked] == [ScanCause.SCHEDULE, ScanCause.MADE_UP]
    assert "was missed" in caplog.text
    kept.pass_time(60)
    assert len(kept.scans.asked) == 2


def test_only_one_of_the_hosts_that_share_a_library_scans_by_its_schedule(kept: Kept) -> None:
    (row,) = keeping.load(kept.world.engine)
    now = kept.began
    assert keeping.claim(kept.world.engine, row, now)
    assert not keeping.claim(kept.world.engine, row, now)
    keeping.give_back(kept.world.engine, row, now)
    assert keeping.claim(kept.world.engine, row, now)
