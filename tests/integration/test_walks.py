"""Counts viewra's function calls for a start and a reload: at most what ``benchmarks walks`` allows."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.process
def test_a_first_call_and_a_reload_run_few_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.walks import BASELINES, MOST, walks

    most = {name: limit + 0.02 for name, limit in MOST.items()}  # on a busy machine other threads add some of their own
    ratios: dict[str, float] = {}
    for _ in range(3):
        found = {name: sum(walk.values()) / BASELINES[name] for name, walk in walks().items()}
        ratios = {name: min(ratio, ratios.get(name, ratio)) for name, ratio in found.items()}
        if all(ratio <= most[name] for name, ratio in ratios.items()):
            return
    assert all(ratio <= most[name] for name, ratio in ratios.items()), ratios
