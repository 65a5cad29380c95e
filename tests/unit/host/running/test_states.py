"""The table of states: whole, and the one that the documents show."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewra.host.running.states import CHANGES, FOLLOWERS, Event, table
from viewra.types import PluginState

DOCUMENT = Path(__file__).parents[4] / "docs" / "architecture.md"


def test_the_table_in_the_documents_is_made_of_the_codes() -> None:
    """``python -c 'from viewra.host.running.states import table; print(table())'`` prints it."""
    text = DOCUMENT.read_text("utf-8")
    shown = text[text.index("| event | from | to |") :].partition("\n\n")[0]
    assert shown == table(), "the whole of it: a part of the table would be in the document, too"


@pytest.mark.parametrize("state", [state for state in PluginState if state is not PluginState.DISCOVERED])
def test_every_state_can_be_reached_and_left(state: PluginState) -> None:
    assert any(after is state and before is not state for before, after in CHANGES)
    assert any(before is state and after is not state for before, after in CHANGES)


@pytest.mark.parametrize("event", Event)
def test_every_event_is_in_the_table(event: Event) -> None:
    assert any(one is event for _, one in FOLLOWERS)
