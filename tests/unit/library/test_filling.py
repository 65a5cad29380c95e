"""Values of listings, filled without the initializers of their classes: the same as those that were made by them."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from viewra.library.listing import albums, files
from viewra.library.listing.filling import filled
from viewra.types import Album, Artist, FileEntry, Genre, Series, Year

KINDS = (Album, Artist, FileEntry, Genre, Series, Year)


@pytest.mark.parametrize("kind", KINDS)
def test_a_filled_value_is_like_any_other(kind: type[Any]) -> None:
    values = [f"value {number}" for number in range(len(attrs.fields(kind)))]
    (made,) = filled(kind, [(*values, "the place of the row")])
    assert type(made) is kind
    assert made == kind(*values)
    assert hash(made) == hash(kind(*values))
    assert attrs.astuple(made) == tuple(values)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.id = 1


def test_files_and_albums_are_filled_by_hand_in_the_order_of_their_fields() -> None:
    names: list[Any] = [field.name for field in attrs.fields(FileEntry)]
    before, behind = names[: names.index("path")], names[names.index("path") + 1 :]
    (entry,) = files.entries([(*before, b"/music", b"\xff.mp3", *behind, "the place of the row")])
    values: list[Any] = [*before, "/music/\udcff.mp3", *behind]
    assert entry == FileEntry(*values)
    (at_the_root,) = files.entries([(*before, b"/", b"a.mp3", *behind)])
    assert at_the_root.path == "/a.mp3"
    texts: list[Any] = [field.name for field in attrs.fields(Album)]
    (album,) = albums.made([(*texts, "the place of the row")])
    assert album == Album(*texts)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        album.id = 1  # type: ignore[misc]
