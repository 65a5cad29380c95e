"""HTTP for plugin authors: ``@route`` and ``@page`` on a plugin's methods, which get a ``Request``."""

from __future__ import annotations

from viewra.sdk.http.declaring import page, route
from viewra.sdk.http.request import Request
from viewra.sdk.http.response import HttpError, Response

__all__ = ["HttpError", "Request", "Response", "page", "route"]
