"""How many of viewra's functions run for a start and for a reload: no more than ``benchmarks walks`` allows."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.process
def test_a_first_call_and_a_reload_run_few_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.walks import BASELINES, MOST, walks

    ratios: dict[str, float] = {}
    for _ in range(3):  # on a busy machine the host's other threads add some of their own
        found = {name: sum(walk.values()) / BASELINES[name] for name, walk in walks().items()}
        ratios = {name: min(ratio, ratios.get(name, ratio)) for name, ratio in found.items()}
        if all(ratio <= MOST[name] for name, ratio in ratios.items()):
            return
    assert all(ratio <= MOST[name] for name, ratio in ratios.items()), ratios
