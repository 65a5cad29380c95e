"""A plugin with every service, as ``viewra plugins new`` writes it, passes its own tests and the check suites."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.thorough import thorough
from tests.wheels import write_sdk_needs, write_wheel
from viewra.authoring.checking import Checks
from viewra.authoring.naming import services_named
from viewra.authoring.scaffold import write_plugin
from viewra.authoring.suites import as_objects, run_suites
from viewra.authoring.targets import Target
from viewra.host.environments.origins import Origins
from viewra.services import SERVICES

pytestmark = pytest.mark.process


def test_it_passes_its_own_tests_and_the_suites(tmp_path: Path) -> None:
    written = write_plugin("whole", services_named(SERVICES.capabilities), tmp_path / "whole")
    target = Target(written.path, host_knows=False)
    report = run_suites(target, target.manifest(), {"max_results": 5}, library=None, timeout_s=100)
    assert {one.status for one in report.outcomes} == {"passed"}, report
    forms = [one.form for one in report.outcomes]
    assert forms == ["pytest", *(form for form in ("in_process", "loopback", "process") for _ in SERVICES)]


def test_code_that_cannot_be_imported_is_told_in_each_form(tmp_path: Path) -> None:
    written = write_plugin("broken", services_named(["search"]), tmp_path / "broken")
    code = written.path / "broken_plugin" / "plugin.py"
    code.write_text(code.read_text().replace("class Broken", "clas Broken"))
    manifest = Target(written.path, host_knows=False).manifest()
    outcomes = as_objects(manifest, Checks(manifest, [], tmp_path), {}, tmp_path, tmp_path)
    assert [(one.form, one.status) for one in outcomes] == [("in_process", "failed"), ("loopback", "failed")]
    assert all("at broken_plugin/plugin.py:" in one.detail for one in outcomes)


@thorough
def test_packages_of_its_own_are_found_in_each_form(tmp_path: Path) -> None:
    written = write_plugin("loud", services_named(["search"]), tmp_path / "loud")
    code = written.path / "loud_plugin" / "plugin.py"
    code.write_text(
        code.read_text().replace("from viewra.sdk import", "import shout  # noqa\nfrom viewra.sdk import", 1)
    )
    (written.path / "requirements.txt").write_text("shout\n")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_sdk_needs(wheels)
    write_wheel(wheels, "shout", "1.0", {"shout.py": b""})
    target = Target(written.path, host_knows=False)
    packages = Origins((str(wheels),), no_index=True)
    report = run_suites(target, target.manifest(), {}, library=None, timeout_s=100, packages=packages)
    assert [(one.form, one.status) for one in report.outcomes] == [
        (form, "passed") for form in ("pytest", "in_process", "loopback", "process")
    ], report
