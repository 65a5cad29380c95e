"""Writes a new plugin from templates: a directory that appears complete, or not at all."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import jinja2

from viewra import __version__
from viewra.authoring.naming import class_name, display_name
from viewra.errors import UsageError, ViewraError
from viewra.services import Service

TEMPLATES = Path(__file__).with_name("templates")
_TYPES = {"metadata_scraper": "metadata_scraper", "scanner_hook": "scanner_hook", "database": "database"}
"""The manifest's ``type`` for a plugin whose first service is this one; ``generic`` for the others."""

_ELSEWHERE = "name another directory: viewra plugins new NAME DIR"

Condition = Callable[[Collection[str]], bool]
"""Whether a plugin with these services (by name) has a file."""


def _always(_services: Collection[str]) -> bool:
    return True


def _stores(services: Collection[str]) -> bool:
    return bool({"scanner_hook", "search", "database"} & set(services))


def _has_tables(services: Collection[str]) -> bool:
    return "database" in services


_PYTHON: Mapping[str, Condition] = {
    ".gitignore": _always,
    "README.md": _always,
    "main.py": _always,
    "migrations/0001_items.py": _has_tables,
    "plugin.cue": _always,
    "pyproject.toml": _always,
    "PACKAGE/__init__.py": _always,
    "PACKAGE/plugin.py": _always,
    "PACKAGE/store.py": _stores,
    "PACKAGE/tables.py": _has_tables,
    "tests/test_ID.py": _always,
}
_GO: Mapping[str, Condition] = {
    ".gitignore": _always,
    "Makefile": _always,
    "README.md": _always,
    "go.mod": _always,
    "go.sum": _always,
    "main.go": _always,
    "plugin.cue": _always,
    "plugin.go": _always,
    "plugin_test.go": _always,
    "process_test.go": _always,
    "store.go": _stores,
    **dict.fromkeys(
        (
            "viewra/go.mod",
            "viewra/go.sum",
            "viewra/pb/plugin.pb.go",
            "viewra/pb/plugin_grpc.pb.go",
            "viewra/viewra.go",
            *(
                f"viewra/viewrahost/{name}.go"
                for name in ("assets", "events", "fetch", "host", "library", "metadata", "notices", "tasks", "values")
            ),
            "viewra/viewrahttp/viewrahttp.go",
            "viewra/viewrapb/viewra.pb.go",
            "viewra/viewrapb/viewra_grpc.pb.go",
        ),
        _always,
    ),
}
LANGUAGES: Mapping[str, Mapping[str, Condition]] = {"python": _PYTHON, "go": _GO}
"""For each language its files. A template has the same name with ``.jinja``; without that it is copied as it is."""


@attrs.frozen
class NewPlugin:
    """A plugin that was written: ``files`` are relative to ``path``, in order."""

    id: str
    path: Path
    language: str
    services: tuple[str, ...]
    files: tuple[str, ...]


def write_plugin(
    plugin_id: str, services: Sequence[Service], directory: Path, *, language: str = "python"
) -> NewPlugin:
    """Write a plugin into ``directory``, which is created, or must be empty.

    Raises UsageError if it is not empty, and ViewraError if the plugin cannot be written.
    """
    directory = directory.absolute()
    _require_empty(directory)
    names = [service.name for service in services]
    values = _values(plugin_id, services, language)
    wanted = [name for name, condition in LANGUAGES[language].items() if condition(names)]
    files = {_target(name, plugin_id): _text(language, name, values) for name in wanted}
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        _put(directory, files)
    except OSError as error:
        raise ViewraError(
            f"the plugin cannot be written to {directory}: {error.strerror}",
            hint=_ELSEWHERE,
        ) from error
    return NewPlugin(
        plugin_id, directory, language, tuple(service.capability for service in services), tuple(sorted(files))
    )


def _require_empty(directory: Path) -> None:
    try:
        if any(directory.iterdir()):
            raise UsageError(f"{directory} exists and is not empty", hint=_ELSEWHERE)
    except FileNotFoundError:
        if directory.is_symlink():
            raise UsageError(f"{directory} is a link that leads nowhere", hint=_ELSEWHERE) from None
    except NotADirectoryError:
        raise UsageError(f"{directory} is not a directory", hint=_ELSEWHERE) from None
    except OSError as error:
        raise ViewraError(f"{directory} cannot be read: {error.strerror}") from error


def _put(directory: Path, files: Mapping[str, str]) -> None:
    """Write the files beside the directory first, so that an interruption leaves no half of a plugin."""
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        for name, text in files.items():
            file = draft / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        draft.chmod(0o777 & ~_umask())
        draft.replace(directory)  # replaces an empty directory
    except BaseException:
        with contextlib.suppress(OSError):
            shutil.rmtree(draft)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _values(plugin_id: str, services: Sequence[Service], language: str) -> dict[str, Any]:
    major, minor = __version__.split(".")[:2]
    names = [service.name for service in services]
    return {
        "id": plugin_id,
        "name": display_name(plugin_id),
        "package": f"{plugin_id}_plugin",
        "class_name": class_name(plugin_id),
        "language": language,
        "type": _TYPES.get(names[0], "generic"),
        "capabilities": [service.capability for service in services],
        "viewra": f">={major}.{minor}",
        "stores": _stores(names),
        **{name: name in names for name in (*_TYPES, "admin_page", "api_registration", "search")},
    }


def _target(name: str, plugin_id: str) -> str:
    return name.replace("PACKAGE", f"{plugin_id}_plugin").replace("ID", plugin_id)


def _text(language: str, name: str, values: Mapping[str, Any]) -> str:
    folder = TEMPLATES / language
    file = folder / f"{name.replace('.gitignore', 'gitignore')}.jinja"
    if not file.exists():
        return (folder / name).read_text(encoding="utf-8")
    return _template(file).render(values)


@functools.cache
def _template(file: Path) -> jinja2.Template:
    environment = jinja2.Environment(  # noqa: S701 - it makes source files, where nothing is HTML
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(file.read_text(encoding="utf-8"))
