"""What a scan tells at its end."""

from __future__ import annotations

import pytest

from viewra.cli._scan_report import SHOWN_FAILURES, summarize
from viewra.types import ScanCounts, ScanFailure, ScanReport, ScanStatus


def summary(failures: tuple[ScanFailure, ...], capsys: pytest.CaptureFixture[str]) -> list[str]:
    summarize(
        [
            ScanReport(
                scan_job_id=1,
                library_id=1,
                library_path="/music",
                status=ScanStatus.COMPLETED,
                counts=ScanCounts(),
                duration_s=1.0,
                failures=failures,
                pending_notifications={},
            )
        ]
    )
    return [line for line in capsys.readouterr().out.splitlines() if "failed: " in line or "more failures" in line]


def test_what_several_plugins_cannot_read_is_one_failure(capsys: pytest.CaptureFixture[str]) -> None:
    failures = (
        ScanFailure("/music/a.mp3", "audio_tags", "no audio"),
        ScanFailure("/music/b.mp3", "audio_tags", "too short"),
        ScanFailure("/music/a.mp3", "media_info", "no stream"),
        ScanFailure("/music/c", None, "cannot be opened"),
    )
    assert summary(failures, capsys) == [
        "  failed: /music/a.mp3: audio_tags: no audio; media_info: no stream",
        "  failed: /music/b.mp3: audio_tags: too short",
        "  failed: /music/c: cannot be opened",
    ]


def test_of_many_failures_some_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    many = tuple(ScanFailure(f"/music/{number}.mp3", None, "no audio") for number in range(SHOWN_FAILURES + 3))
    assert summary(many + many, capsys)[SHOWN_FAILURES:] == ["  … and 3 more failures; --json lists them"]
