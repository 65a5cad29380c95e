"""Reads catalogs of plugins, each in a folder or at an address, and fetches packages from them.

``PLACE#KEY`` is a catalog whose file is signed by the minisign key KEY. A package is accepted only with the size, the
SHA-256 and the signature that the catalog says. Nothing but the packages and the catalog is asked for, so all of it
works offline with a folder.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import attrs

from viewra.digests import file_digest
from viewra.errors import NotFound, UsageError, ViewraError
from viewra.host.installed.folders import MANIFEST_NAME
from viewra.host.installed.versions import Origin
from viewra.host.packages import index, signatures, web
from viewra.host.packages.arriving import Told, untold
from viewra.host.packages.index import Entry, Index, Release
from viewra.host.packages.names import BadPackage
from viewra.host.packages.new_file import new_file
from viewra.host.packages.plain_files import open_plain
from viewra.host.packages.sources import LARGEST, unpack
from viewra.host.packages.staging import Fetch, plugin_in
from viewra.manifest import load


@attrs.frozen
class Catalog:
    """One catalog: ``place`` is a folder or an address, ``key`` the public key that must have signed it, or ""."""

    place: str
    key: str = ""

    @classmethod
    def of(cls, text: str) -> Catalog:
        """The catalog that an operator names; raises ViewraError for a key that is none."""
        place, _, key = text.partition("#")
        place = place.removesuffix(f"/{index.NAME}")
        if "://" not in place:
            place = str(Path(place).expanduser().absolute())
        return cls(place, signatures.public_key(key) if key else "")

    def read(self) -> Index:
        """Its content; raises ViewraError if it cannot be had, is invalid, or is not signed as it must be."""
        with tempfile.TemporaryDirectory(prefix="viewra-catalog-") as name:
            file = Path(name) / index.NAME
            self._get(index.NAME, file, index.LARGEST)
            if self.key:
                signature = Path(name) / f"{index.NAME}{signatures.SUFFIX}"
                self._get(signature.name, signature, 1 << 16)
                signatures.verify(file, signature.read_text("utf-8", "replace"), self.key)
            return index.parse(file.read_bytes(), self.place)

    def fetch(self, entry: Entry, release: Release, folder: Path, told: Told = untold) -> Origin:
        """Put a version's files into ``folder / "files"``; raises BadPackage if they are not what the catalog says."""
        archive = folder / release.file
        self._get(release.file, archive, min(LARGEST, release.size), lambda done, _total: told(done, release.size))
        if archive.stat().st_size != release.size or file_digest(archive) != release.sha256:
            raise BadPackage(
                f"{release.file} differs from what the catalog {self.place} says of it", hint="build the catalog again"
            )
        if release.signer:
            signatures.verify(archive, release.signature, release.signer)
        files = folder / "files"
        files.mkdir()
        unpack(archive, files)
        _require_same(files, entry, release)
        return Origin("catalog", entry.id, self.place, release.version, release.signer)

    def _get(self, name: str, target: Path, largest: int, told: Told = untold) -> None:
        if "://" in self.place:
            web.download(f"{self.place.rstrip('/')}/{name}", target, largest, told)
            return
        source = Path(self.place) / name
        try:
            with open_plain(source) as stream, new_file(target) as write:
                left = largest + 1
                while left > 0 and (block := stream.read(min(left, 1 << 18))):
                    write(block)
                    left -= len(block)
                    told(largest + 1 - left, None)
        except OSError as error:
            raise ViewraError(
                f"{source}: {error.strerror}",
                hint="viewra catalog build DIR makes a catalog of the packages in a folder",
            ) from error
        if left <= 0:
            raise ViewraError(f"{source} has more than {largest:,} bytes")


def read_all(catalogs: Sequence[str]) -> list[tuple[Catalog, Entry]]:
    """Every plugin of these catalogs, the first ones first."""
    found = [Catalog.of(text) for text in catalogs]
    return [(catalog, entry) for catalog in found for entry in catalog.read().plugins]


def search(catalogs: Sequence[str], words: Sequence[str]) -> list[tuple[Catalog, Entry]]:
    """The plugins in whose id, name, description, author or tags each of the words occurs."""
    wanted = [word.casefold() for word in words]
    return [(catalog, entry) for catalog, entry in read_all(catalogs) if _has(entry, wanted)]


def named(catalogs: Sequence[str], text: str) -> Fetch:
    """Fetches ``NAME`` or ``NAME==VERSION``.

    Raises NotFound if no catalog has a plugin NAME, UsageError if none has that version, or one for this viewra.
    """
    name, _, version = text.partition("==")
    if not catalogs:
        raise UsageError(
            f"there is no folder or file {name}, and no catalog to look it up in", hint="--catalog DIR|URL"
        )
    found = [(catalog, entry) for catalog, entry in read_all(catalogs) if entry.id == name]
    if not found:
        beside = f"the folder or file here is ./{name}" if Path(name).exists() else "viewra plugins search"
        raise NotFound(f"no catalog has a plugin {name!r}", hint=beside)
    for catalog, entry in found:
        if version:
            release = next((one for one in entry.versions if one.version == version), None)
        else:
            release = entry.newest(importlib.metadata.version("viewra"))
        if release is not None:
            return partial(catalog.fetch, entry, release)
    known = ", ".join(
        f"{one.version} (for viewra {one.requires})" if one.requires else one.version
        for _, entry in found
        for one in entry.versions
    )
    raise UsageError(f"no catalog has {text} for this viewra", hint=f"there are: {known[:500]}")


def _has(entry: Entry, words: Sequence[str]) -> bool:
    text = " ".join((entry.id, entry.name, entry.description, entry.author, *entry.tags)).casefold()
    return all(word in text for word in words)


def _require_same(files: Path, entry: Entry, release: Release) -> None:
    """Refuse a package that has another plugin or version than the catalog says."""
    found = load(plugin_in(files, "") / MANIFEST_NAME)
    if (found.id, found.version) != (entry.id, release.version):
        raise BadPackage(f"{release.file} does not contain {entry.id} {release.version}, as its catalog says")
