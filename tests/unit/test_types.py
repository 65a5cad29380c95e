"""The package of values: each name is exported once, and defined when it is first used."""

from __future__ import annotations

import importlib
import pkgutil

import attrs
import pytest

from viewra import types

MODULES = [module.name for module in pkgutil.iter_modules(types.__path__) if module.name != "convert"]


def test_every_value_is_imported_from_the_package() -> None:
    made = set()
    for name in MODULES:
        module = importlib.import_module(f"viewra.types.{name}")
        made |= {key for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
    values = {name for name in made if name[0].isupper() and name != "T"}
    assert values == set(types.__all__) - {"MAX_ID"}


@pytest.mark.parametrize("name", types.__all__)
def test_a_name_is_always_the_same_object(name: str) -> None:
    assert getattr(types, name) is getattr(importlib.import_module("viewra.types"), name)
    value = getattr(types, name)
    assert name == "MAX_ID" or value.__name__ == name


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match=r"'viewra\.types' has no attribute 'Nothing'"):
        _ = types.Nothing


def test_the_values_are_attrs_classes() -> None:
    assert attrs.has(types.PluginInfo)
    assert attrs.has(types.MediaFile)
