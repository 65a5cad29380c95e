"""Contains failures: a plugin's failure becomes a ``Result`` with its error, and does not affect other plugins.

Adapters are pluggy wrappers: each starts its call before it yields and collects the answer after, so that all plugins
behind one hook work at the same time, and their results come in order of registration.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from viewra.adapters._endpoint import Endpoint
from viewra.adapters._futures import Pending, as_plugin_error, in_thread, settle
from viewra.codec.rpc import Rpc
from viewra.errors import NotOffered, PluginError, PluginUnavailable
from viewra.types import Result

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("viewra.adapters")


class ServiceAdapter:
    """One plugin's adapter for the hooks of one service; ``capability`` names the service."""

    capability = ""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def __dir__(self) -> list[str]:
        """What may be a hook. pluggy looks into all that is listed: special names took a third of a host's start."""
        return [name for name in dir(type(self)) if not name.startswith("__")]

    def _begin(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T] | None:
        """Start a call; None if the plugin does not offer the service."""
        if not self._endpoint.offers(self.capability):
            return None
        return self._endpoint.start(rpc, *args, **kwargs)

    def _begin_work(self, work: Callable[[], T]) -> Future[T] | None:
        """Start work that takes several calls, on its own thread."""
        if not self._endpoint.offers(self.capability):
            return None
        return in_thread(self._endpoint.plugin_id, work)

    def _refuse(self, message: str, call: str) -> Future[Any]:
        """The result of a call that fails before it is made."""
        future: Future[Any] = Pending(self._endpoint.plugin_id, call)
        settle(future, error=PluginError(self._endpoint.plugin_id, message, call=call))
        return future

    def _add(self, results: list[Result[T]], pending: Future[T] | None) -> list[Result[T]]:
        """The results of the inner adapters, and this plugin's own after them."""
        if pending is None:
            return results
        own = contained(self._endpoint.plugin_id, pending)
        return results if own is None else [*results, own]


def contained(plugin_id: str, pending: Future[T]) -> Result[T] | None:
    """Wait for an answer and return it as the plugin's ``Result``; None if the plugin does not offer the call."""
    try:
        return Result(plugin_id, pending.result())
    except NotOffered:
        return None
    except Exception as error:  # a bug of ours must not lose the other plugins' answers
        failed: Result[T] = Result(plugin_id, error=as_plugin_error(plugin_id, "", error))
    finally:
        del pending  # the error, which the result keeps, refers to this frame
    # The host has already reported that the plugin does not run.
    log.log(logging.DEBUG if isinstance(failed.error, PluginUnavailable) else logging.WARNING, "%s", failed.error)
    return failed
