"""The format of a catalog: one JSON file, ``index.json``, that lists plugins with their versions, beside the packages.

``{"format": 1, "plugins": [{"id", "name", …, "versions": [{"version", "file", "sha256", "size", …}]}]}``. The file of a
version is in the same folder. Further keys are ignored, so that later versions of viewra can add some.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import cattrs
from semver import Version

from viewra.errors import ViewraError
from viewra.manifest.requirements import satisfies

FORMAT = 1
NAME = "index.json"
LARGEST = 64 << 20
_ID = re.compile(r"[a-z][a-z0-9_]*")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*[.](zip|whl)")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@attrs.frozen
class Asked:
    """A permission that a version requests, as in its manifest."""

    resource: str
    actions: tuple[str, ...] = ()
    reason: str = ""
    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


@attrs.frozen
class Release:
    """One version of a plugin: its ``file`` with its SHA-256 and its size in bytes, and what its manifest says.

    ``requires`` is the range of versions of viewra, ``signer`` the public key of ``signature``; "" for none.
    """

    version: str
    file: str
    sha256: str
    size: int
    requires: str = ""
    permissions: tuple[Asked, ...] = ()
    services: tuple[str, ...] = ()
    signer: str = ""
    signature: str = ""

    @property
    def order(self) -> Version:
        """What versions are compared by."""
        return Version.parse(self.version)


@attrs.frozen
class Entry:
    """One plugin in a catalog."""

    id: str
    name: str
    versions: tuple[Release, ...]
    description: str = ""
    author: str = ""
    website: str = ""
    license: str = ""
    tags: tuple[str, ...] = ()

    def newest(self, viewra: str) -> Release | None:
        """The highest version that runs with this viewra; one that is not a release only if there is no other."""
        fitting = [one for one in self.versions if not one.requires or satisfies(viewra, one.requires)]
        return max(fitting, key=lambda one: (not one.order.prerelease, one.order), default=None)


@attrs.frozen
class Index:
    """All plugins of a catalog."""

    format: int
    plugins: tuple[Entry, ...]


def parse(text: bytes, place: str) -> Index:
    """The catalog in a JSON text; raises ViewraError that names the catalog and what is wrong."""
    try:
        data = json.loads(text)
        found = data.get("format") if isinstance(data, dict) else None
        if found != FORMAT:
            raise ViewraError(f"the catalog {place} has the format {found!r}, and this viewra reads {FORMAT}")
        index = _CONVERTER.structure(data, Index)
    except (ValueError, RecursionError) as error:
        raise ViewraError(f"the catalog {place} is no JSON: {error}") from error
    except cattrs.BaseValidationError as error:
        problems = "; ".join(cattrs.transform_error(error, path="catalog")[:3])
        raise ViewraError(f"the catalog {place} is invalid: {problems}") from error
    for entry in index.plugins:
        _require_valid(entry, place)
    return index


def as_text(plugins: Sequence[Entry]) -> str:
    """The JSON text of a catalog."""
    return json.dumps(cattrs.unstructure(Index(FORMAT, tuple(plugins))), indent=1, ensure_ascii=False) + "\n"


def write_entry_file(folder: Path, plugins: Sequence[Entry]) -> Path:
    """Write the catalog's file and return its path."""
    from viewra.host.installed.durable import write_whole

    path = folder / NAME
    write_whole(path, as_text(plugins))
    return path


def _require_valid(entry: Entry, place: str) -> None:
    for release in entry.versions:
        good = (
            _ID.fullmatch(entry.id)
            and Version.is_valid(release.version)
            and _FILE.fullmatch(release.file)
            and _SHA256.fullmatch(release.sha256)
            and release.size >= 0
            and bool(release.signer) == bool(release.signature)
        )
        if not good:
            raise ViewraError(f"the catalog {place} is invalid: version {release.version!r} of {entry.id!r}")


def _exactly(value: Any, kind: type) -> Any:
    """A value that already has this type: cattrs would turn anything into text."""
    if type(value) is not kind:
        raise ValueError(f"expected {kind.__name__}")
    return value


_CONVERTER = cattrs.Converter()
for _kind in (str, int):
    _CONVERTER.register_structure_hook(_kind, _exactly)
