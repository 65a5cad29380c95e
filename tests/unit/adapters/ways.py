"""The two ways to make a call."""

from __future__ import annotations

from typing import Any

from viewra.adapters import RemoteEndpoint
from viewra.codec.rpc import Rpc


def by_call(endpoint: RemoteEndpoint, rpc: Rpc[..., Any], *arguments: object) -> object:
    return endpoint.call(rpc, *arguments)


def by_start(endpoint: RemoteEndpoint, rpc: Rpc[..., Any], *arguments: object) -> object:
    return endpoint.start(rpc, *arguments).result(60)
