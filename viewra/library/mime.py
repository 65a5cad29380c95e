"""Which files a library is about: MIME types by name, and by content where a name says too little.

The extensions are in ``extensions.py``; plugins' manifests add to them.
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
"""How much of a file's beginning is looked at."""

Declared = Mapping[str, Iterable[str]]
"""MIME type → extensions, each with its dot, as manifests have them."""


class MediaTypes:
    """The MIME types of files: the known ones, and those that plugins ``declared``.

    What the content of a file has to tell stays so, and audio and video files keep their types: a plugin cannot take
    them from others.
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

    def by_name(self, name: bytes) -> str | None:
        """The MIME type that a file name tells; ``""``: only the content can tell; None: of no interest."""
        dot = name.rfind(b".")
        if dot <= 0:  # none, or only the one that hides it
            return ""
        # "._x.mp3" is where macOS keeps a file's attributes on a disk that has none; it is no audio.
        return None if name.startswith(b"._") else self._by_extension.get(name[dot + 1 :].lower())

    def by_content(self, name: bytes, head: bytes | None) -> str:
        """The MIME type of a file whose name does not tell it, ``""`` when nothing tells it.

        ``head`` is its beginning, None when it cannot be read: then it is what files of its name mostly are.
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
    """Whether a type is audio or video: in the library even when no plugin reads it."""
    return mime_type in _ALWAYS or (mime_type.startswith(("audio/", "video/")) and mime_type not in _NEVER)


def _sniffed(head: bytes) -> str:
    """What the beginning of a file without an extension tells."""
    if found := by_content(head[:SNIFFED_BYTES]):
        return found
    import filetype  # type: ignore[import-untyped]  # only needed for the rare file without an extension

    kind = filetype.guess(head[:SNIFFED_BYTES])
    return kind.mime if kind is not None else ""
