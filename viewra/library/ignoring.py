"""The rules that leave files out of a library: names, hidden files, ``.viewraignore`` and the like, the operator's.

Patterns follow gitignore(5). The last matching pattern counts; patterns of a folder come after those of the folders
above it, and the operator's come last. Everything in a folder that is left out is left out, too.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from viewra.library.paths import below, display_bytes, join

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILES = (b".ignore", b".ndignore", b".plexignore", b".viewraignore")
"""Files with patterns; the last one overrides the others. Other media servers' files are read as gitignore's, too."""

MARKERS = frozenset({b".nomedia"})
"""Files that leave out their folder, whatever they contain."""

MARKERS_WHEN_EMPTY = frozenset({b".ignore", b".ndignore"})
"""Files that leave out their folder if they are empty, as in Jellyfin and Navidrome."""

ALL_MARKS = frozenset(IGNORE_FILES) | MARKERS

LARGEST_BYTES = 1024 * 1024
"""The maximum size of a file with patterns."""

_SYSTEM_FOLDERS = frozenset(
    b"#recycle|#snapshot|@eaDir|@Recently-Snapshot|@Recycle|@tmp|Network Trash Folder|Temporary Items|lost+found".split(
        b"|"
    )
)
_SYSTEM_FOLDERS_IN_ANY_CASE = frozenset(
    b"$recycle.bin|.@__thumb|.appledouble|.documentrevisions-v100|.fseventsd|.git|.hg|.recycle|.snapshot|"
    b".spotlight-v100|.stfolder|.stversions|.svn|.temporaryitems|.trash|.trashes|.zfs|system volume information".split(
        b"|"
    )
)
_TRASH_OF_USER = b".trash-"


@attrs.frozen
class LeftOut:
    """Why a path is left out: ``path`` is the file or folder to which the rule applies, or one above it.

    ``pattern`` is in line ``line`` of ``file``; both are None if the operator set the pattern, all three if there is
    none.
    """

    path: bytes
    reason: str
    file: bytes | None = None
    line: int | None = None
    pattern: str | None = None


class BadIgnoreFile(Exception):
    """A file with invalid patterns; the text says why."""

    def __init__(self, path: bytes, problem: str) -> None:
        super().__init__(problem)
        self.path = path
        self.problem = problem


@attrs.frozen
class _Patterns:
    """The patterns of one file, or the operator's (``file`` None), which apply to everything in ``folder``."""

    folder: bytes
    file: bytes | None
    lines: Sequence[str]
    spec: GitIgnoreSpec

    def decide(self, path: bytes, *, is_folder: bool) -> LeftOut | bool | None:
        """Why the path is left out; False: a pattern with ``!`` includes it; None: no pattern matches."""
        name = os.fsdecode(below(path, self.folder)) + ("/" if is_folder else "")
        verdict = self.spec.check_file(name)
        if verdict.include is None or verdict.index is None:
            return None
        if not verdict.include:
            return False
        pattern = self.lines[verdict.index].strip()
        if self.file is None:
            return LeftOut(path, "the library excludes it", pattern=pattern)
        return LeftOut(path, "a pattern in a file matches it", self.file, verdict.index + 1, pattern)


