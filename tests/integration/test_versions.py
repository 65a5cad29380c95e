"""Hosts and plugins that speak several versions of the services agree on the highest one that both have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from viewra import Host
from viewra.adapters import ADAPTERS, ServiceAdapter
from viewra.adapters.search import SearchAdapter
from viewra.hookspecs import hookimpl
from viewra.types import Result

pytestmark = pytest.mark.process

CODE = """
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, serve
    class P(Plugin):
        def __init__(self, version): self.version = version
        def search(self, query, limit, offset): return SearchResponse()
        def get_search_capabilities(self): return SearchCapabilities([f"plugin speaks {{self.version}}"])
    serve(versions={{version: P(version) for version in {versions}}})
"""


class NewerSearch(SearchAdapter):
    """What version 2 of the search's adapter might be: it marks what passes through it."""

    @hookimpl(wrapper=True)
    def get_search_capabilities(self):
        inner = SearchAdapter.get_search_capabilities(self)
        next(inner)
        before = yield
        try:
            inner.send([])
        except StopIteration as end:
            own = [Result(r.plugin_id, r.value and attrs.evolve(r.value, max_results=2), r.error) for r in end.value]
        return [*before, *own]


NEWER: tuple[type[ServiceAdapter], ...] = tuple(NewerSearch if one is SearchAdapter else one for one in ADAPTERS)


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
    adapters = {1: ADAPTERS, 2: NEWER}
    versions = {version: adapters[version] for version in host_versions}
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", versions=versions) as host:
        host.plugins["p"].enable()
        (result,) = host.hook.get_search_capabilities()
        assert result.unwrap().supported_fields == (f"plugin speaks {agreed}",)
        assert result.unwrap().max_results == (2 if agreed == 2 else 0), "the adapter of that version answered"


def test_no_common_version_is_one_error(make_plugin: Callable[..., Path], tmp_path: Path) -> None:
    directory = make_plugin("p", CODE.format(versions=[3]), capabilities=("search_service",))
    versions = {1: ADAPTERS, 2: NEWER}
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", versions=versions) as host:
        host.plugins["p"].enable()
        (result,) = host.hook.get_search_capabilities()
        assert "it speaks protocol version 3, this host speaks 1, 2" in str(result.error)
