"""The examples of docs/cue.md are run, and its limits are the real ones."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from viewra.manifest.cue import Limits

DOC = (Path(__file__).parents[3] / "docs" / "cue.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```\n```output\n(.*?)```", DOC, re.DOTALL)


@pytest.mark.parametrize(("source", "expected"), EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_examples(source: str, expected: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, "docs/cue.md", "exec"), {})
    assert printed.getvalue() == expected


def test_every_example_is_run() -> None:
    assert len(EXAMPLES) == DOC.count("```python") == 6


def test_limits() -> None:
    limits = Limits()
    numbers = re.findall(r"^\| .* \| ([0-9,]+)(?: bytes)? \|$", DOC, re.MULTILINE)
    documented = [int(number.replace(",", "")) for number in numbers]
    assert documented == [
        limits.file_bytes,
        limits.tokens,
        limits.nesting,
        limits.references,
        limits.disjuncts,
        limits.steps,
        limits.digits,
        limits.exponent,
        limits.string_bytes,
        limits.errors,
    ]
