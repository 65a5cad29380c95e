"""Errors cross processes as they are."""

from __future__ import annotations

import pickle

import pytest

from viewra import errors
from viewra.errors import HandshakeError, ManifestError, PluginError, PluginFault, PluginUnavailable, ViewraError

MADE: list[ViewraError] = [
    errors.UsageError("no such folder", hint="make it"),
    ManifestError("is odd", file="plugin.cue", line=3, column=4, path="id"),
    HandshakeError("broke", step="spawn", output=("last", "words")),
    PluginUnavailable("tags", "crashed", call="search", in_call=True),
    PluginFault("tags", "odd", kind="ValueError", causes=("OSError: no",), call_id="7", reason="o"),
]


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_is_pickled_with_all_that_it_says(error: ViewraError) -> None:
    if isinstance(error, PluginError):
        error.worker = "nas-1"
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy).keys() == vars(error).keys()
    said = {name: value for name, value in vars(error).items() if name != "errors"}
    assert said.items() <= vars(copy).items()
