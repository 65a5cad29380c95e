"""``viewra.v1.ResizingService``: smaller pictures."""

from __future__ import annotations

from viewra.codec import checks
from viewra.codec.rpc import InvalidValue, Reports, Rpc, procedure
from viewra.pb import viewra_pb2 as v1
from viewra.services import EXTENSIONS
from viewra.types import Resized

SERVICE = EXTENSIONS["resizing"].capability
MAX_SIDE = 16_384
TYPES = ("image/jpeg", "image/png", "image/webp")
"""What a smaller picture may be."""


def _request(data: bytes, size: int) -> v1.ResizePictureRequest:
    return v1.ResizePictureRequest(data=data, size=checks.whole(size, "size", least=1, most=MAX_SIDE))


def _message(resized: Resized) -> v1.ResizePictureResponse:
    return v1.ResizePictureResponse(
        data=resized.data, media_type=resized.media_type, width=resized.width, height=resized.height
    )


def _resized(message: v1.ResizePictureResponse) -> Resized:
    return Resized(message.data, message.media_type, message.width, message.height)


def _check(value: object) -> Resized:
    resized = checks.instance(value, "result", Resized)
    data: object = resized.data  # the annotation binds no author
    if not isinstance(data, bytes) or not data:
        raise InvalidValue("result.data", "must be bytes, and not empty")
    if resized.media_type not in TYPES:
        raise InvalidValue("result.media_type", f"must be one of {', '.join(TYPES)}")
    for name in ("width", "height"):
        checks.whole(getattr(resized, name), f"result.{name}", least=1, most=MAX_SIDE)
    return resized


RESIZE_PICTURE: Rpc[[bytes, int], Resized] = procedure(
    service=SERVICE,
    method="resize_picture",
    path="/viewra.v1.ResizingService/ResizePicture",
    request=v1.ResizePictureRequest,
    response=v1.ResizePictureResponse,
    encode_args=_request,
    decode_args=lambda message: (message.data, message.size),
    encode_value=_message,
    decode_value=_resized,
    check=_check,
    reports=Reports.ERROR,
    refuses=True,
    idempotent=True,
)
