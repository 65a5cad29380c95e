"""Answers of a scan that are kept in memory are those that are stored, however many are kept."""

from __future__ import annotations

import random

import pytest

from tests.unit.library.conftest import World
from viewra.db import writing
from viewra.library import kept_answers, outcomes
from viewra.library.kept_answers import KeptAnswers
from viewra.library.outcomes import Answer


@pytest.mark.parametrize("most", [0, 12, 4000], ids=["none", "few", "all"])
def test_answers_to_a_file_are_the_kept_or_the_stored_ones(
    world: World, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_answers, "MOST_KEPT", most)
    for number in range(10):
        world.put(f"{number}.mp3")
    world.scan()
    ids = [row.id for row in world.rows("SELECT id FROM media_files")]
    chance, kept = random.Random(most), KeptAnswers()
    for at in range(60):
        new = [(file_id, Answer(chance.choice("abcd"), "v1", at, "{}")) for file_id in chance.sample(ids, 4)]
        with writing(world.engine) as connection:
            found = kept.with_new(connection, new)
            outcomes.store(connection, [outcomes.row_of(file_id, answer, "") for file_id, answer in new])
            stored = outcomes.load_read(connection, found)
        assert found == {file_id: {one.plugin_id: one for one in answers} for file_id, answers in stored.items()}
        kept.keep(found, [file_id for file_id in found if chance.random() < 0.6])
