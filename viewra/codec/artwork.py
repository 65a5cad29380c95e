"""``viewra.v1.ArtworkService``: the pictures of a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from viewra.codec import checks
from viewra.codec.rpc import InvalidValue, Reports, Rpc, procedure
from viewra.pb import viewra_pb2 as v1
from viewra.services import EXTENSIONS
from viewra.types import FoundPicture

SERVICE = EXTENSIONS["artwork"].capability
_ID = re.compile(r"[0-9a-f]{64}")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")


def _message(pictures: Iterable[FoundPicture]) -> v1.FindPicturesResponse:
    found = [v1.FoundPicture(kind=one.kind, asset_id=one.asset_id) for one in pictures]
    return v1.FindPicturesResponse(pictures=found)


def _pictures(message: v1.FindPicturesResponse) -> tuple[FoundPicture, ...]:
    return tuple(FoundPicture(one.kind, one.asset_id) for one in checks.within(message.pictures, "pictures"))


def _check_one(value: object, field: str) -> FoundPicture:
    picture = checks.instance(value, field, FoundPicture)
    if not _KIND.fullmatch(checks.text(picture.kind, f"{field}.kind")):
        raise InvalidValue(f"{field}.kind", "must be a kind of picture, such as front")
    if not _ID.fullmatch(checks.text(picture.asset_id, f"{field}.asset_id")):
        raise InvalidValue(f"{field}.asset_id", "must be the id of an asset")
    return picture


def _check(value: object) -> tuple[FoundPicture, ...]:
    return checks.items(value, "pictures", _check_one)


FIND_PICTURES: Rpc[[str], tuple[FoundPicture, ...]] = procedure(
    service=SERVICE,
    method="find_pictures",
    path="/viewra.v1.ArtworkService/FindPictures",
    request=v1.FindPicturesRequest,
    response=v1.FindPicturesResponse,
    encode_args=lambda file_path: v1.FindPicturesRequest(path=os.fsencode(file_path)),
    decode_args=lambda message: (os.fsdecode(message.path),),
    encode_value=_message,
    decode_value=_pictures,
    check=_check,
    reports=Reports.ERROR,
    refuses=True,
    idempotent=True,
)
