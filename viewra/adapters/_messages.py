"""Requests, answers and items of one call as bytes: what cannot be written or read is a ``PluginFault``."""

from __future__ import annotations

from typing import Any, ParamSpec, TypeVar

from viewra.adapters._failures import Party, faulty
from viewra.codec.rpc import InvalidValue, Refusal, Rpc
from viewra.codec.streams import Item, StreamRpc
from viewra.errors import PluginFault
from viewra.text import kind, reason
from viewra.transport.calls import Trailer

P = ParamSpec("P")
T = TypeVar("T")


def request_of(plugin_id: str, rpc: Rpc[P, T], *args: P.args, **kwargs: P.kwargs) -> bytes:
    """The request for these arguments; raises PluginFault for one that the wire cannot carry."""
    try:
        return rpc.arguments(*args, **kwargs)
    except InvalidValue as error:
        raise PluginFault(plugin_id, f"cannot be asked: {error}", call=rpc.method) from error


def item_of(plugin_id: str, rpc: StreamRpc[Item, Any], item: Item) -> bytes:
    """The message for an item of a stream; raises PluginFault for one that the wire cannot carry."""
    try:
        return rpc.item(item)
    except InvalidValue as error:
        raise PluginFault(plugin_id, f"cannot be told: {error}", call=rpc.method) from error


def value_of(party: Party, rpc: Rpc[..., T] | StreamRpc[Any, T], data: bytes, trailer: Trailer | None) -> T:
    """The checked value in an answer; raises PluginFault for a refusal, and for an answer that is not valid."""
    try:
        return rpc.value(data, party.limits)
    except Refusal as error:
        raise faulty(party, rpc, str(error), trailer) from error.with_traceback(None)  # which has the answer
    except InvalidValue as error:
        raise faulty(party, rpc, f"gave an answer that is not valid: {error}") from error
    except Exception as error:  # nesting, sizes and numbers that no parser of ours foresees
        what = f"gave an answer that cannot be read: {kind(error)}: {reason(error)}"
        raise faulty(party, rpc, what) from error
