"""Translates calls without an answer into a ``PluginError``; the only place that does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from viewra.codec import fault
from viewra.codec.limits import Limits
from viewra.codec.streams import AnyRpc
from viewra.errors import NotOffered, PluginError, PluginFault, PluginTimeout
from viewra.text import clean, cut
from viewra.transport.calls import CallFailed, Failure, Trailer

log = logging.getLogger("viewra.adapters")


class Party(Protocol):
    """The plugin that was called."""

    @property
    def plugin_id(self) -> str:
        """The plugin."""
        ...

    @property
    def limits(self) -> Limits:
        """How much one answer may be."""
        ...


def too_late(plugin_id: str, method: str, deadline_s: float) -> PluginTimeout:
    """The error for a call that timed out."""
    return PluginTimeout(plugin_id, f"did not answer within {deadline_s:g} s", call=method)


def translate(
    party: Party, rpc: AnyRpc, error: CallFailed, deadline_s: float, loss: Callable[[str], PluginError]
) -> PluginError:
    """The error for a call without an answer within its deadline; ``loss`` says of a method why a call of it broke."""
    match error.failure:
        case Failure.MISSING:
            return NotOffered(party.plugin_id, "not offered", call=rpc.method)
        case Failure.LATE:
            return too_late(party.plugin_id, rpc.method, deadline_s)
        case Failure.LOST:
            return loss(rpc.method)
        case Failure.TOO_LARGE:
            return faulty(party, rpc, f"sent too much: {error.text}")
        case Failure.REPORTED:
            return faulty(party, rpc, error.text, error.trailer)


def faulty(party: Party, rpc: AnyRpc, message: str, trailer: Trailer | None = None) -> PluginFault:
    """The error for a call that the plugin answered with an error, or with an invalid answer.

    ``trailer`` has the details. Texts are cut to the host's limit for reasons.
    """
    most = party.limits.reason_bytes
    said = cut(message, most)
    story = fault.decode(trailer(fault.KEY)) if trailer is not None else None
    if story is None:
        return PluginFault(party.plugin_id, said, call=rpc.method)
    because = f" (because: {clean('; '.join(story.causes), most)})" if story.causes else ""
    log.debug("plugin %s, %s: call %s failed; its log says more", party.plugin_id, rpc.method, story.call_id)
    return PluginFault(
        party.plugin_id,
        said + because,
        call=rpc.method,
        kind=story.kind,
        causes=story.causes,
        call_id=story.call_id,
        reason=said,
    )
