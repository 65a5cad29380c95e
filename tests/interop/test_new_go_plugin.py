"""A plugin that ``viewra plugins new --lang go`` writes: built, tested by Go, and checked as a process of viewra's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.thorough import thorough
from viewra.authoring.naming import services_named
from viewra.authoring.scaffold import write_plugin
from viewra.authoring.suites import run_suites
from viewra.authoring.targets import Target, build
from viewra.services import SERVICES

pytestmark = [pytest.mark.process, pytest.mark.timeout(300), thorough]  # Go compiles for half a minute


def test_it_passes_its_own_tests_and_the_suites(go_programs: Path, tmp_path: Path) -> None:
    del go_programs  # they are built first: the libraries are compiled once
    written = write_plugin("gopher", services_named(SERVICES.capabilities), tmp_path / "gopher", language="go")
    target = Target(written.path, host_knows=False)
    assert "go build" in build(target)
    report = run_suites(target, target.manifest(), {}, library=None, timeout_s=200)
    assert {one.status for one in report.outcomes} == {"passed"}, report
    assert [one.suite for one in report.outcomes] == ["own tests", *SERVICES.capabilities]
