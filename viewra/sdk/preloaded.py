"""What plugins import between the SDK and their first answer: a zygote imports it once, for all plugins."""

from __future__ import annotations

import grpc._interceptor
import grpc._server  # noqa: F401 - gRPC imports it when it makes a server

from viewra.sdk.servicers import (  # noqa: F401 - the modules are kept by the interpreter
    _streams,
    admin_page,
    api_registration,
    http,
    metadata_scraper,
    scanner_hook,
    search,
)
