"""Host services for a plugin that dials them: both ends of go-plugin's broker, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc

from viewra.bridge import HostedPlugin, Rights
from viewra.codec.host.attach import ATTACH, HostRequest, from_json, to_json
from viewra.codec.host.method import Answered, HostMethod
from viewra.codec.limits import Limits
from viewra.host.running.dialled import Dialled
from viewra.transport.broker import Broker
from viewra.transport.endpoint import Place

Call = Callable[..., bytes]


class SingleAsking:
    """Asks by ``HostService.Call`` over a channel, as a plugin in another language does."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.call: Call = channel.unary_unary("/viewra.v1.HostService/Call")

    def ask(self, method: HostMethod[Any], arguments: dict[str, object], data: bytes, timeout_s: float) -> Answered:
        """See ``viewra.sdk.host.asking.Asking``."""
        request = HostRequest(7, method.name, to_json(arguments), data, timeout_s)
        answer = ATTACH.parse_item(self.call(ATTACH.answer(request), timeout=timeout_s))
        assert answer.id == 7
        if answer.error is not None:
            raise answer.error
        return from_json(answer.value), answer.data


@contextmanager
def dialled(hosted: HostedPlugin, rights: Rights, directory: Path) -> Iterator[grpc.Channel]:
    """A plugin's channel to the host services, under the id that its host has told it."""
    with ExitStack() as resources:
        folder = directory / "process"
        folder.mkdir()
        place = Place(folder)
        plugin_end = Broker(place)
        resources.callback(plugin_end.close)
        server = grpc.server(ThreadPoolExecutor(2))
        plugin_end.add_to(server)
        server.add_insecure_port(f"unix:{folder}/plugin")
        server.start()
        resources.callback(lambda: server.stop(0).wait(60))
        to_plugin = grpc.insecure_channel(f"unix:{folder}/plugin")
        resources.callback(to_plugin.close)
        host_end = Broker(place)
        host_end.attach(to_plugin)
        served = Dialled("under_test", hosted, rights, limits=Limits(), place=place, broker=host_end)
        resources.callback(served.close)
        served.announce()
        channel = plugin_end.dial(served.broker_id)
        resources.callback(channel.close)
        yield channel.channel
