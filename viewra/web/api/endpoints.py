"""The table of the API: which operation answers which request. Routes, checks and OpenAPI follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from viewra.host.admin.dispatch import HOMES
from viewra.host.admin.operation import OPERATIONS, Operation
from viewra.web.access import Scope
from viewra.web.api import password_operations, token_operations

__all__ = ["ENDPOINTS", "HOMES", "Endpoint", "password_operations", "token_operations"]

PREFIX = "/api/v1"


def _named(name: str) -> Operation:
    return OPERATIONS[name]


@attrs.frozen
class Endpoint:
    """One method of one path. Names in braces are arguments; those of GET and DELETE are in the query, others in JSON.

    ``scope`` is what it needs; ``status`` that of its answer; ``fixed`` arguments are not given by the request.
    ``long``: it may take minutes. ``single``: of the operation's list the first value is the answer.
    ``known``: without the scope admin, the argument of this name must be a path in a library.
    ``guarded``: arguments that need the scope admin all the same.
    ``counted``: it takes long in a large library, so the site's last count may be the answer (``site.stats``).
    """

    method: str
    path: str
    operation: Operation = attrs.field(converter=_named)
    scope: Scope = Scope.READ
    status: int = 200
    fixed: Mapping[str, Any] = attrs.field(factory=dict)
    long: bool = False
    single: bool = False
    known: str = ""
    guarded: frozenset[str] = frozenset()
    counted: bool = False

    @property
    def has_body(self) -> bool:
        """Whether its arguments are JSON in the body."""
        return self.method not in {"GET", "DELETE"}

    @property
    def in_path(self) -> tuple[str, ...]:
        """The arguments that its path has."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def given(self) -> tuple[attrs.Attribute[Any], ...]:
        """The arguments that its query or body has."""
        return tuple(
            one
            for one in attrs.fields(self.operation.arguments)
            if one.name not in self.in_path and one.name not in self.fixed
        )


def _get(path: str, operation: str, **more: Any) -> Endpoint:
    return Endpoint("GET", path, operation, **more)


def _do(path: str, operation: str, scope: Scope = Scope.OPERATE, **more: Any) -> Endpoint:
    return Endpoint("POST", path, operation, scope, **more)


_ADMIN = Scope.ADMIN
_PLUGIN, _LIBRARY, _SCAN = "/plugins/{plugin_id}", "/libraries/{library_id}", "/scans/{scan_job_id}"
_TASK, _UPLOAD = "/tasks/{task_id}", "/uploads/{upload_id}"

