"""``Rights``: what one version of a plugin may ask of its host, as it is at the moment of each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from viewra.errors import NotFound


@attrs.frozen
class Secret:
    """A secret setting of a plugin, by the name that stands for it in a request."""

    name: str
    value: str


def _all() -> tuple[str, ...]:
    return ("*",)


def _no_secrets() -> Mapping[str, str]:
    return {}


@attrs.frozen(eq=False)
class Rights:
    """What one version of a plugin may do.

    ``allows`` tells whether the operator granted a permission, such as ``library:read``. ``hosts`` are the patterns of
    hosts from which it may fetch (``viewra.hosts``), ``secrets`` its secret settings by dotted key. ``limits`` are
    those of its runtime. ``anywhere``: it may fetch from any host and address, as code of the host's own process could.
    ``events`` are the patterns of names under which it may publish events (``viewra.events``), beside its own names.
    """

    allows: Callable[[str], bool]
    hosts: Callable[[], tuple[str, ...]] = _all
    secrets: Callable[[], Mapping[str, str]] = _no_secrets
    limits: Mapping[str, float] = attrs.field(factory=dict)
    anywhere: bool = False
    events: Callable[[], tuple[str, ...]] = _all

    def secret(self, name: str) -> Secret:
        """The secret setting with this key; raises NotFound."""
        found = self.secrets().get(name)
        if not found:
            raise NotFound(
                f"there is no secret setting {name[:100]!r}",
                hint="mark it in the manifest with @secret(), and set it: viewra plugins settings",
            )
        return Secret(name, found)
