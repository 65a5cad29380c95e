"""What pictures show, by the names that assets are linked with."""

from __future__ import annotations

import re

from viewra.errors import UsageError

KINDS = (
    "front",
    "back",
    "disc",
    "booklet",
    "inlay",
    "artist",
    "poster",
    "logo",
    "backdrop",
    "banner",
    "thumbnail",
    "other",
)
"""The kinds that viewra knows; a plugin may have kinds of its own."""

_SAME = {
    "cover": "front",
    "folder": "front",
    "album": "front",
    "album_art": "front",
    "albumart": "front",
    "artwork": "front",
    "fanart": "backdrop",
    "background": "backdrop",
    "thumb": "thumbnail",
    "photo": "artist",
    "cd": "disc",
    "": "other",
}
_FORM = re.compile(r"[a-z][a-z0-9_]{0,31}")


def kind_of(name: str) -> str:
    """The kind with this name, or of which this is another name; raises UsageError for what is no name."""
    kind = name.strip().lower().replace("-", "_").replace(" ", "_")
    kind = _SAME.get(kind, kind)
    if not _FORM.fullmatch(kind):
        raise UsageError(
            f"{name[:100]!r} is no kind of an asset",
            hint=f"use one of {', '.join(KINDS)}, or a name of your own in lower-case letters, digits and _",
        )
    return kind