ENDPOINTS = (
    _get("/plugins", "list"),
    _get(_PLUGIN, "info"),
    Endpoint("DELETE", _PLUGIN, "uninstall", _ADMIN, long=True),
    _get(f"{_PLUGIN}/upgrade", "upgrade_preview", scope=_ADMIN, long=True),
    _do(f"{_PLUGIN}/upgrade", "upgrade", _ADMIN, long=True),
    _do(f"{_PLUGIN}/rollback", "rollback", _ADMIN, long=True),
    _get("/catalogs/plugins", "catalog_search", scope=_ADMIN, long=True),
    _get("/catalogs/outdated", "catalog_outdated", scope=_ADMIN, long=True),
    _get("/catalogs/plugins/{plugin_id}", "catalog_preview", scope=_ADMIN, long=True),
    _do("/catalogs/plugins/{plugin_id}", "catalog_install", _ADMIN, long=True),
    _get(_UPLOAD, "upload_preview", scope=_ADMIN, long=True),
    _do(_UPLOAD, "upload_install", _ADMIN, long=True),
    Endpoint("DELETE", _UPLOAD, "upload_discard", _ADMIN, status=204),
    *(
        _do(f"{_PLUGIN}/{name}", name, long=True)
        for name in ("enable", "disable", "load", "unload", "restart", "reload", "unquarantine")
    ),
    _do(f"{_PLUGIN}/pin", "pin", _ADMIN, long=True),
    Endpoint("DELETE", f"{_PLUGIN}/pin", "unpin", _ADMIN),
    _do(f"{_PLUGIN}/call", "call", _ADMIN, long=True),
    _get(f"{_PLUGIN}/stats", "stats", single=True),
    _get(f"{_PLUGIN}/health", "health", single=True, long=True),
    _get(f"{_PLUGIN}/logs", "logs"),
    _get(f"{_PLUGIN}/settings", "settings", fixed={"runtime": False}),
    Endpoint("PATCH", f"{_PLUGIN}/settings", "configure", Scope.OPERATE, fixed={"runtime": False}, long=True),
    _get(f"{_PLUGIN}/runtime", "settings", fixed={"runtime": True}),
    Endpoint("PATCH", f"{_PLUGIN}/runtime", "configure", _ADMIN, fixed={"runtime": True}, long=True),
    _get(f"{_PLUGIN}/grants", "permissions"),
    _do(f"{_PLUGIN}/grants", "grant", _ADMIN, long=True),
    _do(f"{_PLUGIN}/grants/requested", "grant_requested", _ADMIN, long=True),
    Endpoint("DELETE", f"{_PLUGIN}/grants", "revoke", _ADMIN, long=True),
    _get(f"{_PLUGIN}/notifications", "listener_get"),
    _do(f"{_PLUGIN}/notifications/retry", "listener_retry", long=True),
    Endpoint("DELETE", f"{_PLUGIN}/notifications", "listener_drop", _ADMIN),
    _get("/libraries", "library_list"),
    _do("/libraries", "library_add", _ADMIN, status=201),
    _get(_LIBRARY, "library_get"),
    Endpoint("DELETE", _LIBRARY, "library_remove", _ADMIN, long=True),
    _do(f"{_LIBRARY}/move", "library_move", _ADMIN, long=True),
    _get(f"{_LIBRARY}/settings", "library_rules"),
    Endpoint("PATCH", f"{_LIBRARY}/settings", "library_set_rules", Scope.OPERATE, guarded=frozenset({"follow_links"})),
    _get(f"{_LIBRARY}/upkeep", "library_upkeep"),
    _get("/upkeep", "library_upkeeps"),
    _get("/missing", "library_missing"),
    _do("/missing/purge", "library_purge", _ADMIN, long=True),
    _get("/failures", "library_failures"),
    _get("/ignored", "library_ignored"),
    _get("/priorities", "library_orders"),
    Endpoint("PUT", "/priorities/{field}", "library_set_order", Scope.OPERATE, long=True),
    _get("/files", "files"),
    _get("/files/{media_file_id}", "file"),
    _get("/files/{media_file_id}/failures", "file_failures"),
    _get("/albums", "albums"),
    _get("/albums/{album_id}", "album"),
    _get("/artists", "artists"),
    _get("/artists/{artist_id}", "artist"),
    _get("/genres", "genres"),
    _get("/years", "years"),
    _get("/series", "series"),
    _get("/series/{series_id}/seasons", "seasons"),
    _get("/films", "films"),
    _get("/photos", "photos"),
    _get("/playlists", "playlists"),
    _get("/search", "search"),
    _get("/stats", "library_stats", counted=True),
    _get("/stats/plugins", "stats", fixed={"plugin_id": ""}),
    _get("/health", "health", fixed={"plugin_id": ""}, long=True),
    _get("/assets", "assets"),
    _get("/assets/{asset_id}", "asset"),
    _get("/scans", "scan_list"),
    # Who names an engine has its cluster execute code in this process: that is for who may use the control socket.
    _do("/scans", "scan_start", status=202, long=True, known="path", fixed={"engine": None}),
    _get(_SCAN, "scan_get"),
    _do(f"{_SCAN}/pause", "scan_pause"),
    _do(f"{_SCAN}/resume", "scan_resume"),
    _do(f"{_SCAN}/cancel", "scan_cancel"),
    _get("/tasks", "task_list"),
    _get(_TASK, "task_get"),
    Endpoint("DELETE", _TASK, "task_cancel", Scope.OPERATE),
    _do(f"{_TASK}/retry", "task_retry"),
    _get("/stats/tasks", "task_counts"),
    _get("/doctor", "doctor"),
    _get("/databases", "db_current", long=True),
    _get("/databases/{owner}", "db_get", long=True),
    _do("/databases/{owner}/backups", "db_back_up", _ADMIN, status=201, long=True),
    _do(f"{_PLUGIN}/database/upgrade", "db_upgrade", _ADMIN, long=True),
    _do(f"{_PLUGIN}/database/downgrade", "db_downgrade", _ADMIN, long=True),
    _get("/fsck", "fsck_get"),
    _do("/fsck", "fsck_start", _ADMIN, status=202),
    Endpoint("PUT", "/password", "password_change", _ADMIN, status=204),
    _get("/tokens", "token_list", scope=_ADMIN),
    _do("/tokens", "token_create", _ADMIN, status=201),
    Endpoint("DELETE", "/tokens/{name}", "token_revoke", _ADMIN, status=204),
)
"""Every endpoint that an operation answers; modules such as ``content``, ``export`` and ``events`` have the others."""
