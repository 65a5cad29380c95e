"""Where the Python packages of plugins come from: the operator's choice."""

from __future__ import annotations

import attrs


@attrs.frozen
class Origins:
    """Where packages come from.

    ``find_links`` are folders or pages with wheels. With ``no_index`` nothing else is asked; otherwise the index that
    the tool is configured for is, too. Only wheels are used unless ``build``, since the build script of a source
    distribution is run, outside of any sandbox.
    """

    find_links: tuple[str, ...] = ()
    no_index: bool = False
    build: bool = False

    @property
    def options(self) -> list[str]:
        """The options that uv and pip share."""
        options = [one for folder in self.find_links for one in ("--find-links", folder)]
        return options + ["--no-index"] * self.no_index + ["--only-binary", ":all:"] * (not self.build)
