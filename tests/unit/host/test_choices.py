"""The operator's choices for a start of a plugin, read consistently in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

from viewra import manifest as manifests
from viewra.db import open_database, write_settings
from viewra.db.plugin_settings import StoredSetting
from viewra.errors import ManifestError
from viewra.host.installed.choices import OperatorChoices
from viewra.host.installed.discovery import Found, Place
from viewra.manifest import Runtime

MANIFEST = """\
id: "x"
name: "X"
version: "1.0.0"
entry_points: main: "main.py"
settings: timeout: int & >=5 & <=30 | *10
runtime: workers: 2
"""


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[sa.Engine]:
    engine = open_database(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def choices(engine: sa.Engine, tmp_path: Path) -> OperatorChoices:
    return OperatorChoices(engine, tmp_path)


@pytest.fixture
def found(tmp_path: Path) -> Found:
    (tmp_path / "plugin.cue").write_text(MANIFEST)
    (tmp_path / "main.py").write_text("1")
    return Found("x", tmp_path, Place.GIVEN, manifests.load(tmp_path))


def test_all_that_was_chosen_comes_in_one_transaction(
    engine: sa.Engine, choices: OperatorChoices, found: Found
) -> None:
    settings, runtime = choices.settings(found), choices.runtime_settings(found)
    assert settings is not None
    assert runtime is not None
    settings.change({"timeout": 20})
    runtime.change({"max_calls": 7})
    pin = choices.pin(found)
    begun: list[object] = []
    sa.event.listen(engine, "begin", begun.append)
    chosen = choices.chosen(found)
    assert chosen.config()["timeout"] == "20"
    assert (chosen.runtime.workers, chosen.runtime.max_calls, chosen.pin, chosen.error) == (2, 7, pin, None)
    assert len(begun) == 1
    settings.change({"timeout": 25})
    assert chosen.config()["timeout"] == "20", "it is what was chosen at that moment"


def test_where_nothing_was_chosen_the_manifest_counts(choices: OperatorChoices, found: Found) -> None:
    chosen = choices.chosen(found)
    assert found.manifest is not None
    assert chosen.config()["timeout"] == "10"
    assert (chosen.runtime, chosen.pin, chosen.error) == (found.manifest.runtime, None, None)


def test_a_runtime_that_does_not_fit_is_told_and_the_manifests_own_holds(
    engine: sa.Engine, choices: OperatorChoices, found: Found
) -> None:
    write_settings(engine, "x", {":max_calls": StoredSetting('"many"')})
    chosen = choices.chosen(found)
    assert isinstance(chosen.error, ManifestError)
    assert found.manifest is not None
    assert chosen.runtime == found.manifest.runtime


def test_nothing_is_chosen_for_an_invalid_manifest(choices: OperatorChoices, found: Found) -> None:
    chosen = choices.chosen(attrs.evolve(found, manifest=None))
    assert (chosen.config(), chosen.runtime, chosen.pin, chosen.error) == ({}, Runtime(), None, None)
