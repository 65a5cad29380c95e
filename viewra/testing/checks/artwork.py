"""The check suite of plugins that find pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from viewra.adapters.artwork import ArtworkClient
from viewra.errors import PluginFault


class WithArtwork(Protocol):
    """A plugin with the service that the check asks."""

    @property
    def artwork(self) -> ArtworkClient:
        """Its pictures of files."""
        ...


def check_artwork(plugin: WithArtwork, *, file: Path | None = None) -> None:
    """Check that it finds a picture in ``file``, if one is given, and refuses a file that is not there."""
    if file is not None:
        found = plugin.artwork.find_pictures(str(file))
        assert found, f"it finds no picture in {file}"
        assert found == plugin.artwork.find_pictures(str(file)), "asked again, it finds others"
    try:
        found = plugin.artwork.find_pictures("/nowhere/␀ no such file")
    except PluginFault:
        return
    assert not found, "it finds pictures in a file that is not there"
