"""What the command asks of a running host that is to have workers read the files."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import attrs
import pytest

from viewra.cli import _scan_beside
from viewra.cli._options import Options
from viewra.cli._scan_beside import ScansBeside
from viewra.host.workers.choice import TLS, EngineChoice
from viewra.types import ScanCounts, ScanReport, ScanStatus

REPORT = ScanReport(7, 1, "/srv", ScanStatus.COMPLETED, ScanCounts(), 1.0, (), {}, workers={"nas-1": 3})


@pytest.mark.parametrize(
    "readers", [None, EngineChoice(0, "nas", 8786, TLS("/ca", "/cert", "/key"), folders={"/": "/m"})]
)
def test_the_running_host_is_told_which_engine_reads(
    readers: EngineChoice | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def ask(_directory: Path, command: str, **arguments: Any) -> Any:
        assert command == "scan_start"
        asked.append(arguments)
        return {"scan_job_id": 7, "finished_at": 1, "status": "completed", "report": attrs.asdict(REPORT)}

    monkeypatch.setattr(_scan_beside, "ask", ask)
    options = Options((), None, str(tmp_path), "warning", "text")
    beside = ScansBeside(options, threading.Event(), lambda _: None)
    assert beside.scan("/srv", exclude=[], readers=readers, full=True).workers == {"nas-1": 3}
    assert asked[0]["full"] is True
    assert asked[0].get("engine") == (attrs.asdict(readers) if readers else None)
