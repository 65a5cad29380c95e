"""``self.host.events``: under which names a plugin may publish."""

from __future__ import annotations

import pytest

from viewra.errors import PermissionDenied, UsageError
from viewra.sdk import Plugin
from viewra.testing import FakeHostServices, loopback
from viewra.types import Event


def test_a_plugin_publishes_under_its_own_names_and_those_that_it_was_granted() -> None:
    plugin, services = Plugin(), FakeHostServices(granted=(), plugin_id="lyrics")
    with loopback(plugin, host=services):
        plugin.host.events.publish("lyrics.found", {"file": 5})
        for name in ("playback.started", "lyrics_2.found", "library.changed"):
            with pytest.raises(PermissionDenied, match=name):
                plugin.host.events.publish(name)
        services.granted = {"events:publish"}
        plugin.host.events.publish("playback.started")
        with pytest.raises(PermissionDenied, match="only the host"):
            plugin.host.events.publish("library.changed")
        with pytest.raises(UsageError, match="words with dots"):
            plugin.host.events.publish("lyrics")
    assert services.published == [
        Event("lyrics.found", {"file": 5}, "lyrics"),
        Event("playback.started", None, "lyrics"),
    ]
