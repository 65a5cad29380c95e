"""A plugin that fails at a chosen point."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from tests.integration.faults.hosts import OFTEN, MakePlugin
from tests.integration.faulty import CODE


@pytest.fixture
def make_plugin(make_plugin: MakePlugin) -> MakePlugin:
    return functools.partial(make_plugin, may=("filesystem:write",))


@pytest.fixture
def directory(make_plugin: MakePlugin) -> Path:
    return make_plugin("p", CODE, capabilities=("search_service",), extra=f"runtime: {{{OFTEN}}}")
