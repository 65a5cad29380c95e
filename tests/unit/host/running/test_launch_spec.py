"""What a launcher is told: the verified program, the environment, the group, and what runs before confinement."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import attrs
import pytest

from viewra.codec.protocol import LEASE, OUTPUT, PIPES
from viewra.errors import HandshakeError
from viewra.host.installed.pins import Pin
from viewra.host.running.confining import Sandbox
from viewra.host.running.launch_spec import (
    Connecting,
    LaunchSpec,
    Machinery,
    environment,
    new_group,
    new_identity,
    plan,
    verified,
)
from viewra.host.running.lease import LEASE_S
from viewra.host.running.limits import tasks
from viewra.process.sandbox.confinement import Confinement
from viewra.process.verify import tree_digest
from viewra.types import PluginContext

PYTHON = (sys.executable, "main.py")


@pytest.fixture
def spec(tmp_path: Path) -> LaunchSpec:
    """Of a plugin that is one program."""
    (tmp_path / "p").mkdir()
    program = tmp_path / "p" / "program"
    program.write_text("the code")
    context = PluginContext("p", {}, "info", "", str(tmp_path), str(tmp_path / "p"))
    return LaunchSpec((str(program),), tmp_path / "p", context, frozenset(), 30.0)


def pin(spec: LaunchSpec, *, tree: bool = False) -> Pin:
    entry = hashlib.sha256(Path(spec.command[-1]).read_bytes()).hexdigest()
    return Pin(entry, tree_digest(spec.directory) if tree else "")


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_the_program_that_was_verified_is_the_one_that_runs(spec: LaunchSpec) -> None:
    with verified(spec, pin(spec)) as executable:
        assert executable is not None
        Path(spec.command[-1]).unlink()
        Path(spec.command[-1]).write_text("other code")
        assert os.pread(executable, 100, 0) == b"the code"
    assert not is_open(executable)


def test_an_interpreter_opens_a_verified_script_by_its_path(spec: LaunchSpec) -> None:
    script = attrs.evolve(spec, command=(sys.executable, spec.command[0]))
    before = set(os.listdir("/proc/self/fd"))
    with verified(script, pin(script, tree=True)) as executable:
        assert executable is None
    assert set(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("changed", ["program", "helper"])
def test_code_that_differs_from_its_pin_is_not_run(spec: LaunchSpec, changed: str) -> None:
    pinned = pin(spec, tree=True)
    (spec.directory / changed).write_text("changed")
    with pytest.raises(HandshakeError, match="differs from its pin") as refused, verified(spec, pinned):
        raise AssertionError("it would be run")
    assert refused.value.step == "verify"
    assert str(spec.directory) in str(refused.value)
    with verified(attrs.evolve(spec), pin(spec)):
        pass


def test_a_pin_of_the_entry_alone_leaves_the_rest_free(spec: LaunchSpec) -> None:
    pinned = pin(spec)
    (spec.directory / "helper").write_text("new")
    with verified(spec, pinned) as executable:
        assert executable is not None


def test_a_confined_plugin_finds_its_home_and_the_host_its_variables(spec: LaunchSpec, tmp_path: Path) -> None:
    found = environment(spec, tmp_path / "s", None)
    assert found["PLUGIN_UNIX_SOCKET_DIR"] == str(tmp_path / "s")
    assert {"PLUGIN_CLIENT_CERT", "PLUGIN_NETWORK", "PLUGIN_UNIX_SOCKET_GROUP", "PYTHONPYCACHEPREFIX"}.isdisjoint(found)
    connecting = Connecting("tcp", socket_group="media", ports=(7000, 7001))
    found = environment(attrs.evolve(spec, connecting=connecting), tmp_path / "s", new_identity())
    assert found["PLUGIN_CLIENT_CERT"].startswith("-----BEGIN CERTIFICATE-----")
    names = ("PLUGIN_NETWORK", "PLUGIN_UNIX_SOCKET_GROUP", "PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT")
    assert [found[name] for name in names] == ["tcp", "media", "7000", "7001"]


def test_only_files_that_were_hashed_are_loaded_of_pinned_code(spec: LaunchSpec, tmp_path: Path) -> None:
    by_hand = environment(attrs.evolve(spec, pin=Pin("0")), tmp_path, None)
    assert by_hand["PYTHONPYCACHEPREFIX"] == str(tmp_path / "pycache")
    installed = environment(attrs.evolve(spec, pin=Pin("0", installed=True)), tmp_path, None)
    assert "PYTHONPYCACHEPREFIX" not in installed


@pytest.mark.parametrize(
    ("network", "auto_mtls", "encrypted"), [("unix", False, False), ("unix", True, True), ("tcp", False, True)]
)
def test_what_any_user_could_connect_to_is_encrypted(network: str, auto_mtls: bool, encrypted: bool) -> None:
    assert Connecting(network, auto_mtls).encrypted is encrypted


@pytest.mark.parametrize(
    ("command", "confined", "built_python", "script"),
    [
        (("/p/program",), True, False, False),
        (("/p/program",), False, False, False),
        (PYTHON, True, False, True),
        (("/p/python", "main.py"), True, False, False),
        (("/p/python", "main.py"), True, True, True),
        (("/p/python", "main.py"), False, False, True),
    ],
)
def test_only_the_hosts_interpreter_runs_before_the_process_is_confined(
    spec: LaunchSpec, tmp_path: Path, command: tuple[str, ...], confined: bool, built_python: bool, script: bool
) -> None:
    held = SimpleNamespace(
        confinement=lambda _folder: Confinement() if confined else None, environment=lambda _folder: {}
    )
    given = attrs.evolve(spec, command=command, built_python=built_python, sandbox=cast(Sandbox, held), lasts=confined)
    made = plan(given, tmp_path, None, 7, "/door")
    assert (made.script, made.confinement) == (script, Confinement() if confined else None)
    assert (made.executable, made.door, made.tied) == (7, "/door", not confined)


def test_a_group_is_made_for_limits_alone(spec: LaunchSpec) -> None:
    made: list[tuple[object, int]] = []

    def new(limits: Any, most: int) -> str:
        made.append((limits, most))
        return "a group"

    machinery = cast(Machinery, SimpleNamespace(groups=SimpleNamespace(new=new)))
    held = attrs.evolve(spec, held={"processes": 3})
    assert new_group(machinery, spec) is None
    assert new_group(cast(Machinery, SimpleNamespace(groups=None)), held) is None
    assert cast(Any, new_group(machinery, held)) == "a group"
    assert made == [({"processes": 3}, tasks({"processes": 3}))]


def test_a_process_that_outlives_its_host_has_a_lease_and_no_pipes(spec: LaunchSpec, tmp_path: Path) -> None:
    bound = environment(spec, tmp_path, None)
    assert (bound[OUTPUT], LEASE in bound) == (PIPES, False)
    lasting = environment(attrs.evolve(spec, lasts=True), tmp_path, None)
    assert (lasting[LEASE], OUTPUT in lasting) == (str(LEASE_S), False)
