"""What is told of suites that fail, that have nothing to check, and of plugins that do not run at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from viewra.authoring.checking import OWN_TESTS, Checks, is_failed
from viewra.authoring.sample_library import write_sample_library
from viewra.authoring.suites import _pytest_home, own_tests
from viewra.authoring.targets import Target, find_target
from viewra.errors import ManifestError, UsageError, ViewraError
from viewra.manifest import Manifest, load
from viewra.services import SERVICES
from viewra.testing import FakePlugin, in_process
from viewra.types import AdminPage

MakePlugin = Callable[..., Path]


@pytest.fixture
def manifest(make_plugin: MakePlugin) -> Manifest:
    return load(make_plugin("fake", "", capabilities=SERVICES.capabilities))


def checked(manifest: Manifest, tmp_path: Path, **on: Any) -> dict[str, tuple[str, str]]:
    checks = Checks(manifest, write_sample_library(tmp_path / "library"), tmp_path)
    with in_process(FakePlugin(on=on)) as plugin:
        return {one.suite: (one.status, one.detail) for one in checks.run(plugin, "in_process")}


def test_all_pass(manifest: Manifest, tmp_path: Path) -> None:
    found = checked(manifest, tmp_path)
    assert list(found) == list(SERVICES.capabilities)
    assert {status for status, _ in found.values()} == {"passed"}
    assert found["metadata_scraper"][1] == "read 4 of 4 sample files"


def test_what_fails_says_why(manifest: Manifest, tmp_path: Path) -> None:
    def choosy(path: str) -> dict[str, str]:
        if not path.endswith(".mp3"):
            raise ValueError("no mp3")
        return {"title": "x"}

    pages = (AdminPage("a", "A", "/a"), AdminPage("a", "B", "/b"))
    found = checked(
        manifest, tmp_path, extract_metadata=choosy, get_admin_pages=pages, on_scan_started=RuntimeError("not now")
    )
    assert found["admin_page"] == ("failed", "two pages have the same id: ['a', 'a']")
    assert found["scanner_hook"] == ("failed", "not now")
    status, detail = found["metadata_scraper"]
    assert status == "passed"
    assert detail.startswith("read 1 of 4 sample files; refused ")
    assert found["search_service"][0] == "passed"


def test_a_service_that_is_claimed_and_absent(manifest: Manifest, tmp_path: Path) -> None:
    checks = Checks(manifest, [], tmp_path)
    with in_process(FakePlugin(offers=["search_service"])) as plugin:
        outcomes = checks.run(plugin, "in_process")
    failed = {one.suite for one in outcomes if one.status == "failed"}
    assert failed == set(SERVICES.capabilities) - {"search_service"}
    assert is_failed(outcomes)


def test_migrations_for_postgresql_alone_are_skipped(make_plugin: MakePlugin, tmp_path: Path) -> None:
    postgresql = make_plugin("p", "", capabilities=("database_service",), extra='database: engines: ["postgresql"]')
    assert checked(load(postgresql), tmp_path) == {"database_service": ("skipped", "its database is PostgreSQL alone")}


def test_without_pytest(make_plugin: MakePlugin, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = make_plugin("p", "")
    monkeypatch.setattr("viewra.authoring.suites.has_module", lambda _interpreter, _name: False)
    outcome, output = own_tests(Target(directory, host_knows=False), load(directory), 10)
    assert (outcome.suite, outcome.status, output) == (OWN_TESTS, "failed", "")
    assert "pip install pytest" in outcome.detail


def test_targets(make_plugin: MakePlugin, tmp_path: Path) -> None:
    def no_host() -> Any:
        raise AssertionError("a directory needs no host")

    directory = make_plugin("p", "")
    assert find_target(str(directory), no_host) == Target(directory, host_knows=False)
    assert find_target(str(directory), no_host).manifest().id == "p"
    for name, message in ((tmp_path, "no plugin.cue in"), (tmp_path / "gone", "there is no")):
        with pytest.raises(UsageError, match=message):
            find_target(str(name), no_host)
    (directory / "main.py").unlink()
    with pytest.raises(ManifestError, match="does not exist"):
        Target(directory, host_knows=False).manifest()


def test_a_plugin_that_make_builds(make_plugin: MakePlugin) -> None:
    from viewra.authoring.targets import build

    target = Target(make_plugin("p", ""), host_knows=False)
    assert build(target) == ""
    (target.directory / "go.mod").touch()
    (target.directory / "Makefile").write_text("all:\n\t@echo made; false\n")
    with pytest.raises(ViewraError, match=r"could not be built\nmade"):
        build(target)
    (target.directory / "Makefile").write_text("all:\n\t@echo made\n")
    assert build(target) == "made"


@pytest.mark.parametrize(("name", "text"), [("pytest.ini", ""), ("pyproject.toml", "[tool.pytest.ini_options]\n")])
def test_pytest_is_run_where_it_is_configured(tmp_path: Path, name: str, text: str) -> None:
    plugin = tmp_path / "plugins" / "p"
    plugin.mkdir(parents=True)
    (plugin / "pyproject.toml").write_text("[tool.ruff]\n")
    assert _pytest_home(plugin) in {plugin, *plugin.parents}
    (tmp_path / name).write_text(text)
    assert _pytest_home(plugin) == tmp_path
    (plugin / "pytest.ini").touch()
    assert _pytest_home(plugin) == plugin
