"""The plugin's side of the lyrics."""

from lyrics_home.codec import lyrics as codec
from lyrics_home.services.lyrics import LyricsService

from viewra.sdk.servicers import Handler, handle


def handlers(service: LyricsService) -> list[Handler]:
    found = [handle(codec.LYRICS_OF, service.lyrics)]
    translate = getattr(service, "translate", None)
    if translate is not None:
        found.append(handle(codec.TRANSLATE, translate))
    return found
