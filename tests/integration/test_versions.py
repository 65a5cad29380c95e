"""Hosts and plugins that speak several versions of viewra's protocol agree on the highest one that both have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from viewra import Host

pytestmark = pytest.mark.process

CODE = """
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, serve
    class P(Plugin):
        def __init__(self, version): self.version = version
        def search(self, query, limit, offset): return SearchResponse()
        def get_search_capabilities(self): return SearchCapabilities([f"plugin speaks {{self.version}}"])
    serve(versions={{version: P(version) for version in {versions}}})
"""


@pytest.mark.parametrize(
    ("host_versions", "plugin_versions", "agreed"),
    [((1, 2), [1, 2], 2), ((1, 2), [1], 1), ((1,), [1, 2], 1), ((2,), [2, 3], 2)],
)
def test_agreement(
    make_plugin: Callable[..., Path],
    tmp_path: Path,
    host_versions: tuple[int, ...],
    plugin_versions: list[int],
    agreed: int,
) -> None:
    directory = make_plugin("p", CODE.format(versions=plugin_versions), capabilities=("search_service",))
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", versions=host_versions) as host:
        host.plugins["p"].enable()
        (result,) = host.hook.get_search_capabilities()
        assert result.unwrap().supported_fields == (f"plugin speaks {agreed}",)


def test_no_common_version_is_one_error(make_plugin: Callable[..., Path], tmp_path: Path) -> None:
    directory = make_plugin("p", CODE.format(versions=[3]), capabilities=("search_service",))
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", versions=(1, 2)) as host:
        host.plugins["p"].enable()
        (result,) = host.hook.get_search_capabilities()
        assert "it speaks protocol version 3, this host speaks 1, 2" in str(result.error)
