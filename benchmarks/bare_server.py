"""The bare grpcio server with which plugins are compared: one servicer, without health, reflection or viewra.

``python bare_server.py SOCKET`` prints a line when it serves, and ends with its stdin. Only the generated messages are
viewra's, so that both sides of a comparison carry the same bytes.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

from viewra.pb import plugin_pb2, plugin_pb2_grpc


class Search(plugin_pb2_grpc.SearchServiceServicer):
    """Gives the same answers as the benchmark's plugin."""

    def Search(  # noqa: N802 - the name on the wire
        self, request: plugin_pb2.SearchRequest, context: grpc.ServicerContext
    ) -> plugin_pb2.SearchResponse:
        """Return no hits."""
        del request, context
        return plugin_pb2.SearchResponse()

    def GetSearchCapabilities(  # noqa: N802 - the name on the wire
        self, request: plugin_pb2.GetSearchCapabilitiesRequest, context: grpc.ServicerContext
    ) -> plugin_pb2.GetSearchCapabilitiesResponse:
        """Return three constant values."""
        del request, context
        return plugin_pb2.GetSearchCapabilitiesResponse(
            supported_fields=["title", "artist", "album"], supports_pagination=True, max_results=100
        )


def main() -> None:
    """Serve until stdin ends."""
    server = grpc.server(ThreadPoolExecutor(8))
    plugin_pb2_grpc.add_SearchServiceServicer_to_server(Search(), server)
    server.add_insecure_port(f"unix:{sys.argv[1]}")
    server.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop(1).wait()


if __name__ == "__main__":
    main()
