"""Finds the lines of an author's own code in tracebacks of Python and of Go."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterable
from pathlib import Path

import attrs

_PYTHON = re.compile(r'^ *File "(?P<file>[^"\n]+)", line (?P<line>\d+)', re.MULTILINE)
_GO = re.compile(r"(?:^|\s)(?P<file>[^\s:]+\.go):(?P<line>\d+)(?::\d+)?(?=[\s:]|$)", re.MULTILINE)
_NOT_OWN = frozenset({".venv", "site-packages"})


@attrs.frozen
class OwnLine:
    """A line of the plugin's code: ``file`` is relative to its directory, ``text`` the line without its indentation."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f": {self.text}" if self.text else "")


def own_line(texts: Iterable[str], directory: Path) -> OwnLine | None:
    """The innermost line of the code in ``directory`` that the first traceback among ``texts`` with one names."""
    root = directory.resolve()
    for text in texts:
        # Python names the innermost line last; Go first.
        found = [*reversed([*_PYTHON.finditer(text)]), *_GO.finditer(text)]
        for match in found:
            if (own := _own(match["file"], int(match["line"]), root)) is not None:
                return own
    return None


def _own(name: str, line: int, root: Path) -> OwnLine | None:
    """The line, if the file is of this directory; Go names a file by its package where paths are trimmed."""
    try:
        path = Path(name) if Path(name).is_absolute() else root / Path(name).name
        file = path.resolve()
        if not file.is_file() or not file.is_relative_to(root):
            return None
    except (OSError, ValueError, RuntimeError):  # the text is the plugin's own
        return None
    relative = file.relative_to(root)
    if _NOT_OWN & set(relative.parts):
        return None
    linecache.checkcache(str(file))  # it may have been changed since
    return OwnLine(str(relative), line, linecache.getline(str(file), line).strip())
