"""The browser: files, albums, artists, films, series, photos, genres, years and playlists that a query chooses."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import attrs
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from viewra.errors import UsageError
from viewra.host.admin import listing_operations
from viewra.types import FileEntry, Page
from viewra.web.pages.desk import Desk
from viewra.web.pages.requests import after_of, id_of, query_of

ROWS, TILES, NAMES = 100, 60, 120
_PLACE = re.compile(r"the query, column (\d+)(?:, '.*?')?: (.*)", re.DOTALL)


@attrs.frozen
class Kind:
    """One listing; ``look`` is how its rows are shown."""

    title: str
    icon: str
    look: str
    operation: Callable[..., Page[Any]]
    rows: int
    takes_query: bool = True


KINDS: Mapping[str, Kind] = {
    "albums": Kind("Albums", "disc", "albums", listing_operations.albums, TILES),
    "artists": Kind("Artists", "user", "artists", listing_operations.artists, NAMES),
    "films": Kind("Films", "film", "posters", listing_operations.films, TILES),
    "series": Kind("Series", "film", "series", listing_operations.series, TILES),
    "photos": Kind("Photos", "photo", "photos", listing_operations.photos, TILES),
    "genres": Kind("Genres", "list", "genres", listing_operations.genres, NAMES),
    "years": Kind("Years", "list", "years", listing_operations.years, 400, takes_query=False),
    "playlists": Kind("Playlists", "list", "files", listing_operations.playlists, ROWS),
    "files": Kind("Files", "file", "files", listing_operations.files, ROWS),
}


@attrs.frozen
class Mistake:
    """A query that cannot be read: what is wrong, and where in it."""

    text: str
    hint: str
    before: str = ""
    at: str = ""
    behind: str = ""


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of the browser."""

    async def home(_desk: Desk, _request: Request) -> Response:
        return RedirectResponse("/admin/browse/albums", 307)

    return [
        desk.get("/admin/browse", home),
        desk.get("/admin/search", search),
        desk.get("/admin/browse/album/{album_id:int}", album),
        desk.get("/admin/browse/artist/{artist_id:int}", artist),
        desk.get("/admin/browse/series/{series_id:int}", series),
        desk.get("/admin/browse/{kind}", show),
    ]


async def show(desk: Desk, request: Request) -> Response:
    """One listing, page after page."""
    name = request.path_params["kind"]
    kind = KINDS.get(name)
    if kind is None:
        raise HTTPException(404, f"there is no listing of {name}")
    asked = query_of(request)
    arguments: dict[str, Any] = {"after": after_of(request), "limit": kind.rows}
    if kind.takes_query:
        arguments["q"] = asked
    page, mistake = await _tried(lambda: desk.ask(kind.operation, **arguments), asked)
    return desk.show(
        request,
        "browse.html",
        status=422 if mistake else 200,
        kinds=KINDS,
        name=name,
        kind=kind,
        asked=asked,
        page=page or Page(()),
        mistake=mistake,
        first=after_of(request) is None,
    )


async def search(desk: Desk, request: Request) -> Response:
    """The best hits of a query, from the library and from the plugins' own sources."""
    asked = query_of(request)
    found, mistake = None, None
    if asked:
        found, mistake = await _tried(lambda: desk.ask(listing_operations.search, q=asked, limit=ROWS), asked)
    return desk.show(
        request,
        "search.html",
        status=422 if mistake else 200,
        kinds=KINDS,
        name="search",
        asked=asked,
        found=found,
        mistake=mistake,
    )


async def album(desk: Desk, request: Request) -> Response:
    """One album and its files, disc by disc."""
    album_id = id_of(request, "album_id")
    found = await desk.ask(listing_operations.album, album_id=album_id)
    page = await _files_of(desk, request, f"album_id:{album_id} sort:track")
    return desk.show(request, "album.html", kinds=KINDS, name="albums", asked="", album=found, page=page)


async def artist(desk: Desk, request: Request) -> Response:
    """One artist, the albums and the files."""
    artist_id = id_of(request, "artist_id")
    found = await desk.ask(listing_operations.artist, artist_id=artist_id)
    albums = await desk.ask(listing_operations.albums, q=f"artist_id:{artist_id} sort:year", limit=TILES)
    page = await _files_of(desk, request, f"artist_id:{artist_id} sort:album")
    return desk.show(
        request, "artist.html", kinds=KINDS, name="artists", asked="", artist=found, albums=albums, page=page
    )


async def series(desk: Desk, request: Request) -> Response:
    """One series, by its seasons."""
    series_id = id_of(request, "series_id")
    seasons = await desk.ask(listing_operations.seasons, series_id=series_id)
    page = await _files_of(desk, request, f"series_id:{series_id} sort:episode")
    title = await desk.site.run(_title_of_series, desk, page)
    return desk.show(
        request,
        "series.html",
        kinds=KINDS,
        name="series",
        asked="",
        seasons=seasons,
        page=page,
        title=title,
        series_id=series_id,
    )


def _title_of_series(desk: Desk, page: Page[FileEntry]) -> str:
    """Listings have the titles of series, files only their ids: the first file says what it belongs to."""
    if not page.items:
        return "Series"
    value = desk.site.host.library.file(page.items[0].id).metadata.get("show")
    return str(value.value) if value is not None else "Series"


async def _files_of(desk: Desk, request: Request, query: str) -> Page[FileEntry]:
    return await desk.ask(listing_operations.files, q=query, after=after_of(request), limit=ROWS)


async def _tried(ask: Callable[[], Awaitable[Any]], asked: str) -> tuple[Any, Mistake | None]:
    """The answer, or the mistake in the query."""
    try:
        return await ask(), None
    except UsageError as error:
        found = _PLACE.match(error.message)
        if not found:
            return None, Mistake(error.message, error.hint or "")
        column = int(found[1]) - 1
        text = found[2]
        if not 0 <= column <= len(asked):
            return None, Mistake(text, error.hint or "")
        at = re.match(r"\S*", asked[column:])
        length = len(at[0]) if at is not None else 0
        return None, Mistake(
            text, error.hint or "", asked[:column], asked[column : column + length], asked[column + length :]
        )
