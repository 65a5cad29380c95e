"""A version that is tried out before it is used, and whose files go meanwhile."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from viewra.errors import PluginUnavailable
from viewra.host.installed.data_dir import PACKAGES
from viewra.host.packages.staging import FOLDER
from viewra.host.trying import OpenHost, try_out


def test_files_that_go_meanwhile_are_told(tmp_path: Path) -> None:
    """As when the command that had unpacked them is killed, and the next one deletes what it left."""

    def empty(plugins: Path, data: Path) -> Any:
        return contextlib.nullcontext(SimpleNamespace(plugins={}))

    (tmp_path / "data" / PACKAGES / FOLDER).mkdir(parents=True)
    found = cast("Any", SimpleNamespace(plugin_id="p", directory=tmp_path / "gone"))
    with pytest.raises(PluginUnavailable, match="its files went") as raised:
        try_out(cast("OpenHost", empty), tmp_path / "data", found, {}, ())
    assert raised.value.hint == "install it again"
