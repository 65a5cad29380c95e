"""Host services: what a plugin may ask of its host, checked by its grants at one door.

``Bridge`` is a host's, ``HostedPlugin`` a plugin's; an ``Attachment`` carries one process's requests to its door.
"""

from __future__ import annotations

from viewra.bridge.attachment import Attachment
from viewra.bridge.bridge import Bridge, forget, has_stored
from viewra.bridge.events import Publisher
from viewra.bridge.fetch.options import Fetching
from viewra.bridge.fetcher import Fetcher
from viewra.bridge.hosted import HostedPlugin
from viewra.bridge.rights import Rights
from viewra.bridge.tasks import Executor, NoExecutor

__all__ = [
    "Attachment",
    "Bridge",
    "Executor",
    "Fetcher",
    "Fetching",
    "HostedPlugin",
    "NoExecutor",
    "Publisher",
    "Rights",
    "forget",
    "has_stored",
]
