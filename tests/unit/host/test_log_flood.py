"""A plugin that logs without end fills its own log, and not the host's."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from viewra.host.logs.file import log_path
from viewra.host.logs.flood import BURST, PER_S, SAID_S, Flood
from viewra.host.logs.log import PluginLog
from viewra.transport.hclog_format import format_record


def test_the_hosts_log_gets_a_part_and_is_told_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = log_path(tmp_path, "lyrics")
    log = PluginLog("lyrics", path)
    run = log.new_run()
    with caplog.at_level(logging.INFO, "viewra.plugin.lyrics"):
        for number in range(5 * int(BURST)):
            run.line("stderr", format_record("info", f"record {number}"))
            run.line("stderr", format_record("debug", "not for the host"))
    shown = [one.getMessage() for one in caplog.records]
    assert shown[: int(BURST)] == [f"record {number}" for number in range(int(BURST))]
    assert len(shown) < 2 * BURST
    assert any("viewra plugins logs lyrics" in one for one in shown)
    assert len(path.read_text().splitlines()) == 10 * BURST


def test_after_a_pause_it_is_heard_again() -> None:
    clock = [0.0]
    flood = Flood(lambda: clock[0])
    said = [flood.admit() for _ in range(int(BURST) + 3)]
    assert said[int(BURST) :] == [(False, 1), (False, 0), (False, 0)]
    clock[0] += SAID_S
    assert flood.admit() == (True, 2)
    assert sum(admitted for admitted, _ in (flood.admit() for _ in range(1000))) == SAID_S * PER_S - 1
