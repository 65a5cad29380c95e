"""Which plans a zygote can start: those of plugins that do not notice."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import pytest

from viewra.process import LaunchPlan, plugin_environment
from viewra.process.forkable import obstacle, shadowed
from viewra.process.sandbox.confinement import Confinement


@pytest.fixture
def plan(tmp_path: Path) -> LaunchPlan:
    (tmp_path / "main.py").write_text("import os\n\nif True:\n    from viewra.sdk import serve\n")
    return LaunchPlan((sys.executable, str(tmp_path / "main.py")), plugin_environment({}), tmp_path, script=True)


def test_a_plugin_of_the_sdk(plan: LaunchPlan) -> None:
    assert obstacle(attrs.evolve(plan, variables={"API_KEY": "x"}, confinement=Confinement())) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"script": False}, "not a script for the host's interpreter"),
        ({"argv": ("/usr/bin/python3", "main.py")}, "run in its sandbox only"),
        ({"confinement": Confinement(wrapper=("bwrap",))}, "bubblewrap starts it"),
        ({"variables": {"GRPC_VERBOSITY": "debug"}}, "GRPC_VERBOSITY in its manifest"),
        ({"environment": {}}, "buffered"),
        ({"argv": (sys.executable, "/nowhere/main.py")}, "cannot be read"),
    ],
)
def test_a_plan_that_is_spawned(plan: LaunchPlan, change: dict[str, object], reason: str) -> None:
    assert reason in obstacle(attrs.evolve(plan, **change))  # type: ignore[arg-type]  # each has its own type


def test_a_plugin_without_the_sdk_writes_its_handshake_line_itself(plan: LaunchPlan) -> None:
    Path(plan.argv[1]).write_text("# from viewra.sdk\nprint('1|1|unix|/x|grpc')\n")
    assert "does not import viewra.sdk" in obstacle(plan)


@pytest.mark.parametrize(
    ("name", "found"),
    [("attr.py", True), ("attr/__init__.py", True), ("attr.cpython-311.so", True), ("attr.md", False)],
)
def test_a_module_of_its_own_instead_of_one_that_the_zygote_has(
    plan: LaunchPlan, tmp_path: Path, name: str, found: bool
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert shadowed(plan, frozenset({"attr", "grpc"})) == ("attr" if found else "")
