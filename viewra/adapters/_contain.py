"""Containment: a plugin's failure becomes a ``Result`` with its error, and never reaches the other plugins or the hook.

Adapters are pluggy wrappers: each starts its call before it yields and collects the answer after, so that all plugins
behind one hook work at the same time, and their results come in order of registration.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, ParamSpec, TypeVar

from viewra.adapters._endpoint import Endpoint
from viewra.adapters._futures import in_thread, under_way
from viewra.codec.rpc import Rpc
from viewra.errors import NotOffered, PluginError, PluginFault, PluginTimeout, PluginUnavailable
from viewra.types import Result

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_WAIT_S = 600.0
"""Backstop for collecting an answer: calls have deadlines of their own, which end long before."""

log = logging.getLogger("viewra.adapters")


class ServiceAdapter:
    """One plugin's adapter for the hooks of one service; ``capability`` names the service."""

    capability = ""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def _begin(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T] | None:
        """Start a call; None when the plugin does not offer the service."""
        if not self._endpoint.offers(self.capability):
            return None
        return self._endpoint.start(rpc, *args, **kwargs)

    def _begin_work(self, work: Callable[[], T]) -> Future[T] | None:
        """Start something that takes several calls, on a thread of its own."""
        if not self._endpoint.offers(self.capability):
            return None
        return in_thread(self._endpoint.plugin_id, work)

    def _refuse(self, message: str, call: str) -> Future[Any]:
        """A call that fails before it is made."""
        future: Future[Any] = under_way()
        future.set_exception(PluginError(self._endpoint.plugin_id, message, call=call))
        return future

    def _add(self, results: list[Result[T]], pending: Future[T] | None) -> list[Result[T]]:
        """The results of the adapters within, and this plugin's own behind them."""
        if pending is None:
            return results
        own = contained(self._endpoint.plugin_id, pending)
        return results if own is None else [*results, own]


def contained(plugin_id: str, pending: Future[T]) -> Result[T] | None:
    """Wait for an answer and stamp it with its plugin; None when the plugin turned out not to offer the call."""
    try:
        return Result(plugin_id, pending.result(LONGEST_WAIT_S))
    except NotOffered:
        return None
    except PluginError as error:
        failure = error
    except FutureTimeout:
        failure = PluginTimeout(plugin_id, f"did not answer within {LONGEST_WAIT_S:g} s")
    except Exception as error:  # a bug of ours must not take the other plugins' answers along
        log.exception("a call to plugin %s failed within the host", plugin_id)
        failure = PluginFault(plugin_id, f"the host failed to call it: {error!r}")
    # One that does not run has been told of by the host, once.
    log.log(logging.DEBUG if isinstance(failure, PluginUnavailable) else logging.WARNING, "%s", failure)
    return Result(plugin_id, error=failure)
