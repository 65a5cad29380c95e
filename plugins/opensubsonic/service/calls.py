"""``Call``: one call of the API by a user, as its handler gets it; and the table of the handlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from viewra.sdk.http import Response

from .catalog import Catalog
from .marks import Marks
from .now_playing import NowPlaying
from .parameters import Parameters
from .playlists import Playlists
from .shapes import Shapes

if TYPE_CHECKING:
    from viewra.sdk.host import HostServices

Answer = dict[str, Any] | Response
Handler = Callable[["Call"], Answer]

HANDLERS: dict[str, Handler] = {}
"""The handlers by the names of their calls."""


@attrs.frozen
class Call:
    """A call by ``user`` with the parameters ``given``; what the plugin has for its handler."""

    user: str
    given: Parameters
    catalog: Catalog
    marks: Marks
    playlists: Playlists
    playing: NowPlaying
    host: HostServices
    ignored_articles: str

    @property
    def shapes(self) -> Shapes:
        """The shapes in which the user sees what is in the library."""
        return Shapes(self.catalog, self.marks, self.user)

    @property
    def within(self) -> str:
        """The condition of the library that the player has chosen, "" for all."""
        number = self.given.whole("musicFolderId", 0)
        return f"library_id:{number}" if number else ""


def answers(*names: str) -> Callable[[Handler], Handler]:
    """Have the decorated function answer the calls with these names."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register
