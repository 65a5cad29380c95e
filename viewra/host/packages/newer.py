"""Finds newer versions of installed plugins where they came from."""

from __future__ import annotations

import contextlib
import importlib.metadata
from collections.abc import Iterator, Sequence
from pathlib import Path

from semver import Version

from viewra.errors import UsageError
from viewra.host.installed.versions import Record, installed, require_installed
from viewra.host.packages.arriving import Told, untold
from viewra.host.packages.catalogs import Catalog, read_all
from viewra.host.packages.finding import staged_source
from viewra.host.packages.index import Entry, Release
from viewra.host.packages.offered import Outdated
from viewra.host.packages.staging import Staged


@contextlib.contextmanager
def staged_newer(
    catalogs: Sequence[str], data_dir: Path, plugin_id: str, told: Told = untold
) -> Iterator[Staged | None]:
    """Stage the newest version of an installed plugin from where it came from; None if that is the installed one.

    Raises UsageError for a plugin that viewra did not install, or that was uploaded, and what staging raises.
    """
    record = require_installed(data_dir, plugin_id)
    source = _newest(catalogs, plugin_id, record)
    if source is None:
        yield None
        return
    with staged_source(catalogs, data_dir, source, told) as package:
        if package.manifest.id != plugin_id:
            raise UsageError(f"{source} has another plugin now: {package.manifest.id}")
        yield None if package.tree == record.tree else package


def is_newest(data_dir: Path, plugin_id: str) -> str:
    """What is said of a plugin that has no newer version."""
    return f"{plugin_id} {require_installed(data_dir, plugin_id).version} is the newest version"


def outdated(catalogs: Sequence[str], data_dir: Path) -> list[Outdated]:
    """Each plugin from a catalog that has a newer version there."""
    ours = {plugin_id: one for plugin_id, one in installed(data_dir).items() if one.origin.kind == "catalog"}
    entries = read_all(catalogs)
    rows = []
    for plugin_id, record in ours.items():
        found = _newer(entries, plugin_id, record)
        if found is not None:
            rows.append(Outdated(plugin_id, record.version, found[1].version, found[0].place))
    return rows


def _newest(catalogs: Sequence[str], plugin_id: str, record: Record) -> str | None:
    """The source of the newest version, to stage; None if the installed one is the newest. Raises ViewraError.

    A plugin from a catalog is looked up there again, if the operator still uses it; any other comes from where it was.
    """
    if record.origin.kind == "upload":
        raise UsageError(f"{plugin_id} was uploaded, and comes from nowhere else", hint="upload its newer version")
    if record.origin.kind != "catalog":
        return record.origin.place
    if not catalogs:
        raise UsageError(
            f"{plugin_id} came from the catalog {record.origin.catalog}", hint="name it: --catalog DIR|URL"
        )
    found = _newer(read_all(catalogs), plugin_id, record)
    return f"{plugin_id}=={found[1].version}" if found is not None else None


def _newer(entries: Sequence[tuple[Catalog, Entry]], plugin_id: str, record: Record) -> tuple[Catalog, Release] | None:
    """The newest version in the catalog that the plugin came from, or in all if that is not used any more."""
    mine = [one for one in entries if one[1].id == plugin_id]
    same = [one for one in mine if one[0].place == record.origin.catalog]
    viewra = importlib.metadata.version("viewra")
    for catalog, entry in same or mine:
        release = entry.newest(viewra)
        if release is not None and release.order > Version.parse(record.version):
            return catalog, release
    return None
