"""Reads the body of a client's request: within limits of size and time, whole or as it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import attrs
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from viewra.codec.http import MAX_BODY_BYTES

SMALL_BYTES = 64 * 1024
"""A body up to this size is sent at once with its request; a larger one as it arrives."""


@attrs.frozen
class Limits:
    """``body_bytes`` of one request; ``idle_s`` seconds within which its next bytes have to arrive."""

    body_bytes: int = 64 * 1024 * 1024
    idle_s: float = 30.0


class Body:
    """A request's body. ``problem`` is what was wrong with it. Raises HTTPException for one that is too large."""

    def __init__(self, request: Request, limits: Limits) -> None:
        self._receive: Receive = request.receive
        self._limits = limits
        self._count = 0
        self.problem: HTTPException | None = None
        stated = request.headers.get("content-length", "")
        self._stated = int(stated) if stated.isascii() and stated.isdecimal() else None
        self._none = self._stated in {None, 0} and "transfer-encoding" not in request.headers
        if self._stated is not None and self._stated > limits.body_bytes:
            raise self._too_large()

    async def small(self) -> bytes | None:
        """The whole body if it is small; else None. Raises ClientDisconnect."""
        if self._none:
            return b""
        if self._stated is None or self._stated > SMALL_BYTES:
            return None
        read, over = bytearray(), False
        while not over:
            piece, over = await self._next()
            read += piece
        return bytes(read)

    async def pieces(self) -> AsyncIterator[tuple[bytes, bool]]:
        """The body as it arrives, and with each piece whether it is the last one."""
        over = False
        while not over:
            message, over = await self._next()
            for at in range(0, max(1, len(message)), MAX_BODY_BYTES):
                piece = message[at : at + MAX_BODY_BYTES]
                yield piece, over and at + len(piece) == len(message)

    async def gone(self) -> None:
        """Wait until the client goes away; to be called after the body."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _next(self) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout(self._limits.idle_s):
                message = await self._receive()
        except TimeoutError:
            self.problem = HTTPException(408, f"the request's body did not go on for {self._limits.idle_s:g} s")
            raise self.problem from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece: bytes = message.get("body", b"")
        self._count += len(piece)
        if self._count > self._limits.body_bytes:
            raise self._too_large()
        return piece, not message.get("more_body", False)

    def _too_large(self) -> HTTPException:
        self.problem = HTTPException(413, f"a request to a plugin has at most {self._limits.body_bytes:,} bytes")
        return self.problem
