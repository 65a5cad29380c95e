"""The documents must describe every hook, every command and every dependency."""

from __future__ import annotations

import configparser
import inspect
import re
from pathlib import Path
from types import FunctionType

import pytest

from viewra import hookspecs
from viewra.cli import plugins
from viewra.cli._main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
HOOKS = [value for value in vars(hookspecs).values() if hasattr(value, "viewra_spec")]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
def test_hook_is_documented_with_its_arguments(hook: FunctionType) -> None:
    parameters = ", ".join(
        name if parameter.default is inspect.Parameter.empty else f"{name}={parameter.default}"
        for name, parameter in inspect.signature(hook).parameters.items()
    )
    assert f"`{hook.__name__}({parameters})`" in (ROOT / "docs" / "hooks.md").read_text()
    assert hook.__doc__


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_documented(command: str) -> None:
    assert f"viewra {command}" in (ROOT / "docs" / "running.md").read_text()


@pytest.mark.parametrize("command", sorted(plugins.command.commands))
def test_command_for_plugins_is_documented(command: str) -> None:
    assert re.search(rf"viewra plugins (\w+\|)*{command}\b", (ROOT / "docs" / "running.md").read_text())


def test_every_dependency_has_its_line() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    text = (ROOT / "docs" / "dependencies.md").read_text()
    for line in config["options"]["install_requires"].split("\n"):
        if name := re.match(r"[\w-]+", line):
            assert name[0] in text
