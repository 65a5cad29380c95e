"""The manual page is the one that the help of the commands gives."""

from __future__ import annotations

from pathlib import Path

from viewra.cli import man

PAGE = Path(__file__).parents[3] / "docs" / "viewra.1"


def test_the_page_is_that_of_the_help() -> None:
    assert PAGE.read_text() == man.page(), "make it again: python -m viewra.cli.man > docs/viewra.1"


def test_nothing_in_it_is_taken_for_a_command_of_roff() -> None:
    requests = {".TH", ".SH", ".SS", ".PP", ".TP", ".nf", ".fi", '.\\"'}
    odd = [line for line in man.page().splitlines() if line[:1] in {".", "'"} and line.split(" ")[0] not in requests]
    assert odd == []
