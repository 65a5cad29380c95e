"""Prints what the stages of scans took, and names the slowest."""

from __future__ import annotations

from collections.abc import Sequence

from viewra.cli._output import print_line, print_table
from viewra.library.stages import WAIT
from viewra.types import ScanReport, ScanStage


def print_stages(reports: Sequence[ScanReport]) -> None:
    """Print the stages of each scan; plugins read beside the others."""
    for report in reports:
        stages = sorted(report.stages, key=lambda stage: -stage.took_s)
        rows = [(_name(stage), *_figures(stage)) for stage in stages]
        print_table(rows, ("STAGE", "SECONDS", "CPU", "FILES", "FILES/S"))
        if slowest := next((stage for stage in stages if stage.name != WAIT), None):
            print_line(f"slowest: {_name(slowest)}, {slowest.took_s:.2f} s of {report.duration_s:.2f}")


def _name(stage: ScanStage) -> str:
    return f"{stage.name} by {stage.plugin}" if stage.plugin else stage.name


def _figures(stage: ScanStage) -> tuple[str, str, str, str]:
    cpu = f"{stage.cpu_s:.2f}" if stage.cpu_s is not None else ""
    files = f"{stage.files:,}" if stage.files is not None else ""
    rate = f"{stage.files / stage.took_s:,.0f}" if stage.files and stage.took_s else ""
    return f"{stage.took_s:.2f}", cpu, files, rate
