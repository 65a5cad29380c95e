"""``plugin.AssetService``: the assets of a plugin that speaks Viewra's protocol without ``HostBridge``.

Such a plugin, in Go for example, connects to the address that its context names. The requests enter by the same door
as those of ``self.host.assets``; a link needs the permission ``library:write`` here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from viewra.assets.kinds import kind_of
from viewra.errors import UsageError, ViewraError
from viewra.pb import plugin_pb2 as pb
from viewra.sdk.host.assets import Assets
from viewra.types import MAX_ID, Asset

Request = TypeVar("Request", bound=Message)

_SERVICE = "/plugin.AssetService/"
_REASON = 1000


class AssetCalls:
    """The procedures of one plugin's process.

    ``assets`` are those of the plugin; ``wait`` slows down a flood, by the sizes of what is asked.
    """

    def __init__(self, plugin_id: str, assets: Assets, wait: Callable[[int, int], None]) -> None:
        self._plugin_id = plugin_id
        self._assets = assets
        self._wait = wait

    @property
    def methods(self) -> Mapping[str, Callable[[bytes], bytes]]:
        """The procedures by their gRPC paths. Each raises ValueError for bytes that are no request."""
        return {
            f"{_SERVICE}SaveAsset": lambda data: self._answer(self._save, pb.SaveAssetRequest, data),
            f"{_SERVICE}AssetExists": lambda data: self._answer(self._exists, pb.AssetExistsRequest, data),
            f"{_SERVICE}RemoveAsset": lambda data: self._answer(self._remove, pb.RemoveAssetRequest, data),
        }

    def _answer(self, does: Callable[[Request], Message], kind: type[Request], data: bytes) -> bytes:
        try:
            request = kind.FromString(data)
        except DecodeError as error:
            raise ValueError(f"the request is no {kind.DESCRIPTOR.name}") from error
        self._wait(0, len(data))
        return does(request).SerializeToString()

    def _save(self, request: pb.SaveAssetRequest) -> pb.SaveAssetResponse:
        try:
            if request.plugin_id not in {"", self._plugin_id}:
                raise UsageError(f"plugin {self._plugin_id} cannot save an asset of {request.plugin_id[:100]}")
            target = _file_id(request.media_file_id)
            if request.metadata and not target:
                raise UsageError("metadata is kept with what the asset is for: name a media_file_id")
            asset = self._assets.put(request.data, media_type=request.mime_type or None, kept=not target)
            if target:
                kind = _kind(request.subtype, request.category, request.asset_type)
                said = dict(request.metadata)
                url = request.source_url
                self._assets.link(asset.id, kind, media_file_id=target, source_url=url, metadata=said)
        except ViewraError as error:
            return pb.SaveAssetResponse(error=_reason(error))
        return pb.SaveAssetResponse(success=True, asset_id=asset.number, hash=asset.id, relative_path=_path(asset))

    def _exists(self, request: pb.AssetExistsRequest) -> pb.AssetExistsResponse:
        try:
            asset = self._find(request)
        except ViewraError:
            asset = None
        if asset is None:
            return pb.AssetExistsResponse()
        return pb.AssetExistsResponse(exists=True, asset_id=asset.number, relative_path=_path(asset))

    def _find(self, request: pb.AssetExistsRequest) -> Asset | None:
        if request.hash:
            return self._assets.get(request.hash)
        kind = _kind(request.subtype, request.category, request.asset_type)
        target = _file_id(request.media_file_id)
        links = self._assets.links(media_file_id=target) if target else ()
        return next((one.asset for one in links if one.kind == kind), None)

    def _remove(self, request: pb.RemoveAssetRequest) -> pb.RemoveAssetResponse:
        try:
            found = self._assets.list(after=str(request.asset_id - 1), limit=1).items if request.asset_id else ()
            if not found or found[0].number != request.asset_id or not self._assets.delete(found[0].id):
                return pb.RemoveAssetResponse(error=f"this plugin has no asset {request.asset_id}")
        except ViewraError as error:
            return pb.RemoveAssetResponse(error=_reason(error))
        return pb.RemoveAssetResponse(success=True)


def _file_id(text: str) -> int:
    """The id of a media file, 0 for none."""
    if not text or text == "0":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_ID):
        raise UsageError(f"media_file_id {text[:40]!r} is no id of a file")
    return int(text)


def _kind(*names: str) -> str:
    """The kind that the first of these names stands for."""
    for name in filter(None, names):
        try:
            return kind_of(name)
        except UsageError:
            continue
    return "other"


def _path(asset: Asset) -> str:
    return f"{asset.id[:2]}/{asset.id[2:]}"


def _reason(error: ViewraError) -> str:
    text = f"{error.message} ({error.hint})" if error.hint else error.message
    return text.encode("utf-8", "replace").decode()[:_REASON]
