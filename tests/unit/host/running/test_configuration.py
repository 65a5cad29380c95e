"""How a version runs: deadlines, what it may do, and what makes it ask for more than the version before."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from viewra.errors import ManifestError
from viewra.host.installed.code import Code
from viewra.host.running.configuration import RunConfiguration
from viewra.manifest import Permission, Runtime

from .fake_operator import EVERYWHERE, FETCHES, LIBRARY, PUBLISHES, READ, WIDER, Operator, configuration_of, found_with
from .test_confining import ABLE

Make = Callable[..., RunConfiguration]


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def make(tmp_path: Path, operator: Operator) -> Make:
    return functools.partial(configuration_of, tmp_path, operator)


@pytest.mark.parametrize(
    ("given", "method", "seconds"),
    [
        ({}, "search", 30.0),
        ({}, "scrape_batch", 60.0),
        ({}, "execute_task", 300.0),
        ({}, "migrate", 600.0),
        ({}, "rollback", 600.0),
        ({"default": 5.0}, "search", 5.0),
        ({"default": 5.0}, "scrape_batch", 10.0),
        ({"default": 5.0}, "execute_task", 300.0),
        ({"default": 700.0}, "execute_task", 700.0),
        ({"default": 700.0}, "migrate", 700.0),
        ({"scrape": 4.0}, "scrape_batch", 8.0),
        ({"scrape": 4.0, "scrape_batch": 5.0}, "scrape_batch", 5.0),
        ({"execute_task": 2.0}, "execute_task", 2.0),
        ({"migrate": 2.0}, "migrate", 2.0),
    ],
)
def test_each_method_has_a_deadline(make: Make, given: dict[str, float], method: str, seconds: float) -> None:
    configuration = make(runtime=Runtime(call_timeout_s=given))
    assert configuration.deadline_s(method) == configuration.deadline_s(method) == seconds


def test_deadlines_are_those_of_the_version_in_use(make: Make) -> None:
    configuration = make()
    assert configuration.deadline_s("search") == 30.0
    used = configuration.used
    configuration.use(attrs.evolve(used, runtime=Runtime(call_timeout_s={"search": 3.0})))
    assert configuration.deadline_s("search") == 3.0


def test_a_manifest_that_was_read_since_is_the_one_in_use(make: Make, tmp_path: Path) -> None:
    configuration = make()
    found = found_with(tmp_path / "p", runtime=Runtime(max_calls=7))
    configuration._installation.found = found
    assert configuration.runtime.max_calls == 7
    assert configuration.used.code.found is found


def test_limits_above_the_hosts_caps_are_named_as_they_were_stated(make: Make) -> None:
    configuration = make(runtime=Runtime(limits={"memory_mb": 900, "processes": 2}))
    configuration._confining = attrs.evolve(configuration._confining, caps={"memory_mb": 500, "processes": 4})
    assert configuration.capped == {"memory_mb": 900}


def test_values_that_do_not_fit_start_nothing(make: Make, operator: Operator) -> None:
    operator.chosen = {"error": ManifestError("max_calls: it is no number")}
    configuration = make()
    with pytest.raises(ManifestError, match="max_calls: it is no number"):
        configuration.spec(configuration.used)


@pytest.mark.parametrize(
    ("before", "after", "granted", "more"),
    [
        ((READ,), (READ,), (), ()),
        ((), (READ,), (), ("filesystem:read",)),
        ((), (READ,), ("filesystem:read",), ()),
        ((READ,), (READ, FETCHES), (), ("network:fetch",)),
        ((READ,), (WIDER,), (), ("filesystem:read",)),
        ((READ,), (EVERYWHERE,), (), ("filesystem:read",)),
        ((WIDER,), (READ,), (), ()),
        ((READ, FETCHES), (READ,), (), ()),
    ],
)
def test_a_version_asks_for_more_where_its_permissions_are_new_or_wider_and_not_granted(
    make: Make,
    operator: Operator,
    tmp_path: Path,
    before: tuple[Permission, ...],
    after: tuple[Permission, ...],
    granted: tuple[str, ...],
    more: tuple[str, ...],
) -> None:
    configuration = make(*before)
    operator.granted = set(granted)
    new = Code(found_with(tmp_path / "new", *after), "new")
    assert tuple(one.name for one in configuration.asks_for_more(new)) == more


def test_what_runs_unconfined_may_do_all_already(make: Make, tmp_path: Path) -> None:
    configuration = make(backend="off")
    assert configuration.asks_for_more(Code(found_with(tmp_path / "new", READ), "new")) == ()


def test_after_a_manifest_that_was_not_valid_all_is_new(make: Make, tmp_path: Path) -> None:
    configuration = make(READ)
    configuration._installation.found = attrs.evolve(configuration._installation.found, manifest=None)
    more = configuration.asks_for_more(Code(found_with(tmp_path / "new", READ), "new"))
    assert [one.name for one in more] == ["filesystem:read"]


def test_folders_of_the_library_that_changed_need_another_process(make: Make, operator: Operator) -> None:
    operator.granted = {"filesystem:read"}
    configuration = make(EVERYWHERE)
    sandbox = configuration.sandbox(configuration.used)
    assert sandbox.folders == ("/music",)
    assert not configuration.has_other_folders(sandbox)
    operator.libraries.append("/films")
    assert configuration.has_other_folders(sandbox)


def test_one_without_rules_may_use_all_folders_anyway(make: Make, operator: Operator) -> None:
    configuration = make(EVERYWHERE, backend="off")
    sandbox = configuration.sandbox(configuration.used)
    operator.libraries.append("/films")
    assert not configuration.has_other_folders(sandbox)
    operator.granted = {"filesystem:read"}
    assert not make(EVERYWHERE).has_other_folders(sandbox)


def test_preparing_assigns_its_user(make: Make) -> None:
    configuration = make()
    assigned: list[str] = []

    def user_of(plugin_id: str) -> int:
        assigned.append(plugin_id)
        return 60600

    machine = attrs.evolve(ABLE, root=True)
    configuration._confining = attrs.evolve(configuration._confining, user_of=user_of, machine=machine)
    configuration.prepare()
    assert assigned == ["p"]


def test_rights_follow_the_grants_and_settings_stay_those_of_the_start(make: Make, operator: Operator) -> None:
    secrets = [{"key": "first"}, {"key": "second"}]
    operator.chosen = {"secrets": lambda: secrets.pop(0)}
    configuration = make(LIBRARY, PUBLISHES, FETCHES)
    rights = configuration.spec(configuration.used).rights
    names = ("network:fetch", "events:publish", "library:read", "library:write")
    assert [rights.allows(name) for name in names] == [False] * 4
    assert (rights.hosts(), rights.events()) == ((), ())
    operator.granted = {"network:fetch", "events:publish", "library:read"}
    assert [rights.allows(name) for name in names] == [True, True, True, False]
    assert (rights.hosts(), rights.events()) == (("api.example",), ("scan.*",))
    assert rights.secrets() == rights.secrets() == {"key": "first"}