@attrs.frozen
class Rules:
    """The rules in one folder and below it, before those of the folders below."""

    hidden: bool = False
    operator: _Patterns | None = None
    files: tuple[_Patterns, ...] = ()

    def why(self, path: bytes, name: bytes, *, is_folder: bool) -> LeftOut | None:
        """Why ``path``, called ``name``, is left out; None if it is not."""
        if is_folder and _is_of_system(name):
            return LeftOut(path, "folders of this name belong to the system, or contain deleted files")
        if name[:1] == b"." and not self.hidden:
            return LeftOut(path, "it is hidden")
        return self._by_pattern(path, is_folder=is_folder) if self.has_patterns else None

    def told(self) -> tuple[object, ...]:
        """All that decides, for a comparison with the rules of an earlier scan."""
        said = [(one.folder, one.file, tuple(one.lines)) for one in (*self._strongest_first(),)]
        return self.hidden, said

    @property
    def has_patterns(self) -> bool:
        """Whether there are any patterns."""
        return self.operator is not None or bool(self.files)

    def _by_pattern(self, path: bytes, *, is_folder: bool) -> LeftOut | None:
        for patterns in self._strongest_first():
            verdict = patterns.decide(path, is_folder=is_folder)
            if verdict is not None:
                return verdict if isinstance(verdict, LeftOut) else None
        return None

    def _strongest_first(self) -> Iterator[_Patterns]:
        if self.operator is not None:
            yield self.operator
        yield from reversed(self.files)

    def enter(self, folder: bytes, marks: Collection[bytes]) -> Rules | LeftOut:
        """The rules in a folder, or why all of it is left out; ``marks`` are its names that ``ALL_MARKS`` contains.

        Raises BadIgnoreFile.
        """
        if not marks:
            return self
        for name in sorted(MARKERS.intersection(marks)):
            return LeftOut(folder, "a file in its folder excludes the folder", join(folder, name))
        found = []
        for name in IGNORE_FILES:
            if name not in marks:
                continue
            file = join(folder, name)
            text = _read(file)
            if text is None:
                continue
            if not text.strip():
                if name in MARKERS_WHEN_EMPTY:
                    return LeftOut(folder, "a file in its folder excludes the folder", file)
                continue
            found.append(_parse(folder, file, text.replace("\r\n", "\n").split("\n")))
        return attrs.evolve(self, files=(*self.files, *found)) if found else self


def rules_of(root: bytes, *, hidden: bool, exclude: Sequence[str]) -> Rules:
    """The rules at a library's root, before its folders are read. Raises BadIgnoreFile for a bad pattern."""
    return Rules(hidden, _parse(root, None, exclude) if exclude else None)


def marks_in(folder: bytes) -> list[bytes]:
    """The names in a folder that are pattern files or markers. Raises OSError."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.name in ALL_MARKS]


def check_pattern(pattern: str) -> str | None:
    """The fault of one of the operator's patterns; None if it is valid."""
    if "\n" in pattern or "\0" in pattern or not pattern.strip() or pattern.lstrip().startswith("#"):
        return "it must contain exactly one pattern"
    from pathspec import GitIgnoreSpec  # light start: most libraries have no patterns
    from pathspec.patterns.gitignore import GitIgnorePatternError

    try:
        GitIgnoreSpec.from_lines([pattern], backend="simple")
    except GitIgnorePatternError:
        return "it is not a valid gitignore pattern"
    return None


def _is_of_system(name: bytes) -> bool:
    if name in _SYSTEM_FOLDERS:
        return True
    lower = name.lower()
    return lower in _SYSTEM_FOLDERS_IN_ANY_CASE or lower.startswith(_TRASH_OF_USER)


def _parse(folder: bytes, file: bytes | None, lines: Sequence[str]) -> _Patterns:
    from pathspec import GitIgnoreSpec  # light start, as above
    from pathspec.patterns.gitignore import GitIgnorePatternError

    # The simple backend: others that may be installed reject text with bytes that are not UTF-8.
    try:
        return _Patterns(folder, file, lines, GitIgnoreSpec.from_lines(lines, backend="simple"))
    except GitIgnorePatternError:
        number, line = next((n, one) for n, one in enumerate(lines, 1) if check_pattern(one) and not _is_comment(one))
        problem = f"line {number}: {line!r} is not a valid gitignore pattern"
        raise BadIgnoreFile(file or folder, problem) from None


def _is_comment(line: str) -> bool:
    return not line.strip() or line.startswith("#")


def _read(path: bytes) -> str | None:
    """The text of a pattern file; None if it is not a regular file. Raises BadIgnoreFile."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # never hangs on a fifo
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            data = os.read(descriptor, LARGEST_BYTES + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadIgnoreFile(path, error.strerror or str(error)) from error
    if len(data) > LARGEST_BYTES:
        raise BadIgnoreFile(path, f"has more than {LARGEST_BYTES:,} bytes of patterns")
    return os.fsdecode(data.removeprefix(b"\xef\xbb\xbf"))


def shown(why: LeftOut) -> str:
    """The reason as one line for people."""
    if why.file is not None and why.line is not None:
        return f"{display_bytes(why.file)}, line {why.line}: {why.pattern}"
    if why.file is not None:
        return f"{display_bytes(why.file)} excludes its whole folder"
    if why.pattern is not None:
        return f"{why.reason}: {why.pattern}"
    return why.reason
