"""Events between plugins: news by name."""

from __future__ import annotations

import attrs


@attrs.frozen
class Event:
    """One event. ``data`` is what JSON has; ``source`` the plugin that published it, "" for the host and its program.

    ``published_at`` is in microseconds since the epoch. ``dropped`` counts the events right before this one that the
    plugin did not get because it was too slow.
    """

    name: str
    data: object = None
    source: str = ""
    published_at: int = 0
    dropped: int = 0
