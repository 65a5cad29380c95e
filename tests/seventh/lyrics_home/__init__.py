"""A service that viewra does not have: all of it is in this package, and viewra is told of it by its description."""

from viewra.services import SERVICES, Service, Services

LYRICS = Service(
    "lyrics",
    "LyricsService",
    "lyrics",
    capability="lyrics_service",
    wire="seventh.LyricsService",
    home="lyrics_home",
)
WITH_LYRICS = SERVICES + Services(LYRICS)
