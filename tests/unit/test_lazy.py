"""Public names come from their homes when they are first used, and every package's list of them is right."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

PACKAGES = [
    "viewra",
    "viewra.db",
    "viewra.host",
    "viewra.library",
    "viewra.sdk",
    "viewra.services",
    "viewra.testing",
    "viewra.types",
]


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_name_is_there(name: str) -> None:
    package = importlib.import_module(name)
    for public in package.__all__:
        assert getattr(package, public) == getattr(package, public), public
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'nothing'"):
        _ = package.nothing


@pytest.mark.process
def test_a_name_that_is_not_used_is_not_imported() -> None:
    program = (
        "import sys, viewra.services, viewra.types; viewra.types.Health;"
        "print(*sorted(name for name in sys.modules if name.startswith(('viewra.types.', 'viewra.services.'))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["viewra.services.description", "viewra.types.convert", "viewra.types.plugin"]
