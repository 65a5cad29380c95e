"""Reads which packages a plugin names: ``requirements.txt`` or ``pyproject.toml`` beside its manifest.

Only names, versions and hashes are taken from a plugin's author. Where packages come from is the operator's choice, so
a line that names an index, an address, another file or a folder is refused.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

import attrs
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from viewra.errors import ManifestError
from viewra.host.environments import sdk_wheel
from viewra.host.environments.environment import PROJECT, TEXT

_LARGEST = 1 << 20
_MOST = 1000
_HASH = re.compile(r"\s--hash[= ](?P<digest>sha256:[0-9a-fA-F]{64})(?=\s|$)")


@attrs.frozen
class Wanted:
    """One requirement: ``line`` of the file, 0 if unknown, and the hashes that the author allows, none for any."""

    requirement: Requirement
    line: int
    hashes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The distribution's normalized name."""
        return canonicalize_name(self.requirement.name)


@attrs.frozen
class Requirements:
    """What a plugin's environment contains besides the SDK: ``file`` names it; ``extras`` are those of the SDK."""

    file: Path
    wanted: tuple[Wanted, ...]
    extras: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The requirements, as a resolver reads them."""
        return tuple(str(one.requirement) for one in self.wanted)


def read_requirements(directory: Path) -> Requirements | None:
    """The packages that the plugin in a directory names; None if it has no such file, and so no environment of its own.

    ``requirements.txt`` comes first; of a ``pyproject.toml`` only ``project.dependencies`` counts. Raises ManifestError
    with the file and the line.
    """
    file = directory / TEXT
    if file.is_file():
        return _sorted_out(file, _of_text(file, _read(file)))
    file = directory / PROJECT
    if not file.is_file():
        return None
    try:
        project = tomllib.loads(_read(file)).get("project")
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"is not TOML: {error}", file=str(file)) from None
    named = project.get("dependencies") if isinstance(project, dict) else None
    if named is None:
        return None
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise ManifestError("expected a list of texts", file=str(file), path="project.dependencies")
    return _sorted_out(file, [_parsed(file, 0, one) for one in named])


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(_LARGEST + 1)
        text = raw.decode()
    except OSError as error:
        raise ManifestError(f"cannot be read: {error.strerror}", file=str(file)) from error
    except UnicodeDecodeError:
        raise ManifestError("not UTF-8", file=str(file)) from None
    if len(raw) > _LARGEST:
        raise ManifestError(f"longer than {_LARGEST:,} bytes", file=str(file))
    return text


def _of_text(file: Path, text: str) -> Iterator[Wanted]:
    for number, line in _lines(text):
        hashes = tuple(found["digest"].lower() for found in _HASH.finditer(line))
        bare = _HASH.sub("", line).strip()
        if bare.startswith("-") or " --" in bare:
            hint = "name packages alone; where they come from is the operator's choice: --find-links, --no-index"
            raise ManifestError(f"options are not used here: {bare[:200]}", **_at(file, number), hint=hint)
        yield _parsed(file, number, bare, hashes)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with its number; a line that ends with a backslash goes on in the next, comments are left out."""
    kept, first = "", 0
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        first = first or number
        kept += re.sub(r"(^|\s)#.*$", "", line)
        if kept.endswith("\\"):
            kept = kept[:-1] + " "
            continue
        if kept.strip():
            yield first, kept.strip()
        kept, first = "", 0
    if kept.strip():
        yield first, kept.strip()


def _parsed(file: Path, line: int, text: str, hashes: tuple[str, ...] = ()) -> Wanted:
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        said = str(error).partition("\n")[0]
        raise ManifestError(
            f"{text[:200]!r} names no package: {said}",
            **_at(file, line),
            hint="such as mutagen>=1.47",
        ) from None
    if requirement.url is not None:  # pip builds what an address gives, whatever it is told about wheels
        raise ManifestError(
            f"{requirement.name} comes from {requirement.url[:200]!r}", **_at(file, line),
            hint="name a version; where packages come from is the operator's choice: --find-links, --no-index",
        )  # fmt: skip
    return Wanted(requirement, line, hashes)


class _Place(TypedDict):
    file: str
    line: int
    column: int


def _at(file: Path, line: int) -> _Place:
    return {"file": str(file), "line": line, "column": min(line, 1)}


def _sorted_out(file: Path, found: Sequence[Wanted] | Iterator[Wanted]) -> Requirements:
    """Leave out the SDK, which every environment has; refuse the host."""
    wanted: list[Wanted] = []
    extras: set[str] = set()
    for one in found:
        if one.name == "viewra":
            raise ManifestError(
                "viewra is the host, which is not in a plugin's environment", **_at(file, one.line),
                hint=f"the SDK is there without being named; to name it: {sdk_wheel.NAME}",
            )  # fmt: skip
        if one.name != sdk_wheel.NAME:
            wanted.append(one)
            if len(wanted) > _MOST:
                raise ManifestError(f"names more than {_MOST:,} packages", **_at(file, one.line))
            continue
        if not one.requirement.specifier.contains(sdk_wheel.version(), prereleases=True):
            raise ManifestError(
                f"needs {one.requirement}, and this is viewra {sdk_wheel.version()}", **_at(file, one.line)
            )
        extras |= one.requirement.extras
    return Requirements(file, tuple(wanted), tuple(sorted(extras)))
