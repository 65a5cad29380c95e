"""Keeps the answers to files that not all scrapers of a scan have read yet: loading them again takes longer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from viewra.library import outcomes
from viewra.library.outcomes import Answer

MOST_KEPT = 4000
"""How many answers are kept; a kilobyte each is usual. Beyond that all are dropped, and loaded where needed."""


class KeptAnswers:
    """All answers to each of some files that are partly read. Nobody but the scan itself stores others meanwhile."""

    def __init__(self) -> None:
        self._answers: dict[int, Mapping[str, Answer]] = {}
        self._count = 0

    def with_new(self, connection: sa.Connection, new: Sequence[tuple[int, Answer]]) -> dict[int, dict[str, Answer]]:
        """Return all answers to the files of new ones, by plugin; call it before the new ones are stored."""
        found = {file_id: {**self._answers.get(file_id, {})} for file_id, _ in new}
        loaded = outcomes.load_read(connection, found.keys() - self._answers.keys())
        for file_id, answers in loaded.items():
            found[file_id] = {answer.plugin_id: answer for answer in answers}
        for file_id, answer in new:
            found[file_id][answer.plugin_id] = answer
        return found

    def keep(self, answers: Mapping[int, Mapping[str, Answer]], partly_read: Sequence[int]) -> None:
        """Keep the answers to files that are ``partly_read``, and no longer those to the others."""
        for file_id in answers:
            self._count -= len(self._answers.pop(file_id, ()))
        self._answers.update((file_id, answers[file_id]) for file_id in partly_read)
        self._count += sum(len(answers[file_id]) for file_id in partly_read)
        if self._count > MOST_KEPT:
            self._answers.clear()
            self._count = 0
