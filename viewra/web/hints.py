"""Says remedies as the reader of a page or of the HTTP API finds them: the host names commands in its hints."""

from __future__ import annotations

import re

_ID = r"(?P<id>[\w.:-]+)"
_REMEDIES: tuple[tuple[str, str, str], ...] = (
    (rf"set it with `viewra plugins settings {_ID} (?P<key>[\w.]+)=VALUE`", r"set it on the page Settings of \g<id>",
     r"set it with PATCH /api/v1/plugins/\g<id>/settings"),
    (rf"viewra plugins settings {_ID} (?P<key>[\w.]+)=VALUE", r"set \g<key> on the page Settings of \g<id>",
     r'PATCH /api/v1/plugins/\g<id>/settings with {"values": {"\g<key>": …}}'),
    (r"viewra plugins settings", "the plugin's page Settings", "PATCH /api/v1/plugins/ID/settings"),
    (rf"viewra plugins grant {_ID}((?: [a-z-]+:[a-z-]+)*)", r"grant it\2 on the page Permissions of \g<id>",
     r"POST /api/v1/plugins/\g<id>/grants,\2"),
    (rf"viewra plugins (enable|restart|unquarantine|load|disable|unpin) {_ID}", r"\1 it on the page of \g<id>",
     r"POST /api/v1/plugins/\g<id>/\1"),
    (rf"viewra plugins logs {_ID}", r"the page Log of \g<id>", r"GET /api/v1/plugins/\g<id>/logs"),
    (rf"viewra plugins info {_ID}", r"the page of \g<id>", r"GET /api/v1/plugins/\g<id>"),
    (r"viewra plugins list", "the page Plugins", "GET /api/v1/plugins"),
    (r"viewra library list", "the page Libraries", "GET /api/v1/libraries"),
    (r"viewra library add PATH", "the page Libraries", "POST /api/v1/libraries"),
    (r"viewra tasks list", "the plugin's page", "GET /api/v1/tasks"),
    (r"viewra fsck --repair|viewra fsck", "the page Doctor", "POST /api/v1/fsck"),
    (r"viewra doctor", "the page Doctor", "GET /api/v1/doctor"),
    (r"viewra token (?:list|revoke \S+)", "the page Access", "GET /api/v1/tokens"),
    (r"viewra password", "the page Access", "PUT /api/v1/password"),
)  # fmt: skip
"""Commands, what stands for each on the pages, and the request."""

_PATTERNS = [(re.compile(command), shown, request) for command, shown, request in _REMEDIES]


def on_pages(text: str) -> str:
    """The text with pages in place of commands."""
    for command, shown, _ in _PATTERNS:
        text = command.sub(shown, text)
    return text


def in_requests(text: str) -> str:
    """The text with requests in place of commands."""
    for command, _, request in _PATTERNS:
        text = command.sub(request, text)
    return text
