"""Decides which files are media: MIME types by name, and by content if the name is ambiguous.

The extensions are in ``extensions.py``; plugins' manifests add more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from viewra.library.extensions import AUDIO, BESIDE, DOUBTFUL, VIDEO
from viewra.library.signatures import by_content

_KNOWN = {name.encode(): kind for name, kind in (AUDIO | VIDEO | BESIDE).items()}
_DOUBTFUL = {name.encode(): kinds for name, kinds in DOUBTFUL.items()}
_ALWAYS = frozenset(AUDIO.values()) | frozenset(VIDEO.values())
_NEVER = frozenset(BESIDE.values())

SNIFFED_BYTES = 8192
"""Bytes at a file's beginning that are examined."""

Declared = Mapping[str, Iterable[str]]
"""MIME type → extensions, each with its dot, from manifests."""


class MediaTypes:
    """The MIME types of files: the known ones, and those that plugins ``declared``.

    A plugin can change neither ambiguous extensions nor the types of audio and video files. An extension with several
    dots, such as ``.cue.txt``, counts before its last part.
    """

    def __init__(self, declared: Iterable[Declared] = ()) -> None:
        added: dict[bytes, str] = {}
        for types in declared:
            for kind, extensions in types.items():
                for extension in extensions:
                    added.setdefault(extension.removeprefix(".").lower().encode(), kind)
        fixed = {name: kind for name, kind in _KNOWN.items() if kind in _ALWAYS}
        self._added = added
        self._by_extension = {**_KNOWN, **added, **fixed, **dict.fromkeys(_DOUBTFUL, "")}
        ends = {extension.rpartition(b".")[2] for extension in added if b"." in extension}
        self._ends_of_longer = ends - fixed.keys() - _DOUBTFUL.keys()

    def kinds(self) -> set[str]:
        """The MIME types that names, or the content of files with ambiguous names, can mean."""
        doubtful = {kind for one in _DOUBTFUL.values() for kind in (*one.possible, one.usual)}
        return doubtful | set(self._by_extension.values()) | set(self._added.values())

    def declared(self) -> dict[str, list[str]]:
        """The extensions by MIME type that plugins declared, as far as they count."""
        kinds: dict[str, list[str]] = {}
        for extension, kind in sorted(self._added.items()):
            kinds.setdefault(kind, []).append("." + extension.decode())
        return kinds

    def told(self) -> list[tuple[bytes, str]]:
        """All that decides by name, for a comparison with an earlier scan."""
        return sorted(self._by_extension.items())

    def by_name(self, name: bytes) -> str | None:
        """The MIME type by a file name; ``""``: the content must decide; None: not media."""
        dot = name.rfind(b".")
        if dot <= 0:  # none, or only the dot of a hidden file
            return ""
        # "._x.mp3" holds a file's attributes from macOS on a disk without them; it is not audio.
        if name.startswith(b"._"):
            return None
        extension = name[dot + 1 :].lower()
        if extension in self._ends_of_longer:
            parts = name.removeprefix(b".").lower().split(b".")
            longer = (b".".join(parts[start:]) for start in range(1, len(parts) - 1))
            extension = next((one for one in longer if one in self._added), extension)
        return self._by_extension.get(extension)

    def by_content(self, name: bytes, head: bytes | None) -> str:
        """The MIME type of a file by its content, ``""`` if unknown.

        ``head`` is its beginning, None if it is unreadable: then the usual type of its extension counts.
        """
        dot = name.rfind(b".")
        extension = name[dot + 1 :].lower() if dot > 0 else b""
        doubtful = _DOUBTFUL.get(extension)
        if doubtful is None:
            return _sniffed(head or b"")
        if head is not None:
            found = by_content(head[:SNIFFED_BYTES])
            if found in doubtful.possible:
                return found
        if head is None or not doubtful.needs_proof:
            return doubtful.usual
        return self._added.get(extension, "")


def always_media(mime_type: str) -> bool:
    """Whether a type is audio or video, which is in the library even if no plugin reads it."""
    return mime_type in _ALWAYS or (mime_type.startswith(("audio/", "video/")) and mime_type not in _NEVER)


def _sniffed(head: bytes) -> str:
    """The type by the beginning of a file without an extension."""
    if found := by_content(head[:SNIFFED_BYTES]):
        return found
    import filetype  # type: ignore[import-untyped]  # only needed for the rare file without an extension

    kind = filetype.guess(head[:SNIFFED_BYTES])
    return kind.mime if kind is not None else ""
