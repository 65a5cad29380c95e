"""Limits of one evaluation, and the meter that counts its steps. A manifest is untrusted input.

Limits are counts, never seconds, so that the same text gives the same result on every machine.
"""

from __future__ import annotations

from typing import Protocol

import attrs

from viewra.manifest.cue.problem import Limit
from viewra.manifest.cue.source import Place


@attrs.frozen
class Limits:
    """Limits of one evaluation. Reaching one ends the whole evaluation with an error that names it.

    ``file_bytes`` UTF-8 bytes of one source; ``tokens`` of one source, commas put in at line ends not counted;
    ``nesting`` levels of brackets, labels, prefix operators, and of evaluated fields; ``references`` fields that wait
    for one another at a time; ``disjuncts`` alternatives of one field alive at once; ``steps`` units of evaluation;
    ``digits`` of a number; ``exponent`` of a number, either sign; ``string_bytes`` of one evaluated string, in UTF-8;
    ``errors`` of syntax that are reported at once.
    """

    file_bytes: int = 256 * 1024
    tokens: int = 20_000
    nesting: int = 64
    references: int = 40
    disjuncts: int = 512
    steps: int = 20_000
    digits: int = 1_000
    exponent: int = 10_000
    string_bytes: int = 1024 * 1024
    errors: int = 100


class Placed(Protocol):
    """What has a place in a text: an expression, a node."""

    @property
    def place(self) -> Place:
        """Where it is."""
        ...


@attrs.define
class Meter:
    """Counts the steps of one evaluation. ``steps`` is how many were taken."""

    limits: Limits
    steps: int = 0

    def spend(self, count: int, at: Placed) -> None:
        """Use ``count`` steps. Raises ``Limit``, with the place of ``at``, when the budget is used up."""
        self.steps += count
        if self.steps > self.limits.steps:
            self.steps = self.limits.steps + 1  # however many were requested at once
            raise Limit(f"the evaluation takes more than {self.limits.steps:,} steps", at.place)
