"""Tells a plugin's own tests, which are another process, of the environment that was built for it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import attrs

from viewra.host.environments.environments import Environments
from viewra.host.environments.origins import Origins

VARIABLE = "VIEWRA_TESTED"


@attrs.frozen
class Tested:
    """The data directory with the environment, and where its packages come from."""

    data_dir: str
    origins: Origins

    @property
    def variables(self) -> dict[str, str]:
        """What the tests' process has in its environment besides."""
        return {VARIABLE: json.dumps(attrs.asdict(self))}

    @staticmethod
    def given() -> Environments | None:
        """The environments of which this process was told; None if it was told of none."""
        text = os.environ.get(VARIABLE)
        if text is None:
            return None
        told = json.loads(text)
        origins = {**told["origins"], "find_links": tuple(told["origins"]["find_links"])}
        return Environments(Path(told["data_dir"]), Origins(**origins))
