"""The host's side of ``plugin.PluginService``; its mirror image is viewra/sdk/servicers/lifecycle.py.

The supervisor runs the lifecycle; only the two queries that are open to all are hooks.
"""

from __future__ import annotations

from collections.abc import Generator

from viewra.adapters._contain import ServiceAdapter
from viewra.codec import lifecycle as codec
from viewra.hookspecs import hookimpl
from viewra.types import Health, PluginInfo, Result


class LifecycleAdapter(ServiceAdapter):
    """One plugin behind ``plugin_info`` and ``plugin_health``; neither starts it."""

    capability = codec.SERVICE

    @hookimpl(wrapper=True)
    def plugin_info(self) -> Generator[None, list[Result[PluginInfo]], list[Result[PluginInfo]]]:
        """Ask a running plugin for its info."""
        pending = self._begin(codec.INFO) if self._endpoint.running else None
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def plugin_health(self) -> Generator[None, list[Result[Health]], list[Result[Health]]]:
        """Ask a running plugin for its health."""
        pending = self._begin(codec.HEALTH) if self._endpoint.running else None
        return self._add((yield), pending)
