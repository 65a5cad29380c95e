"""The HTTP API below ``/api/v1``, and what monitors ask: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from viewra.web.api.routes import routes

__all__ = ["routes"]
