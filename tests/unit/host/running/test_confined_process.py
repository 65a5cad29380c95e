"""What one process gets of its plugin's sandbox: a folder of its own, its user, and an environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import attrs
import pytest

from viewra.denied import CONFINED
from viewra.errors import ViewraError
from viewra.host.running import confining
from viewra.host.running.confining import Confining, Sandbox
from viewra.process.sandbox.confinement import Confinement
from viewra.process.sandbox.rules import Rules

from .test_confining import ABLE, BARE

LIMITS = ((7, 256),)


class Machine:
    """A machine, and what is done to it for a process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[tuple[object, ...]] = []
        self.made: list[tuple[Rules, bool]] = []
        self.kind = ABLE
        monkeypatch.setattr(confining, "machine", lambda: self.kind)
        monkeypatch.setattr(confining, "compile_sdk", lambda: self.done.append(("sdk",)))
        monkeypatch.setattr(confining, "compile_shipped", lambda folder: self.done.append(("shipped", folder)))
        monkeypatch.setattr(confining, "hand_to", lambda *given: self.done.append(("hand", *given)))
        monkeypatch.setattr(confining, "confinement", self._confinement)

    def _confinement(self, rules: Rules, on: object, *, wrapped: bool) -> Confinement:
        assert on is self.kind
        self.made.append((rules, wrapped))
        return Confinement()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def sandbox(**named: Any) -> Sandbox:
    rules = Rules(private=("/data/p",), user=named.pop("user", None))
    return Sandbox("landlock+seccomp", rules=rules, rlimits=LIMITS, home=Path("/data/p"), told=("p", "a:b"), **named)


def test_without_rules_only_limits_hold(tmp_path: Path, machine: Machine) -> None:
    assert Sandbox("rlimits", rlimits=LIMITS).confinement(tmp_path) == Confinement(rlimits=LIMITS)
    assert Sandbox("off").confinement(tmp_path) is None
    assert Sandbox("off").environment(tmp_path) == {}
    assert (machine.done, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("backend", ["landlock+seccomp", "bwrap+landlock+seccomp"])
def test_its_folder_is_its_own_and_it_may_connect_there_where_that_is_judged(
    tmp_path: Path, machine: Machine, tells: bool, backend: str
) -> None:
    machine.kind = attrs.evolve(ABLE, tells=tells)
    attrs.evolve(sandbox(), backend=backend).confinement(tmp_path)
    ((rules, wrapped),) = machine.made
    assert (rules.private, rules.rlimits) == (("/data/p", str(tmp_path)), LIMITS)
    assert rules.folders == ((str(tmp_path),) if tells else ())
    assert wrapped is backend.startswith("bwrap")
    assert (tmp_path / "tmp").stat().st_mode & 0o777 == 0o700
    assert machine.done == [("sdk",)]


def test_code_of_a_shipped_plugin_is_compiled_for_it(tmp_path: Path, machine: Machine) -> None:
    sandbox(shipped=Path("/shipped")).confinement(tmp_path)
    assert machine.done == [("sdk",), ("shipped", Path("/shipped"))]


@pytest.mark.parametrize(("user", "owner"), [(60600, 60600), (None, os.geteuid()), (0, 0)])
def test_a_host_that_is_root_hands_its_folders_to_its_user(
    tmp_path: Path, machine: Machine, user: int | None, owner: int
) -> None:
    machine.kind = attrs.evolve(ABLE, root=True)
    sandbox(user=user).confinement(tmp_path)
    assert machine.done[1:] == [("hand", owner, tmp_path, Path("/data/p"))]


def test_its_environment_has_its_own_folders(tmp_path: Path) -> None:
    found = sandbox().environment(tmp_path)
    assert (found["HOME"], found["TMPDIR"], found[CONFINED]) == ("/data/p", str(tmp_path / "tmp"), "p a:b")


@pytest.mark.parametrize(
    ("backend", "root", "asked"),
    [("landlock", True, ["p"]), ("auto", True, ["p"]), ("auto", False, []), ("rlimits", True, []), ("off", True, [])],
)
def test_only_a_root_host_that_confines_assigns_users(backend: Any, root: bool, asked: list[str]) -> None:
    names: list[str] = []

    def user_of(plugin_id: str) -> int:
        names.append(plugin_id)
        raise ViewraError("there is no user id left")

    Confining((), backend, user_of=user_of, machine=attrs.evolve(BARE, root=root)).prepare("p")
    assert names == asked
