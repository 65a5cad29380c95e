"""Puts secret settings in place of ``{secret:name}`` in a request, and hides them in what comes back.

``{hmac-sha256:name}`` in a header becomes the signature of the request's body by that secret, in hexadecimal.
"""

from __future__ import annotations

import hmac
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote

from viewra.bridge.rights import Secret
from viewra.errors import UsageError

_MARK = re.compile(r"(?:\{|%7B)(secret|hmac-sha256):([A-Za-z0-9_.-]{1,200})(?:\}|%7D)", re.IGNORECASE)
_ITSELF = "secret"


def has_secret(text: str) -> bool:
    """Whether a secret, or a signature by one, is to be put into this text."""
    return _MARK.search(text) is not None


class Secrets:
    """The secrets of one request: ``find`` gives one by its name, and raises NotFound.

    A redirect is what a server says, so it cannot ask for further secrets, and none go to another server.
    """

    def __init__(self, find: Callable[[str], Secret]) -> None:
        self._find = find
        self._used: dict[str, str] = {}
        self._allowed: set[str] | None = None

    def follow(self, *, elsewhere: bool) -> None:
        """From now on put in only what was put in before; nothing once a redirect has led ``elsewhere``."""
        before = set(self._used) if self._allowed is None else self._allowed
        self._allowed = set() if elsewhere else before

    def in_header(self, text: str, body: Callable[[], bytes]) -> str:
        """A header's value with its secrets, and signatures of the body."""

        def value(found: re.Match[str]) -> str:
            secret = self._use(found[2])
            if found[1].lower() == _ITSELF:
                return secret
            return hmac.digest(secret.encode(), body(), "sha256").hex()

        return _MARK.sub(value, text)

    def in_url(self, text: str) -> str:
        """A URL with its secrets, quoted. Raises UsageError for a signature."""

        def value(found: re.Match[str]) -> str:
            if found[1].lower() != _ITSELF:
                raise UsageError(f"{{hmac-sha256:{found[2]}}} signs in a header, not in a URL")
            return quote(self._use(found[2]), safe="")

        return _MARK.sub(value, text)

    def hidden(self, text: str) -> str:
        """The text with each secret that this request has in it replaced by its mark."""
        for value, mark in self._forms():
            text = text.replace(value, mark)
        return text

    def hider(self) -> Hider:
        """Hides these secrets in a body."""
        return Hider([(value.encode(), mark.encode()) for value, mark in self._forms()])

    def _use(self, name: str) -> str:
        if self._allowed is not None and name not in self._allowed:
            raise UsageError(f"a redirect asks for the secret {name}, which was not sent there before")
        value = self._find(name).value
        if not value.isascii() or not value.isprintable():
            raise UsageError(f"the secret setting {name} has letters that cannot be sent in a header or a URL")
        self._used[name] = value
        return value

    def _forms(self) -> list[tuple[str, str]]:
        """Each secret as it may come back, the longest first, and its mark."""
        found: dict[str, str] = {}
        for name, value in self._used.items():
            for form in (value, quote(value, safe=""), quote(value), json.dumps(value)[1:-1], html.escape(value)):
                found[form] = f"{{secret:{name}}}"
        return sorted(found.items(), key=lambda one: -len(one[0]))


class Hider:
    """Replaces texts in a stream of bytes, also where they lie across the parts of it."""

    def __init__(self, forms: list[tuple[bytes, bytes]]) -> None:
        self._forms = forms
        self._held = max((len(value) for value, _ in forms), default=1) - 1
        self._rest = b""

    def feed(self, part: bytes) -> bytes:
        """What can be passed on after this part."""
        if not self._forms:
            return part
        data = self._rest + part
        for value, mark in self._forms:
            data = data.replace(value, mark)
        keep = min(self._held, len(data))
        self._rest = data[len(data) - keep :]
        return data[: len(data) - keep]

    def end(self) -> bytes:
        """What is left at the end."""
        rest, self._rest = self._rest, b""
        return rest
