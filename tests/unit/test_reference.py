"""docs/reference is what its script makes of the present code."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", HERE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", sorted(file.name for file in HERE.glob("*.md")))
def test_page_is_current(script: ModuleType, page: str) -> None:
    assert (HERE / page).read_text() == script.PAGES[page](), "run: python docs/reference/generate.py"


def test_every_page_is_made(script: ModuleType) -> None:
    assert {file.name for file in HERE.glob("*.md")} == set(script.PAGES)
