"""Stages what an operator names: a path, an address, a Git repository, or a plugin of a catalog."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from viewra.host.packages import catalogs, git, sources
from viewra.host.packages.arriving import Told, untold
from viewra.host.packages.staging import Fetch, Staged, staged


def staged_source(
    used: Sequence[str], data_dir: Path, source: str, told: Told = untold
) -> AbstractContextManager[Staged]:
    """Fetch the package ``source`` and check it; ``used`` are the catalogs. See ``staging.staged``.

    Where catalogs are used, a plain name is theirs: a folder that happens to lie here does not take its place.
    """
    place, inner = sources.split(source)
    elsewhere = git.is_git(place) or place.startswith(("http://", "https://")) or sources.is_file(place)
    fetch: Fetch
    if elsewhere and not (used and sources.is_name(place)):
        fetch = partial(sources.fetch, place, inner=inner)
    else:
        fetch = catalogs.named(used, place)
    return staged(data_dir, fetch, inner, told)
