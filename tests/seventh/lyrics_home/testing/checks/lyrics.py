"""The check suite of lyrics."""

from lyrics_home.services.lyrics import LyricsService


def check_lyrics(service: LyricsService | None, *, title: str) -> None:
    assert service is not None, "the plugin does not offer lyrics"
    assert service.lyrics(title), "no words"
