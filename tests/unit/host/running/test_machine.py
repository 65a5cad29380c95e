"""What a host does on a machine that does not say, or does not allow, all that it asks."""

from __future__ import annotations

import resource
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from viewra.host.running import host_confining, watchdog
from viewra.host.running.limits import rlimits, tasks
from viewra.host.running.run import Run
from viewra.host.running.watchdog import MB, breach_at_start
from viewra.manifest import Runtime


@pytest.mark.parametrize("text", [None, "", "0.1 0.2 0.3", "0.1 0.2 0.3 many 77"])
def test_where_nobody_says_how_many_tasks_run_room_is_left_for_many(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "loadavg").write_text(text)
    runtime = Runtime(limits={"processes": 1}, workers=1)
    alone = dict(rlimits(runtime, 61000))[resource.RLIMIT_NPROC]
    most = dict(rlimits(runtime, loadavg=tmp_path / "loadavg"))[resource.RLIMIT_NPROC]
    assert alone == 2 * tasks({"processes": 1})
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    assert most == (alone + 1024 + 32768 if hard == resource.RLIM_INFINITY else min(alone + 1024 + 32768, hard))


@pytest.mark.parametrize(
    ("disk_mb", "reason"), [(3.0, ""), (2.0, "has 3 MB in its folder, its limit is 2 MB"), (None, "")]
)
def test_a_folder_that_is_too_big_is_told_before_the_first_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk_mb: float | None, reason: str
) -> None:
    measured = {tmp_path: 3 * MB}
    monkeypatch.setattr(watchdog, "folder_bytes", measured.__getitem__)
    held = {"disk_mb": disk_mb} if disk_mb is not None else {}
    spec = SimpleNamespace(held=held, context=SimpleNamespace(base_path=str(tmp_path)))
    run = cast(Run, SimpleNamespace(spec=spec, group=None, process=SimpleNamespace(pid=1)))
    assert breach_at_start(run) == reason


@pytest.mark.parametrize("why", ["", "it is not delegated", "it is read-only"])
def test_where_no_control_groups_can_be_made_there_are_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    place: Any = SimpleNamespace(
        base=Path("/groups"), reason="it is not delegated" if why == "it is not delegated" else ""
    )

    def make(given: object) -> str:
        assert given is place
        if why == "it is read-only":
            raise OSError(30, "Read-only file system")
        return "groups"

    monkeypatch.setattr(host_confining, "find", lambda: place)
    monkeypatch.setattr(host_confining, "Groups", make)
    assert cast(Any, host_confining.groups_of()) == (None if why else "groups")
    told = "plugins get no control groups: /groups: Read-only file system" in caplog.text
    assert told is (why == "it is read-only")
