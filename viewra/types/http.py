"""One HTTP request to a plugin and its response, in the parts that cross the wire."""

from __future__ import annotations

import enum

import attrs


class Area(enum.StrEnum):
    """Where a request was made: at a route of the plugin, or at one of its admin pages."""

    ROUTE = "route"
    PAGE = "page"


@attrs.frozen
class RequestHead:
    """The beginning of a request.

    ``path`` is below ``base_path``, begins with ``/`` and is percent-decoded; ``query`` is as in the URL, without its
    question mark. ``headers`` are pairs of a name in lower case and a value in Latin-1, without those of the
    connection, cookies and authorization. ``routes_path`` is the base path of the plugin's routes, for links in pages.
    ``scope`` is what the user may do: ``read``, ``operate`` or ``admin``; ``public`` for a request to a public route,
    whose sender the host does not know. ``client`` is the address of such a sender, else "".
    """

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    area: Area = Area.ROUTE
    base_path: str = ""
    routes_path: str = ""
    scope: str = "read"
    client: str = ""


@attrs.frozen
class RequestPart:
    """A part of a request: the first one has the head. A request without a ``last`` part was cut off."""

    head: RequestHead | None = None
    body: bytes = b""
    last: bool = False


@attrs.frozen
class Artwork:
    """The picture that the host shows of something: ``of`` is ``album``, ``artist``, ``file`` or ``series``.

    ``size`` is in pixels, of the square that it is wanted for; 0: as it is.
    """

    of: str
    id: int
    size: int = 0


@attrs.frozen
class ResponseHead:
    """The beginning of a response; ``headers`` as in a request.

    Instead of a body, the host sends the media file with this id, the asset with this id, or this artwork; 0, "" and
    None for a body.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    media_file_id: int = 0
    asset_id: str = ""
    artwork: Artwork | None = None

    @property
    def names_a_file(self) -> bool:
        """Whether the host sends a file in place of a body."""
        return bool(self.media_file_id or self.asset_id or self.artwork)


@attrs.frozen
class ResponsePart:
    """A part of a response: the first one has the head; after a ``last`` one there is no other."""

    head: ResponseHead | None = None
    body: bytes = b""
    last: bool = False
