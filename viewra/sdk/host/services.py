"""``HostServices``, the object that a plugin has as ``self.host``: a client of each host service, made when used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from viewra.sdk.host.asking import Asking

if TYPE_CHECKING:
    from viewra.sdk.host.assets import Assets
    from viewra.sdk.host.events import Events
    from viewra.sdk.host.fetch import Fetch
    from viewra.sdk.host.kv import KeyValues
    from viewra.sdk.host.library import HostLibrary
    from viewra.sdk.host.metadata import HostMetadata
    from viewra.sdk.host.notices import Notify, Progress
    from viewra.sdk.host.schedules import Schedules
    from viewra.sdk.host.tasks import Tasks

# Imports are in the properties so that a plugin that uses no host service loads none of their code.


class HostServices:
    """The services of the host. Any number of threads may call them.

    Each call takes at most 10 seconds, if it says nothing else.
    """

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    @cached_property
    def kv(self) -> KeyValues:
        """Values that the host keeps for this plugin."""
        from viewra.codec.host.kv import KV
        from viewra.sdk.host.kv import KeyValues

        return KeyValues(self._asking, KV)

    @cached_property
    def cache(self) -> KeyValues:
        """Values that the host keeps as long as it has room for them."""
        from viewra.codec.host.kv import CACHE
        from viewra.sdk.host.kv import KeyValues

        return KeyValues(self._asking, CACHE)

    @cached_property
    def fetch(self) -> Fetch:
        """HTTP through the host; needs the permission ``network:fetch``."""
        from viewra.sdk.host.fetch import Fetch

        return Fetch(self._asking)

    @cached_property
    def library(self) -> HostLibrary:
        """What is in the libraries; needs the permission ``library:read``."""
        from viewra.sdk.host.library import HostLibrary

        return HostLibrary(self._asking)

    @cached_property
    def assets(self) -> Assets:
        """Covers and other files that the host keeps."""
        from viewra.sdk.host.assets import Assets

        return Assets(self._asking)

    @cached_property
    def progress(self) -> Progress:
        """How far this plugin's tasks are, for the operator."""
        from viewra.sdk.host.notices import Progress

        return Progress(self._asking)

    @cached_property
    def notify(self) -> Notify:
        """Messages to the operator."""
        from viewra.sdk.host.notices import Notify

        return Notify(self._asking)

    @cached_property
    def tasks(self) -> Tasks:
        """The queue of tasks that this plugin executes."""
        from viewra.sdk.host.tasks import Tasks

        return Tasks(self._asking)

    @cached_property
    def metadata(self) -> HostMetadata:
        """What this plugin found about files elsewhere; needs the permission ``library:write``."""
        from viewra.sdk.host.metadata import HostMetadata

        return HostMetadata(self._asking)

    @cached_property
    def schedule(self) -> Schedules:
        """When tasks of this plugin are enqueued, again and again."""
        from viewra.sdk.host.schedules import Schedules

        return Schedules(self._asking)

    @cached_property
    def events(self) -> Events:
        """News for other plugins."""
        from viewra.sdk.host.events import Events

        return Events(self._asking)
