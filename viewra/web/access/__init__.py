"""Who sends a request: sessions by cookie, tokens of programs; forged requests; signing in and out."""

from __future__ import annotations

from viewra.web.access.asking import csrf_token, identity_of, require
from viewra.web.access.routes import routes
from viewra.web.accounts.identity import Identity, Scope

__all__ = ["Identity", "Scope", "csrf_token", "identity_of", "require", "routes"]
