"""``seventh.LyricsService``, and an optional extension of it; messages of protobuf's own do."""

from google.protobuf.wrappers_pb2 import StringValue
from lyrics_home import LYRICS

from viewra.codec import checks
from viewra.codec.rpc import Rpc, procedure

SERVICE = LYRICS.capability


def _text(text: str) -> StringValue:
    return StringValue(value=text)


def _rpc(method: str, path: str) -> Rpc[[str], str]:
    return procedure(
        service=SERVICE,
        method=method,
        path=path,
        request=StringValue,
        response=StringValue,
        encode_args=_text,
        decode_args=lambda message: (message.value,),
        encode_value=_text,
        decode_value=lambda message: message.value,
        check=lambda value: checks.text(value, method),
        plain=True,
    )


LYRICS_OF = _rpc("lyrics", "/seventh.LyricsService/Lyrics")
TRANSLATE = _rpc("translate", "/seventh.v1.TranslationService/Translate")
