"""A migration is drafted by the code in use, with its sandbox and the environment that was built for it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from viewra.errors import ManifestError
from viewra.host.database.own import OwnDatabase
from viewra.host.environments.environment import Environment
from viewra.host.environments.environments import Environments
from viewra.host.installed.code import Code
from viewra.host.installed.pins import Pin
from viewra.host.running import confining
from viewra.host.running import draft as module
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.draft import draft
from viewra.host.running.launch_spec import Machinery

from .fake_operator import Operator, configuration_of

Drafted = Callable[[], Any]


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def configuration(tmp_path: Path, operator: Operator) -> RunConfiguration:
    return configuration_of(tmp_path, operator)


@pytest.fixture
def drafted(configuration: RunConfiguration, monkeypatch: pytest.MonkeyPatch) -> Drafted:
    """What the process for it is given."""

    def in_a_process(code: Code, own: OwnDatabase, message: str, workshop: Any, *, pinned: bool) -> Any:
        return SimpleNamespace(code=code, own=own, message=message, workshop=workshop, pinned=pinned)

    monkeypatch.setattr(module, "draft_in_a_process", in_a_process)
    machinery = cast(Machinery, SimpleNamespace(launcher="launcher", runtime_dir="runtime dir"))
    return functools.partial(draft, configuration._installation, configuration, machinery, "more tables")


def test_it_is_made_where_the_plugin_runs(
    configuration: RunConfiguration, drafted: Drafted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confining, "rlimits", lambda *_: ())  # which follow the number of processes of this moment
    made, used = drafted(), configuration.used
    assert (made.code, made.message, made.pinned) == (configuration._installation.used, "more tables", False)
    assert made.own == configuration.database(made.code)
    assert (made.workshop.launcher, made.workshop.runtime_dir) == ("launcher", "runtime dir")
    assert made.workshop.private_dir == configuration._installation.private_dir
    assert (made.workshop.sandbox, made.workshop.python) == (configuration.sandbox(used), None)


def test_the_interpreter_is_that_of_its_environment(configuration: RunConfiguration, drafted: Drafted) -> None:
    built: list[Environment] = []

    def of(*_: object) -> Environment:
        built.append(Environment(Path("/env")))
        return built[0]

    found = SimpleNamespace(of=of, ready=lambda _manifest: built[0])
    configuration._environments = cast(Environments, found)
    assert drafted().workshop.python == Path("/env/bin/python")


def test_a_pin_or_settings_that_do_not_fit_are_told(operator: Operator, drafted: Drafted) -> None:
    operator.chosen = {"pin": Pin("0")}
    assert drafted().pinned
    operator.chosen = {"error": ManifestError("max_calls: it is no number")}
    with pytest.raises(ManifestError, match="max_calls: it is no number"):
        drafted()
