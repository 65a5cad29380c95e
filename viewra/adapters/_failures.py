"""Translates calls without an answer into a ``PluginError``; the only place that does."""

from __future__ import annotations

import logging
from typing import Any

from viewra.adapters._connection import Connection
from viewra.adapters._endpoint import Link
from viewra.codec import fault
from viewra.codec.rpc import Rpc
from viewra.errors import NotOffered, PluginError, PluginFault, PluginTimeout
from viewra.text import clean, cut
from viewra.transport.calls import CallFailed, Failure, Trailer

log = logging.getLogger("viewra.adapters")


def too_late(plugin_id: str, method: str, deadline_s: float) -> PluginTimeout:
    """The error for a call that timed out."""
    return PluginTimeout(plugin_id, f"did not answer within {deadline_s:g} s", call=method)


def translate(link: Link, connection: Connection, rpc: Rpc[..., Any], error: CallFailed) -> PluginError:
    """The error for a call without an answer on this connection."""
    match error.failure:
        case Failure.MISSING:
            return NotOffered(link.plugin_id, "not offered", call=rpc.method)
        case Failure.LATE:
            return too_late(link.plugin_id, rpc.method, link.deadline_s(rpc.method))
        case Failure.LOST:
            return link.loss(connection, rpc.method)
        case Failure.TOO_LARGE:
            return faulty(link, rpc, f"sent too much: {error.text}")
        case Failure.REPORTED:
            return faulty(link, rpc, error.text, error.trailer)


def faulty(link: Link, rpc: Rpc[..., Any], message: str, trailer: Trailer | None = None) -> PluginFault:
    """The error for a call that the plugin answered with an error, or with an invalid answer.

    ``trailer`` has the details. Texts are cut to the host's limit for reasons.
    """
    most = link.limits.reason_bytes
    said = cut(message, most)
    story = fault.decode(trailer(fault.KEY)) if trailer is not None else None
    if story is None:
        return PluginFault(link.plugin_id, said, call=rpc.method)
    because = f" (because: {clean('; '.join(story.causes), most)})" if story.causes else ""
    log.debug("plugin %s, %s: call %s failed; its log says more", link.plugin_id, rpc.method, story.call_id)
    return PluginFault(
        link.plugin_id,
        said + because,
        call=rpc.method,
        kind=story.kind,
        causes=story.causes,
        call_id=story.call_id,
    )
