"""The host's side of the lyrics, and their hook."""

from collections.abc import Generator

from lyrics_home.codec import lyrics as codec

from viewra.adapters import Endpoint, ServiceAdapter
from viewra.hookspecs import hookimpl, hookspec
from viewra.types import Result


@hookspec
def lyrics(title: str) -> list[Result[str]]:
    """Ask each plugin for the words of a song."""


class LyricsClient:
    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def lyrics(self, title: str) -> str:
        return self._endpoint.call(codec.LYRICS_OF, title)

    def translate(self, title: str) -> str | None:
        """In English; None for a plugin that cannot."""
        return self._endpoint.call(codec.TRANSLATE, title) if self._endpoint.serves(codec.TRANSLATE) else None


class LyricsAdapter(ServiceAdapter):
    capability = codec.SERVICE

    @hookimpl(wrapper=True)
    def lyrics(self, title: str) -> Generator[None, list[Result[str]], list[Result[str]]]:
        pending = self._begin(codec.LYRICS_OF, title)
        return self._add((yield), pending)
