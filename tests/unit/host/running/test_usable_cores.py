"""How many cores a container, or an affinity, leaves to the processes of a plugin."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from viewra.host.running.demand import usable_cores


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that names this process's control group, below one of its own; the machine has eight cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))
    (tmp_path / "groups/outer/inner").mkdir(parents=True)
    file = tmp_path / "own"
    file.write_text("1:cpu:/elsewhere\n0::/outer/inner\n")
    return file


@pytest.mark.parametrize(
    ("quotas", "cores"),
    [
        ({}, 8),
        ({"outer/inner": "max 100000\n"}, 8),
        ({"outer/inner": "200000 100000\n"}, 2),
        ({"outer/inner": "250000 100000\n"}, 3),
        ({"outer/inner": "20000 100000\n"}, 1),
        ({"outer": "100000 50000\n", "outer/inner": "max 100000\n"}, 2),
        ({"": "400000 100000\n"}, 4),  # a container's own name space
        ({"outer": "9999999 100000\n"}, 8),
        ({"..": "100000 100000\n"}, 8),
        ({"outer": "nonsense"}, 8),
    ],
)
def test_quotas(tmp_path: Path, own: Path, quotas: dict[str, str], cores: int) -> None:
    for group, text in quotas.items():
        (tmp_path / "groups" / group / "cpu.max").write_text(text)
    assert usable_cores(tmp_path / "groups", own) == cores


def test_where_the_system_does_not_tell_the_affinity_counts(tmp_path: Path, own: Path) -> None:
    own.unlink()
    assert usable_cores(tmp_path / "groups", own) == 8
