"""Reads the body of a request that is read as a whole: within limits of size and time."""

from __future__ import annotations

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

BODY_S = 30.0
"""Seconds in which a body must arrive."""


async def whole(receive: Receive, largest: int, what: str = "a request") -> bytes:
    """The body. ``what`` names the request in what is said about it.

    Raises HTTPException 413 for more than ``largest`` bytes and 408 for one that is late, and ClientDisconnect.
    """
    message = await beginning(receive, largest + 1, what)
    if len(message["body"]) > largest:
        raise HTTPException(413, f"{what} has at most {largest} bytes")
    body: bytes = message["body"]
    return body


async def beginning(receive: Receive, least: int, what: str = "a request") -> Message:
    """A message with at least ``least`` bytes of a body, or all of it. Raises as ``whole``."""
    body, more = bytearray(), True
    try:
        with anyio.fail_after(BODY_S):
            while more and len(body) < least:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                more = message.get("more_body", False)
    except TimeoutError as error:
        closing = {"Connection": "close"}  # else the rest of the body would be waited for
        raise HTTPException(408, f"{what} must arrive within {BODY_S:g} s", closing) from error
    return {"type": "http.request", "body": bytes(body), "more_body": more}
