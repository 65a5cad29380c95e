"""Check suites: what every service of a kind must do, asked of the author's object, over loopback or of a process.

Each takes the service as a host calls it and raises AssertionError with what is wrong. They call with the plugin's own
data, so say which files, queries or events are good.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from viewra.errors import PluginError
from viewra.services import (
    AdminPageService,
    APIRegistrationService,
    DatabaseService,
    MetadataScraperService,
    ScannerHookService,
    SearchService,
)
from viewra.types.values import Value, joined

S = TypeVar("S")

MISSING_FILE = "/nonexistent/viewra-check/missing.flac"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def check_metadata_scraper(
    service: MetadataScraperService | None,
    *,
    good: Mapping[str | Path, Mapping[str, Value]] | None = None,
    bad: Iterable[str | Path] = (),
) -> None:
    """Check a metadata scraper.

    ``good`` maps files that it reads to fields that it must find in them (``{}``: any), ``bad`` names files that it
    must refuse with an error. A file that is not there must be refused in any case.
    """
    scraper = _offered(service, "metadata scraper")
    types = scraper.get_supported_types()
    assert not isinstance(types, str), "get_supported_types() must return a list, not one text"
    for mime_type in types:
        assert mime_type.count("/") == 1, f"{mime_type!r} is no MIME type: write it as audio/flac, or audio/* for any"
    for path, fields in (good or {}).items():
        found = scraper.extract_metadata(str(path))
        _value_map(found, f"extract_metadata({str(path)!r})")
        for name, value in fields.items():
            assert name in found, f"{path}: no {name!r} in {sorted(found)}"
            assert joined(found[name]) == joined(value), f"{path}: {name} is {found[name]!r}, not {value!r}"
        assert scraper.extract_metadata(str(path)) == found, f"{path}: a second reading gave something else"
    for path in (*bad, MISSING_FILE):
        _must_refuse(scraper, str(path))
    for path in good or {}:
        scraper.extract_metadata(str(path))  # it still works after what it refused


def check_scanner_hook(service: ScannerHookService | None, *, files: Sequence[str] = ("/music/a.flac",)) -> None:
    """Check a scanner hook with one scan of ``files``, delivered in order and then once more, as after a crash."""
    hook = _offered(service, "scanner hook")
    for _ in range(2):
        hook.on_scan_started(1, 1, "/music")
        for number, path in enumerate(files, start=1):
            hook.on_media_file_scanned(number, path, {"title": "Für Elise", "artist": "瀧廉太郎"})
            hook.on_media_file_scanned(number, path, {})
        hook.on_scan_completed(1, 1, {"seen": str(len(files)), "status": "completed"})


def check_database(service: DatabaseService | None, connection_string: str) -> None:
    """Check a database service on an empty database: up, up again, back, and up from there."""
    database = _offered(service, "database service")
    models = database.get_models()
    assert not isinstance(models, str), "get_models() must return a list, not one text"
    assert len(set(models)) == len(models), f"get_models() names a table twice: {models}"
    database.migrate(connection_string)
    database.migrate(connection_string)
    database.rollback(connection_string)
    database.migrate(connection_string)


def check_admin_page(service: AdminPageService | None) -> None:
    """Check admin pages: each with an id of its own, a title and a place."""
    admin = _offered(service, "admin pages")
    admin.register_routes("/admin/plugins/under_test")
    pages = admin.get_admin_pages()
    ids = [page.id for page in pages]
    assert len(set(ids)) == len(ids), f"two pages have the same id: {ids}"
    for page in pages:
        assert page.id, f"a page has no id: {page}"
        assert page.title, f"page {page.id} has no title"
        assert page.path or page.url, f"page {page.id} has neither path nor url"
        assert ".." not in page.path.split("/"), f"page {page.id} leaves its base path: {page.path}"


def check_api_registration(service: APIRegistrationService | None) -> None:
    """Check HTTP routes: known methods, clean paths, none twice."""
    routes = _offered(service, "API routes").get_registered_routes()
    places = [(route.method.upper(), route.path) for route in routes]
    assert len(set(places)) == len(places), f"a route is there twice: {places}"
    for method, path in places:
        assert method in _METHODS, f"{method} is no HTTP method"
        assert path.startswith("/"), f"a route's path must begin with a slash: {path!r}"
        assert ".." not in path.split("/"), f"a route leaves its base path: {path}"


def check_search(service: SearchService | None, *, query: Mapping[str, str] | None = None) -> None:
    """Check a search with one query that should find something (``query``, by default any field for "a")."""
    search = _offered(service, "search")
    capabilities = search.get_search_capabilities()
    wanted = dict(query or {"q": "a"})
    limit = min(10, capabilities.max_results or 10)
    found = search.search(wanted, limit, 0)
    assert len(found.results) <= limit, f"{len(found.results)} hits for a limit of {limit}"
    assert found.total_count >= len(found.results), "total_count is less than the hits returned"
    for hit in found.results:
        assert hit.id, f"a hit has no id: {hit}"
        assert math.isfinite(hit.score), f"hit {hit.id}: score {hit.score}"
        assert 0 <= hit.score <= 1, f"hit {hit.id}: score {hit.score} is not from 0 to 1"
        _text_map(hit.metadata, f"hit {hit.id}")
    if query is not None:
        assert found.results, f"nothing was found for {query}"
    if capabilities.supports_pagination and found.total_count:
        beyond = search.search(wanted, limit, found.total_count)
        assert not beyond.results, "there are hits beyond total_count"
    nothing = search.search({"q": "\u2400 no such thing \u2400"}, limit, 0)
    assert not nothing.has_more or nothing.results, "has_more without any hit"


def _offered(service: S | None, name: str) -> S:
    assert service is not None, f"the plugin offers no {name}"
    return service


def _must_refuse(scraper: MetadataScraperService, path: str) -> None:
    try:
        found = scraper.extract_metadata(path)
    except Exception as error:  # the author's own object may raise anything
        reason = error.message if isinstance(error, PluginError) else str(error)
    else:
        raise AssertionError(f"{path}: must be refused, but gave {found}")
    assert reason.strip(), f"{path}: refused without a reason"


def _value_map(value: object, what: str) -> None:
    """Metadata: texts, and lists of texts, which the wire's text map has joined."""
    assert isinstance(value, Mapping), f"{what} must give a mapping, not {type(value).__name__}"
    for key, item in value.items():
        assert isinstance(item, Sequence), f"{what}: {key} is {item!r}, neither text nor a list of texts"
        assert all(isinstance(one, str) for one in item), f"{what}: {key} is {item!r}, not a list of texts"
    _text_map({key: joined(item) for key, item in value.items()}, what)


def _text_map(value: object, what: str) -> None:
    assert isinstance(value, Mapping), f"{what} must give a mapping, not {type(value).__name__}"
    for key, item in value.items():
        assert isinstance(key, str), f"{what}: the key {key!r} is not text"
        assert isinstance(item, str), f"{what}: {key} is {item!r}, not text"
        assert key, f"{what}: an empty key"
