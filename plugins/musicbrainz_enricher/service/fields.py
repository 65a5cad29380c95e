"""Makes metadata of a recording: fields with the names and forms of docs/vocabulary.md.

What belongs to one release is said only where it is certain which release the file is of. viewra makes albums by their
artist and by the id of a release, and an album of which not all files were found would fall apart: so the id
(``musicbrainz_albumid``) is never said, and the artist only of a file whose tags name no album.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from .answers import MOST_RELEASES, Recording, Release
from .evidence import Evidence
from .scoring import same

_POSITION = re.compile(r"[1-9]\d{0,4}|([A-Z])\1?([1-9]\d?)?", re.ASCII)


@attrs.frozen
class Chosen:
    """The release that a file is of, or (``release`` None) only one of a group, whose id is "" if not even that."""

    release: Release | None = None
    group: Release | None = None

    @property
    def covers_of(self) -> str:
        """Of what covers are: ``release/ID`` or ``release-group/ID``; "" where it is not known."""
        if self.release is not None:
            return f"release/{self.release.id}"
        return f"release-group/{self.group.group_id}" if self.group is not None and self.group.group_id else ""


def choose(file: Evidence, recording: Recording) -> Chosen:
    """The release of a file: the one that its tags name, else the only one with its album's title.

    It is not the only one where the answer may not tell of all, nor that which the tags name where it is another.
    """
    named = [one for one in recording.releases if one.id in file.release_ids]
    if len(named) == 1:
        return Chosen(named[0], named[0])
    found = [one for one in recording.releases if same(one.title, file.album)] if file.album else recording.releases
    tells_all = len(recording.releases) < MOST_RELEASES
    if len(found) == 1 and tells_all and not file.release_ids:
        return Chosen(found[0], found[0])
    groups = {one.group_id for one in found}
    is_certain = len(groups) == 1 and groups != {""} and (tells_all or bool(file.album))
    return Chosen(None, found[0]) if is_certain else Chosen()


def of(file: Evidence, recording: Recording, chosen: Chosen) -> dict[str, str | list[str]]:
    """The metadata of a file that is this recording, on this release."""
    said: dict[str, str | Sequence[str]] = {
        "title": recording.title,
        "artist": recording.credit,
        "artists": [one.credited for one in recording.artists],
        "artistsort": [one.sort_name for one in recording.artists],
        "musicbrainz_recordingid": recording.id,
        "musicbrainz_artistid": [one.id for one in recording.artists],
        "isrc": recording.isrcs,
        "genre": recording.genres,
        "work": [title for _, title in recording.works],
        "musicbrainz_workid": [work_id for work_id, _ in recording.works],
        **_of_group(recording, chosen.group),
        **_of_release(file, chosen.release),
    }
    return {name: _value(value) for name, value in said.items() if value}


def _of_group(recording: Recording, group: Release | None) -> dict[str, str | Sequence[str]]:
    first = (group.group_date if group is not None else "") or recording.date
    said: dict[str, str | Sequence[str]] = {"originaldate": first, "originalyear": first[:4]}
    if group is not None:
        said |= {"album": group.title, "releasetype": group.types, "musicbrainz_releasegroupid": group.group_id}
    return said


def _of_release(file: Evidence, release: Release | None) -> dict[str, str | Sequence[str]]:
    if release is None:
        return {}
    place = release.place
    return {
        "albumartist": "" if file.album else release.credit,
        "date": release.date,
        "releasecountry": release.country,
        "releasestatus": release.status,
        "barcode": release.barcode,
        "media": place.form,
        "tracknumber": place.track if _POSITION.fullmatch(place.track) else "",
        "totaltracks": _number(place.tracks),
        "discnumber": _number(place.disc),
    }


def _number(value: int) -> str:
    return str(value) if value else ""


def _value(value: str | Sequence[str]) -> str | list[str]:
    if isinstance(value, str):
        return value
    several = list(dict.fromkeys(value))
    return several[0] if len(several) == 1 else several
