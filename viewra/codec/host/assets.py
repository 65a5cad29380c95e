"""``self.host.assets``: files that the host keeps for a plugin, by the hash of their content."""

from __future__ import annotations

import json
from typing import Any

import attrs

from viewra.codec import checks
from viewra.codec.host.method import Answered, HostMethod, optional
from viewra.codec.rpc import InvalidValue
from viewra.types import MAX_ID, Asset, AssetLink, Page

WRITE = "library:write"
CHUNK_BYTES = 1024 * 1024
"""Of one part of a file on its way."""
TARGETS = ("media_file_id", "album_id", "artist_id")
_MAX_URL = 2000
MAX_ROWS = 1000
MAX_METADATA_BYTES = 16 * 1024
"""Of what a plugin says of a link, as JSON."""


def _id(value: object, field: str) -> str:
    asset_id = checks.text(value, field)
    if len(asset_id) != 64:
        raise InvalidValue(field, "is no id of an asset, which has 64 hexadecimal digits")
    return asset_id


def _short(value: object, field: str) -> str:
    text = checks.text(value or "", field)
    if len(text) > _MAX_URL or "\0" in text:
        raise InvalidValue(field, f"must be text of at most {_MAX_URL:,} characters, without NUL")
    return text


def _metadata(value: object, field: str) -> dict[str, str]:
    found = checks.text_map(value or {}, field)
    if len(json.dumps(found)) > MAX_METADATA_BYTES:
        raise InvalidValue(field, f"has more than {MAX_METADATA_BYTES:,} bytes as JSON")
    return found


def _kept(value: object, field: str) -> bool:
    return value is not None and checks.boolean(value, field)


def _row_id(value: object, field: str) -> int:
    return checks.whole(value, field, least=1, most=MAX_ID)


def _limit(value: object, field: str) -> int:
    return 100 if value is None else checks.whole(value, field, least=1, most=MAX_ROWS)


def _number(value: object, field: str) -> int:
    return checks.whole(value, field, least=0, most=2**53)


def _encode(asset: Asset | None) -> Answered:
    return None if asset is None else attrs.asdict(asset), b""


def _decode(value: Any, data: bytes) -> Asset | None:
    del data
    return None if value is None else Asset(**value)


def _encode_page(page: Page[Asset]) -> Answered:
    return {"items": [attrs.asdict(one) for one in page.items], "next": page.next}, b""


def _decode_page(value: Any, data: bytes) -> Page[Asset]:
    del data
    return Page(tuple(Asset(**one) for one in value["items"]), value["next"])


def _encode_links(links: list[AssetLink]) -> Answered:
    return [attrs.asdict(one) for one in links], b""


def _decode_links(value: Any, data: bytes) -> tuple[AssetLink, ...]:
    del data
    return tuple(AssetLink(**{**one, "asset": Asset(**one["asset"])}) for one in value)


_ABOUT = {"media_type": optional(_short), "kept": _kept}
_TARGET = {name: optional(_row_id) for name in TARGETS}

PUT: HostMethod[Any] = HostMethod("assets.put", _ABOUT, takes_data=True, encode=_encode, decode=_decode)
BEGIN: HostMethod[Any] = HostMethod("assets.begin")
ADD: HostMethod[Any] = HostMethod("assets.add", {"upload": _number}, takes_data=True)
FINISH: HostMethod[Any] = HostMethod("assets.finish", {"upload": _number, **_ABOUT}, encode=_encode, decode=_decode)
DROP: HostMethod[Any] = HostMethod("assets.drop", {"upload": _number})
GET: HostMethod[Any] = HostMethod("assets.get", {"asset_id": _id, "kept": _kept}, encode=_encode, decode=_decode)
READ: HostMethod[Any] = HostMethod(
    "assets.read",
    {"asset_id": _id, "offset": _number},
    encode=lambda data: (None, data),
    decode=lambda _value, data: data,
)
LIST: HostMethod[Any] = HostMethod(
    "assets.list", {"after": optional(checks.text), "limit": _limit}, encode=_encode_page, decode=_decode_page
)
DELETE: HostMethod[Any] = HostMethod("assets.delete", {"asset_id": _id})
LINK: HostMethod[Any] = HostMethod(
    "assets.link",
    {"asset_id": _id, "kind": checks.required, "source_url": _short, "metadata": _metadata, **_TARGET},
    permission=WRITE,
)
UNLINK: HostMethod[Any] = HostMethod(
    "assets.unlink", {"asset_id": _id, "kind": optional(checks.required), **_TARGET}, permission=WRITE
)
LINKS: HostMethod[Any] = HostMethod("assets.links", _TARGET, encode=_encode_links, decode=_decode_links)
ALL_LINKS: HostMethod[Any] = HostMethod(
    "assets.all_links", _TARGET, encode=_encode_links, decode=_decode_links, permission="library:read"
)

ALL = (PUT, BEGIN, ADD, FINISH, DROP, GET, READ, LIST, DELETE, LINK, UNLINK, LINKS, ALL_LINKS)
