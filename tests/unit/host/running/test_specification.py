"""How a process is launched: the environment that was built for it, its database, and what the operator chose."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import cast

import attrs
import pytest

from viewra.codec.limits import Limits
from viewra.errors import ViewraError
from viewra.host.database.databases import PluginDatabases
from viewra.host.environments.environment import Environment
from viewra.host.environments.environments import Environments
from viewra.host.installed.code import Code
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.confining import Backend
from viewra.host.running.launch_spec import Connecting
from viewra.host.running.limits import DEFAULTS
from viewra.host.sync.cancellation import Cancellation
from viewra.manifest import Manifest, Runtime
from viewra.manifest.runtime import HealthChecks
from viewra.services import TABLES

from .fake_operator import READ, Operator, configuration_of, found_with

Make = Callable[..., RunConfiguration]


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def make(tmp_path: Path, operator: Operator) -> Make:
    return functools.partial(configuration_of, tmp_path, operator)


class Packages:
    """Environments, which are there as soon as they were built."""

    def __init__(self, folder: Path | None) -> None:
        self.made = Environment(folder) if folder is not None else None
        self.there: Environment | None = None
        self.built = self.asked = 0

    def of(self, manifest: Manifest, _cancellation: Cancellation | None) -> Environment | None:
        assert manifest is not None
        self.built += 1
        self.there = self.made
        return self.made

    def ready(self, manifest: Manifest) -> Environment | None:
        assert manifest is not None
        self.asked += 1
        return self.there


def with_packages(configuration: RunConfiguration, folder: Path | None) -> Packages:
    packages = Packages(folder)
    configuration._environments = cast(Environments, packages)
    return packages


def test_a_version_runs_in_the_environment_that_was_built_for_it(make: Make, tmp_path: Path) -> None:
    configuration = make()
    packages = with_packages(configuration, tmp_path / "env")
    used = configuration.used
    before = configuration.spec(used)
    assert (before.command[0], before.built_python) == (sys.executable, False)
    configuration.build_environment(used.code)
    assert configuration.environment(used.code) is packages.made
    spec = configuration.spec(used)
    assert (spec.command[0], spec.built_python) == (str(tmp_path / "env" / "bin" / "python"), True)
    assert spec.sandbox.rules is not None
    assert str(tmp_path / "env") in spec.sandbox.rules.code


def test_a_version_without_packages_is_not_asked_for_them_again(make: Make, tmp_path: Path) -> None:
    configuration = make()
    packages = with_packages(configuration, None)
    code = configuration.used.code
    assert (configuration.environment(code), packages.asked) == (None, 1)
    for _ in range(2):
        configuration.build_environment(code)
        assert (configuration.environment(code), packages.built, packages.asked) == (None, 1, 1)
    other = Code(found_with(tmp_path / "new"), "new")
    configuration.build_environment(other)
    assert (configuration.environment(other), packages.built, packages.asked) == (None, 2, 1)


def test_code_without_a_valid_manifest_has_no_environment(make: Make, tmp_path: Path) -> None:
    configuration = make()
    packages = with_packages(configuration, tmp_path / "env")
    code = Code(attrs.evolve(configuration.used.code.found, manifest=None), "")
    configuration.build_environment(code)
    assert (configuration.environment(code), packages.built, packages.asked) == (None, 0, 0)


class Assigned:
    """Databases whose address names the engines that a plugin may have, or is ``there``."""

    def __init__(self, there: str = "") -> None:
        self.there = there
        self.prepared: list[Collection[str]] = []

    def url(self, plugin_id: str, engines: Collection[str]) -> str:
        return self.there or f"{plugin_id} in {' or '.join(sorted(engines))}"

    def prepare(self, _plugin_id: str, engines: Collection[str]) -> None:
        self.prepared.append(engines)


def test_its_database_is_one_of_those_that_its_manifest_names(make: Make) -> None:
    configuration = make()
    assigned = Assigned()
    configuration._databases = cast(PluginDatabases, assigned)
    used = configuration.used
    assert used.code.found.manifest is not None
    both = attrs.evolve(used.code.found.manifest, database_engines=frozenset({"postgresql", "sqlite"}))
    configuration._installation.found = attrs.evolve(used.code.found, manifest=both)
    spec = configuration.spec(configuration.used)
    assert spec.own_database is not None
    assert {configuration.database_url, spec.context.database_url, spec.own_database.url} == {
        "p in postgresql or sqlite"
    }
    assert assigned.prepared == [{"postgresql", "sqlite"}]
    configuration._installation.found = attrs.evolve(used.code.found, manifest=None)
    assert configuration.database_url == "p in "


def test_the_server_of_its_tables_is_open_to_one_that_has_any(make: Make) -> None:
    configuration = make()
    configuration._databases = cast(PluginDatabases, Assigned("postgresql://p@db.example:6543/p"))
    used = configuration.used
    for declared, internet in [(frozenset({TABLES}), (6543,)), (frozenset[str](), ())]:
        rules = configuration.sandbox(attrs.evolve(used, declared=declared)).rules
        assert rules is not None
        assert rules.internet == internet


@pytest.mark.parametrize(("backend", "held"), [("off", {"disk_mb": 9}), ("landlock", {**DEFAULTS, "disk_mb": 9})])
def test_a_process_gets_what_its_manifest_and_the_host_say(
    make: Make, backend: Backend, held: Mapping[str, float]
) -> None:
    runtime = Runtime(
        limits={"disk_mb": 9},
        env={"NAME": "value"},
        start_timeout_s=3.0,
        detachable=True,
        call_timeout_s={"migrate": 7.0},
        health=HealthChecks(timeout_s=4.0),
    )
    configuration = make(runtime=runtime, backend=backend)
    configuration._connecting = Connecting(socket_group="media")
    configuration.limits = Limits(message_bytes=1000)
    spec = configuration.spec(configuration.used)
    assert Path(spec.context.base_path).stat().st_mode & 0o777 == 0o700
    assert (spec.start_timeout_s, spec.migration_timeout_s, spec.health_timeout_s) == (3.0, 7.0, 4.0)
    assert (spec.variables, spec.held, spec.lasts) == ({"NAME": "value"}, held, True)
    assert (spec.connecting, spec.limits, spec.context.log_level) == (
        Connecting(socket_group="media"),
        Limits(message_bytes=1000),
        "info",
    )
    assert (spec.only_database, spec.may_migrate) == (False, True)
    other = configuration.spec(configuration.used, only_database=True, may_migrate=False)
    assert (other.only_database, other.may_migrate) == (True, False)
    configuration._connecting = Connecting(auto_mtls=True)
    assert not configuration.spec(configuration.used).lasts, "its keys end with the host"


def test_a_folder_that_cannot_be_made_starts_nothing(make: Make, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    configuration = make()
    with pytest.raises(ViewraError, match=r"its folder .*/data/plugins/p cannot be made: Not a directory"):
        configuration.spec(configuration.used)


def test_a_fresh_configuration_needs_no_other_look_at_the_permissions(make: Make, operator: Operator) -> None:
    configuration = make(READ)
    operator.granted = {"filesystem:read"}
    operator.chosen = {"permissions": ()}
    used = configuration.configure(configuration.used.code)
    assert configuration.spec(used, fresh=True).sandbox.folders == ()
    assert configuration.spec(used).sandbox.folders == ("/music",)
