"""Builds a catalog: packs plugins, signs packages, and writes the file that lists them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from semver import Version

from viewra.digests import file_digest
from viewra.errors import UsageError, ViewraError
from viewra.host.packages import index, signatures
from viewra.host.packages.index import Asked, Entry, Release
from viewra.host.packages.sources import unpack
from viewra.host.packages.staging import checked, plugin_in
from viewra.host.packages.zipping import zip_folder
from viewra.manifest import Manifest

if TYPE_CHECKING:
    from minisign import SecretKey


def pack(plugin: Path, folder: Path) -> Path:
    """Pack a plugin's folder into ``ID-VERSION.zip`` in another folder; raises ViewraError.

    Hidden files and caches are left out. A package of that version with other content is not replaced.
    """
    manifest = checked(plugin)
    if folder.resolve().is_relative_to(plugin.resolve()):
        raise UsageError(
            f"the catalog {folder} is in the plugin's folder, and would be packed into it",
            hint="name a folder elsewhere, such as ../catalog",
        )
    target = folder / f"{manifest.id}-{manifest.version}.zip"
    with tempfile.TemporaryDirectory(prefix=".pack-", dir=folder) as name:  # in one step it is there whole
        draft = Path(name) / "package.zip"
        zip_folder(plugin, draft)
        if target.exists() and file_digest(target) != file_digest(draft):
            raise UsageError(
                f"{target} exists with other content", hint="give the plugin another version, or remove the package"
            )
        draft.replace(target)
    return target


def build(folder: Path, key: SecretKey | None = None) -> list[Entry]:
    """Write the catalog of the packages (``*.zip``, ``*.whl``) in a folder, and return what it lists.

    Each package is unpacked and checked as at an installation. With ``key`` the packages without a signature and the
    catalog are signed; signatures that are there (``FILE.minisig``, with the public key in ``FILE.minisig.pub``, or of
    this key) are verified and listed. Raises ViewraError that names the package.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="name the plugins to pack into it, too")
    found: dict[str, list[tuple[Manifest, Release]]] = {}
    for archive in sorted(one for one in folder.iterdir() if one.suffix in {".zip", ".whl"} and one.is_file()):
        manifest, release = _release(archive, key)
        found.setdefault(manifest.id, []).append((manifest, release))
    entries = [_entry(versions) for _, versions in sorted(found.items())]
    file = index.write_entry_file(folder, entries)
    if key is not None:
        signatures.sign(file, key)
    return entries


def _release(archive: Path, key: SecretKey | None) -> tuple[Manifest, Release]:
    with tempfile.TemporaryDirectory(prefix="viewra-catalog-") as name:
        files = Path(name) / "files"
        files.mkdir()
        try:
            unpack(archive, files)
            manifest = checked(plugin_in(files, ""))
        except ViewraError as error:
            raise type(error)(f"{archive.name}: {error.message}", hint=error.hint) from error
    signer, signature = _signed(archive, key)
    return manifest, Release(
        manifest.version,
        archive.name,
        file_digest(archive),
        archive.stat().st_size,
        manifest.requires.get("viewra", ""),
        tuple(Asked(p.resource, p.actions, p.reason, p.paths, p.hosts, p.ports, p.names) for p in manifest.permissions),
        tuple(sorted(manifest.capabilities)),
        signer,
        signature,
    )


def _signed(archive: Path, key: SecretKey | None) -> tuple[str, str]:
    """The signer of a package, and its signature."""
    kept = archive.with_name(archive.name + signatures.SUFFIX)
    others = kept.with_name(kept.name + ".pub")
    ours = signatures.short(key) if key is not None else ""
    if kept.exists():
        signer = signatures.public_key(others.read_text("utf-8")) if others.exists() else ours
        if not signer:
            raise UsageError(
                f"{kept} is there, and nobody says by which key",
                hint=f"put the public key into {others}, or if it is yours, name your secret key: --key FILE",
            )
        signature = kept.read_text("utf-8")
        signatures.verify(archive, signature, signer)
        return signer, signature
    return (ours, signatures.sign(archive, key)) if key is not None else ("", "")


def _entry(versions: Sequence[tuple[Manifest, Release]]) -> Entry:
    ordered = sorted(versions, key=lambda one: Version.parse(one[1].version), reverse=True)
    names = [release.version for _, release in ordered]
    if len(set(names)) != len(names):
        files = ", ".join(release.file for _, release in ordered)
        raise UsageError(f"two packages have the same version of {ordered[0][0].id}: {files}", hint="remove one")
    newest = ordered[0][0]
    return Entry(
        newest.id,
        newest.name,
        tuple(release for _, release in ordered),
        newest.description,
        newest.author,
        newest.website,
        newest.license,
        newest.tags,
    )
