"""A small web application that asks viewra's library from asynchronous code, as plain ASGI.

    viewra scan examples
    uvicorn --app-dir examples/asgi_app app:app
    curl 'http://127.0.0.1:8000/albums?query=year:<1900&limit=3'
    curl 'http://127.0.0.1:8000/search?query=clara'

``host.library`` and ``host.search`` wait for the database, so each call runs in a thread, where it holds up no other
request. It only reads: a scan may run beside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import anyio
import anyio.to_thread
import attrs

from viewra import Host
from viewra.errors import UsageError, ViewraError
from viewra.library import display

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")

DEADLINE_S = 30
host = Host(data_dir=os.environ.get("VIEWRA_DATA_DIR"), exclusive=False)


async def in_thread(function: Callable[..., T], **arguments: object) -> T:
    """Call a function that waits; raises TimeoutError when it takes too long."""
    with anyio.fail_after(DEADLINE_S):
        # The thread of a call that nobody waits for any more ends by itself.
        return await anyio.to_thread.run_sync(partial(function, **arguments), abandon_on_cancel=True)


async def albums(query: str = "", after: str | None = None, limit: str = "50") -> object:
    """One page of albums, and the cursor of the next."""
    page = await in_thread(host.library.albums, query=query, after=after, limit=int(limit))
    return {"albums": [attrs.asdict(album) for album in page.items], "next": page.next}


async def search(query: str = "") -> object:
    """The best hits."""
    page = await in_thread(host.search, query=query, plugins=False)
    hits = [{"title": hit.title, "artist": hit.artist, "path": display(hit.path)} for hit in page.results]
    return {"total": page.total, "hits": hits, "did_you_mean": page.did_you_mean}


PAGES: dict[str, Callable[..., Awaitable[object]]] = {"/albums": albums, "/search": search}


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """What the server calls."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http":
        status, answer = await respond(scope)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer, ensure_ascii=False).encode()})


async def lifespan(receive: Receive, send: Send) -> None:
    """Open the host before the first request, and close it after the last."""
    await receive()
    try:
        await in_thread(host.open)
    except (ViewraError, TimeoutError) as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await in_thread(host.close)
    await send({"type": "lifespan.shutdown.complete"})


async def respond(scope: dict[str, Any]) -> tuple[int, object]:
    """Return the status and the content of an answer."""
    page = PAGES.get(scope["path"])
    if page is None:
        return 404, {"error": "there is no such page", "pages": sorted(PAGES)}
    try:
        return 200, await page(**dict(parse_qsl(scope["query_string"].decode("ascii", "replace"))))
    except UsageError as error:
        return 400, {"error": error.message, "hint": error.hint}
    except (TypeError, ValueError) as error:
        return 400, {"error": str(error)}
    except ViewraError as error:
        return 503, {"error": error.message, "hint": error.hint}
    except TimeoutError:
        return 504, {"error": f"no answer within {DEADLINE_S} seconds"}
