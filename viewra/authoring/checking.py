"""Runs the check suites of the services that a manifest claims, on a plugin that runs in one form."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

import attrs

from viewra.adapters._scraping import matches
from viewra.authoring.traces import own_line
from viewra.errors import PluginError
from viewra.library.mime import MediaTypes
from viewra.manifest import Manifest
from viewra.services import SERVICES
from viewra.testing import (
    ServiceClients,
    check_admin_page,
    check_api_registration,
    check_database,
    check_http,
    check_metadata_scraper,
    check_scanner_hook,
    check_search,
)

Status = Literal["passed", "failed", "skipped"]
OWN_TESTS = "own tests"
_LETTERS = "aeiou"
"""What is searched for, one after the other, until there are hits to check."""


@attrs.frozen
class Outcome:
    """The result of one suite, a service's name in manifests or ``OWN_TESTS``, in one ``form`` of the plugin."""

    suite: str
    form: str
    status: Status
    seconds: float
    detail: str = ""


class Checks:
    """The suites for one plugin; ``samples`` are media files, ``folder`` is for databases."""

    def __init__(self, manifest: Manifest, samples: Sequence[Path], folder: Path) -> None:
        self.claimed = [one for one in SERVICES if one.capability in manifest.claimed(SERVICES)]
        self._manifest = manifest
        self._samples = samples
        self._folder = folder
        self._types = MediaTypes([manifest.media_types])
        self._databases = 0

    def run(self, plugin: ServiceClients, form: str) -> list[Outcome]:
        """Run each suite; never raises for a failure of the plugin."""
        suites = {
            "metadata_scraper": self._metadata,
            "scanner_hook": self._scans,
            "database": self._database,
            "admin_page": self._pages,
            "api_registration": self._routes,
            "search": self._search,
        }
        return [self._one(plugin, service.capability, form, suites[service.name]) for service in self.claimed]

    def all_of(self, form: str, status: Status, detail: str) -> list[Outcome]:
        """The same outcome for every suite, where the plugin does not run in this form."""
        return [Outcome(service.capability, form, status, 0.0, detail) for service in self.claimed]

    def _one(
        self, plugin: ServiceClients, suite: str, form: str, check: Callable[[ServiceClients], str | None]
    ) -> Outcome:
        began = time.monotonic()
        status: Status = "passed"
        try:
            detail = check(plugin)
            if detail is None:
                status, detail = "skipped", "its database is PostgreSQL alone"
        except (AssertionError, PluginError) as error:
            # pytest adds lines of its own to the message where it has rewritten the suites
            status, detail = (
                "failed",
                error.message if isinstance(error, PluginError) else str(error).partition("\n")[0],
            )
        except Exception as error:  # a suite that meets what it does not expect
            line = own_line([traceback.format_exc()], self._manifest.directory)
            status, detail = "failed", f"{type(error).__name__}: {error}" + (f" at {line}" if line else "")
        return Outcome(suite, form, status, round(time.monotonic() - began, 3), detail)

    def _metadata(self, plugin: ServiceClients) -> str:
        scraper = plugin.metadata_scraper
        assert scraper is not None, "the plugin does not offer metadata scraper"  # noqa: S101 - as a suite says it
        types = scraper.get_supported_types()
        good: dict[Path, Mapping[str, str]] = {}
        wanted, refused = 0, ""
        for sample in self._samples:
            kind = self._types.by_name(sample.name.encode("utf-8", "surrogateescape")) or ""
            if matches(types, kind) if types else scraper.can_handle(str(sample), kind):
                wanted += 1
                try:
                    scraper.extract_metadata(str(sample))
                    good[sample] = {}
                except PluginError as error:
                    refused = refused or f"; refused {sample.name}: {error.message}"
        check_metadata_scraper(scraper, good=good)
        return f"read {len(good)} of {wanted} sample files{refused}"

    def _scans(self, plugin: ServiceClients) -> str:
        check_scanner_hook(plugin.scanner_hook, files=[str(sample) for sample in self._samples])
        return f"took {len(self._samples)} files twice"

    def _database(self, plugin: ServiceClients) -> str | None:
        if "sqlite" not in self._manifest.database_engines:
            return None
        self._databases += 1
        check_database(plugin.database, f"sqlite:///{self._folder / f'check{self._databases}.db'}")
        return "migrated and went back"

    def _pages(self, plugin: ServiceClients) -> str:
        check_admin_page(plugin.admin_page)
        return _answered(plugin)

    def _routes(self, plugin: ServiceClients) -> str:
        check_api_registration(plugin.api_registration)
        return "" if plugin.admin_page is not None else _answered(plugin)  # pages' suite asks for both

    def _search(self, plugin: ServiceClients) -> str:
        check_search(plugin.search)
        assert plugin.search is not None  # noqa: S101 - the suite has passed
        for letter in _LETTERS:
            if plugin.search.search({"q": letter}, 1, 0).results:
                check_search(plugin.search, query={"q": letter})
                return f'has hits for "{letter}"'
        return f"has no hits for any of {', '.join(_LETTERS)}"


def _answered(plugin: ServiceClients) -> str:
    if not plugin.http.available:
        return "nobody answers requests: it has no HttpService"
    check_http(plugin)
    return "answered"


def is_failed(outcomes: Collection[Outcome]) -> bool:
    """Whether any suite failed."""
    return any(outcome.status == "failed" for outcome in outcomes)
