"""The check suite of metadata scrapers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from viewra.errors import PluginError
from viewra.services import MetadataScraperService
from viewra.testing.checks._common import offered, text_map
from viewra.types.values import Value, joined

F = TypeVar("F", bound=str | Path)

MISSING_FILE = "/nonexistent/viewra-check/missing.flac"


def check_metadata_scraper(
    service: MetadataScraperService | None,
    *,
    good: Mapping[F, Mapping[str, Value]] | None = None,
    bad: Iterable[str | Path] = (),
) -> None:
    """Check a metadata scraper.

    ``good`` maps readable files to fields that their metadata must have (``{}``: any); ``bad`` names files that the
    scraper must refuse with an error. It must always refuse a file that does not exist.
    """
    scraper = offered(service, "metadata scraper")
    types = scraper.get_supported_types()
    assert not isinstance(types, str), "get_supported_types() must return a list, not a single text"
    for mime_type in types:
        assert mime_type.count("/") == 1, (
            f"{mime_type!r} is not a MIME type: write it as audio/flac, or audio/* for any"
        )
    for path, fields in (good or {}).items():
        found = scraper.extract_metadata(str(path))
        _value_map(found, f"extract_metadata({str(path)!r})")
        for name, value in fields.items():
            assert name in found, f"{path}: {name!r} is missing in {sorted(found)}"
            assert joined(found[name]) == joined(value), f"{path}: {name} is {found[name]!r}, not {value!r}"
        assert scraper.extract_metadata(str(path)) == found, f"{path}: a second read returned different metadata"
    for refused in bad:
        _must_refuse(scraper, str(refused), "must be refused")
    _must_refuse(scraper, MISSING_FILE, "is not there, so extract_metadata must raise (Path(file_path).stat() does)")
    for path in good or {}:
        scraper.extract_metadata(str(path))  # it still works after the refused files


def _must_refuse(scraper: MetadataScraperService, path: str, why: str) -> None:
    try:
        found = scraper.extract_metadata(path)
    except Exception as error:  # the author's own object may raise anything
        reason = error.message if isinstance(error, PluginError) else str(error)
    else:
        raise AssertionError(f"{path}: {why}, but it returned {found}")
    assert reason.strip(), f"{path}: refused with an empty message"


def _value_map(value: object, what: str) -> None:
    """Metadata: texts, and lists of texts, which the wire's text map joins."""
    assert isinstance(value, Mapping), f"{what} must return a mapping, not {type(value).__name__}"
    for key, item in value.items():
        assert isinstance(item, Sequence), f"{what}: {key} is {item!r}, neither text nor a list of texts"
        assert all(isinstance(one, str) for one in item), f"{what}: {key} is {item!r}, not a list of texts"
    text_map({key: joined(item) for key, item in value.items()}, what)
