"""The reports of scans, as JSON and as lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from viewra.cli._output import print_line
from viewra.library import display
from viewra.types import ScanFailure, ScanReport, ScanStatus

SHOWN_FAILURES = 20
"""Failures in the summary; ``--json`` lists more."""
_MOST_EXTENSIONS = 8


def report_data(reports: Sequence[ScanReport], pending: dict[str, int]) -> dict[str, Any]:
    """The report as JSON: one scan's, or the sums of several with each of them under ``jobs``."""
    data = _one(reports[-1])
    if len(reports) > 1:
        counts: Counter[str] = Counter()
        for report in reports:
            counts.update(attrs.asdict(report.counts))
        failed = [report.status for report in reports if report.status is not ScanStatus.COMPLETED]
        data["status"] = str(failed[0] if failed else ScanStatus.COMPLETED)
        data["files"] = dict(counts)
        data["duration_s"] = round(sum(report.duration_s for report in reports), 3)
        data["failures"] = [_failure(failure) for report in reports for failure in report.failures]
        data["new_failed"] = sum(report.new_failed for report in reports)
        data["still_failed"] = sum(report.still_failed for report in reports)
        unwanted: Counter[str] = Counter()
        for report in reports:
            unwanted.update(report.unwanted)
        data["unwanted"] = dict(unwanted)
        data["jobs"] = [_one(report) for report in reports]
    data["pending_notifications"] = pending
    return data


def _one(report: ScanReport) -> dict[str, Any]:
    return {
        "scan_job_id": report.scan_job_id,
        "library_id": report.library_id,
        "library_path": display(report.library_path),
        "status": str(report.status),
        "files": attrs.asdict(report.counts),
        "duration_s": round(report.duration_s, 3),
        "failures": [_failure(failure) for failure in report.failures],
        "new_failed": report.new_failed,
        "still_failed": report.still_failed,
        "unwanted": dict(report.unwanted),
        "reached": display(report.reached),
        "unread": report.unread,
        "stages": [attrs.asdict(stage) for stage in report.stages],
        "workers": {display(name): count for name, count in report.workers.items()},
    }


def _failure(failure: ScanFailure) -> dict[str, Any]:
    return {
        "path": display(failure.path),
        "plugin": failure.plugin,
        "error": display(failure.error),
        "worker": display(failure.worker),
    }


def by_worker(workers: Mapping[str, int]) -> str:
    """How many files each worker has read, counted for each plugin; for people."""
    return ", ".join(f"{display(name)} {count:,}" for name, count in sorted(workers.items()))


def summarize(reports: Sequence[ScanReport]) -> None:
    """Print what these scans did."""
    for report in reports:
        counts = report.counts
        rate = f", {counts.seen / report.duration_s:,.0f} files/s" if report.duration_s else ""
        print_line(f"{display(report.library_path)}: {report.status} in {report.duration_s:.1f} s{rate}")
        print_line(
            f"  {counts.seen:,} files: {counts.new:,} new, {counts.changed:,} changed, {counts.moved:,} moved, "
            f"{counts.returned:,} returned, {counts.unchanged:,} unchanged; {counts.read:,} read; "
            f"{counts.missing:,} missing; {counts.deleted:,} deleted; {counts.failed:,} failed"
        )
        if report.status is ScanStatus.CANCELLED:
            left = f" with {report.unread:,} of its files left to read" if report.unread else ""
            print_line(f"  it stopped after {report.reached}{left}; the next scan continues")
        if report.workers:
            print_line(f"  read by {by_worker(report.workers)}")
        if counts.missing:
            print_line("  missing files keep their ids and metadata: viewra library missing lists them")
        failed: dict[str, list[str]] = {}  # what several plugins cannot read is one line
        for failure in report.failures:
            who = f"{failure.plugin}: " if failure.plugin else ""
            where = f" (worker {display(failure.worker)})" if failure.worker else ""
            failed.setdefault(display(failure.path), []).append(f"{who}{display(failure.error)}{where}")
        for path, errors in list(failed.items())[:SHOWN_FAILURES]:
            print_line(f"  failed: {path}: {'; '.join(errors)}")
        if len(failed) > SHOWN_FAILURES:
            print_line(f"  … and {len(failed) - SHOWN_FAILURES} more failures; --json lists them")
        for line in _left_lines(report):
            print_line(f"  {line}")


def _left_lines(report: ScanReport) -> list[str]:
    """The files that a scan leaves unread, one line per reason."""
    lines = []
    if report.still_failed:
        new = f"{report.new_failed:,} new failure{'' if report.new_failed == 1 else 's'}"
        lines.append(f"{new}, {_files(report.still_failed)} still cannot be read: viewra library failures")
    if count := sum(report.unwanted.values()):
        kinds = [f"{name} {number:,}" for name, number in report.unwanted.items()]
        more = ", …" if len(kinds) > _MOST_EXTENSIONS else ""
        lines.append(f"{_files(count)} that no enabled plugin reads: {', '.join(kinds[:_MOST_EXTENSIONS])}{more}")
    return lines


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
