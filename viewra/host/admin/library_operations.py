"""Operations on a host's library: what ``viewra library`` does."""

from __future__ import annotations

import attrs

from viewra import library
from viewra.durations import duration_text, parse_duration
from viewra.errors import NotFound, UsageError
from viewra.host.admin.operation import operation
from viewra.host.scanning import Scanning
from viewra.library import Ignored, KnownFailure
from viewra.types import (
    Library,
    MissingFile,
    Page,
)


@attrs.frozen
class LibraryRules:
    """A library's settings, as people write them; ``missing_keep`` as in 30d, ``schedule`` as in every 6h, or ""."""

    missing_keep: str
    follow_links: str
    hidden: bool
    exclude: tuple[str, ...]
    watch: bool
    schedule: str


@attrs.frozen
class Purged:
    """How many files were forgotten."""

    purged: int


@attrs.frozen
class Order:
    """Whose value counts where plugins differ: the first plugin's for ``field``, "*" for all fields."""

    field: str
    plugins: tuple[str, ...]


# ---- libraries ----


@operation(changes=False)
def library_list(host: Scanning) -> list[Library]:
    """The libraries, by path."""
    return host.library.libraries()


@operation(changes=False)
def library_get(host: Scanning, library_id: int) -> Library:
    """One library."""
    for one in host.library.libraries():
        if one.id == library_id:
            return one
    raise NotFound(f"there is no library {library_id}", hint="see them with: viewra library list")


@operation(changes=True)
def library_add(host: Scanning, path: str) -> Library:
    """Make a folder a library, without scanning it."""
    return host.library.add(path)


@operation(changes=True)
def library_remove(host: Scanning, library_id: int) -> Library:
    """Forget a library with its files and their metadata; nothing on the disk is touched."""
    return host.library.remove(library_get(host, library_id).path)


@operation(changes=True)
def library_move(host: Scanning, library_id: int, path: str) -> Library:
    """Follow a library whose folder has moved to this path, so that its files keep their ids."""
    return host.library.move(library_get(host, library_id).path, path)


@operation(changes=False)
def library_rules(host: Scanning, library_id: int) -> LibraryRules:
    """A library's settings."""
    return _rules(host, library_get(host, library_id).path)


@operation(changes=True)
def library_set_rules(
    host: Scanning,
    library_id: int,
    missing_keep: str | None = None,
    follow_links: str | None = None,
    hidden: bool | None = None,
    exclude: list[str] | None = None,
    include: list[str] | None = None,
    watch: bool | None = None,
    schedule: str | None = None,
) -> LibraryRules:
    """Change a library's settings: ``exclude`` adds patterns, ``include`` removes them; no schedule is ""."""
    path = library_get(host, library_id).path
    given = {"missing_keep": missing_keep, "follow_links": follow_links, "schedule": schedule}
    values = {key: value for key, value in given.items() if value is not None}
    flags = {"hidden": hidden, "watch": watch}
    values |= {key: "yes" if value else "no" for key, value in flags.items() if value is not None}
    library.change_settings(host.engine, path, values, exclude=exclude or (), include=include or ())
    return _rules(host, path)


@operation(changes=False)
def library_missing(
    host: Scanning, path: str | None = None, after: str | None = None, limit: int = 100
) -> Page[MissingFile]:
    """Files that scans no longer find, by folder and name; with ``path`` only those there and below."""
    return host.library.missing(path, after=after, limit=limit)


@operation(changes=False)
def library_failures(
    host: Scanning,
    path: str | None = None,
    plugin_id: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[KnownFailure]:
    """Files that plugins or the system could not read, by folder and name."""
    return host.library.failures(path, plugin_id=plugin_id, installed=set(host.plugins), after=after, limit=limit)


@operation(changes=True)
def library_purge(
    host: Scanning, path: str | None = None, missing_for: str | None = None, gone: bool = False
) -> Purged:
    """Forget missing files with their metadata: all, or those missing for a time such as 30d.

    With ``gone``: all files below ``path`` that are not on the disk now.
    """
    if gone and (path is None or missing_for is not None):
        raise UsageError("gone needs a path and no missing_for", hint="name the folder whose files are gone")
    if gone and path is not None:
        return Purged(library.purge_gone(host.engine, path))
    seconds = parse_duration(missing_for) if missing_for is not None else 0
    return Purged(library.purge_missing(host.engine, path, missing_for_s=seconds))


@operation(changes=False)
def library_ignored(host: Scanning, path: str) -> Ignored:
    """Whether a library leaves a path out, and by which rule."""
    return library.why_ignored(host.engine, path, host.media_types())


@operation(changes=False)
def library_orders(host: Scanning) -> list[Order]:
    """Whose values count where plugins differ."""
    return [Order(field, tuple(order)) for field, order in library.list_priorities(host.engine).items()]


@operation(changes=True)
def library_set_order(host: Scanning, field: str, plugins: list[str]) -> list[Order]:
    """Set whose value counts for a field ("*": all fields) where plugins differ; without plugins, remove the order."""
    for plugin_id in plugins:
        if plugin_id not in host.plugins and not library.has_read(host.engine, plugin_id):
            raise UsageError(f"no plugin {plugin_id!r}", hint="see them with: viewra plugins list")
    library.set_priority(host.engine, field, plugins)
    return library_orders(host)


def _rules(host: Scanning, path: str) -> LibraryRules:
    kept = host.library.settings(path)
    keep, links = duration_text(kept.missing_keep_s), str(kept.follow_links)
    return LibraryRules(keep, links, kept.hidden, tuple(kept.exclude), kept.watch, kept.schedule)
