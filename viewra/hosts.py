"""The hosts that a permission names: ``api.example.org``, ``*.example.net``, ``127.0.0.1:8080``, ``*``."""

from __future__ import annotations

import re

import attrs

from viewra.addresses import Address, address_of, is_inside

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_LOCAL = ("localhost", "local", "internal", "lan", "home.arpa")
"""Ends of names that the public DNS does not have, so that they are of the operator's network."""
_MAX_NAME = 253
FETCH = "network:fetch"
"""The permission that names hosts to fetch from."""
DEFAULT_PORTS = {"http": 80, "https": 443}


def host_name(text: str) -> str:
    """A host in its only form: a name in small letters without a dot at its end, or an address as Python writes it.

    Raises ValueError for what is neither, such as the number ``2130706433``, which some take for an address.
    """
    address = address_of(text.removeprefix("[").removesuffix("]") if text.startswith("[") else text)
    if address is not None:
        return str(address)
    name = text.lower().removesuffix(".")
    try:
        name = name.encode("ascii").decode()
    except UnicodeEncodeError:
        raise ValueError("a name with other letters than a to z is written as in the DNS (xn--…)") from None
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME or _NUMERIC.fullmatch(name):
        raise ValueError("it is neither the name of a host nor an address")
    return name


@attrs.frozen
class HostPattern:
    """Hosts that one text names.

    ``name`` is "" for all; ``below`` means the names that end with it. Without ``port`` it is that of the URL's scheme.
    """

    name: str
    below: bool = False
    port: int | None = None
    address: Address | None = None

    def covers(self, host: str, scheme: str, port: int) -> bool:
        """Whether it names this host (as ``host_name`` gives it)."""
        if port != (self.port or DEFAULT_PORTS.get(scheme)):
            return False
        if self.below:
            return host.endswith(f".{self.name}")
        return not self.name or host == self.name

    def includes(self, other: HostPattern) -> bool:
        """Whether it names all that another pattern names; what is inside is named by a pattern that is, too."""
        if self.port != other.port or (other.inside and not self.inside):
            return False
        if self.below:
            return other.name.endswith(f".{self.name}") or (other.below and other.name == self.name)
        return not self.name or (other.name == self.name and not other.below)

    @property
    def inside(self) -> bool:
        """Whether what it names is, or may be, in the operator's own network."""
        if self.address is not None:
            return is_inside(self.address)
        return bool(self.name) and (
            any(self.name == end or self.name.endswith(f".{end}") for end in _LOCAL)
            or not (self.below or "." in self.name)
        )

    @property
    def words(self) -> str:
        """What it names, for the operator."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        said = f"all names below {name}" if self.below else name or "any host"
        said += f" at port {self.port}" if self.port else ""
        if not self.inside:
            return said
        own = (self.address is not None and self.address.is_loopback) or self.name.endswith("localhost")
        return f"{said}, on this machine" if own else f"{said}, in your own network"


def parse_host(text: str) -> HostPattern:
    """Read a pattern; raises ValueError that says what is wrong."""
    found = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?", text) if address_of(text) is None else None
    host, port_text = (found[1], found[2]) if found is not None else (text, None)
    port = int(port_text) if port_text is not None else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("a port is a number from 1 to 65535")
    if "/" in text or "@" in text:
        raise ValueError("it is the name of a host, without a scheme and a path: api.example.org")
    if host == "*":
        return HostPattern("", port=port)
    if host.startswith("*."):
        name = host_name(host[2:])
        if address_of(name) is not None or ("." not in name and name not in _LOCAL):
            raise ValueError("a * stands before a domain, as in *.example.org")
        return HostPattern(name, below=True, port=port)
    name = host_name(host)
    return HostPattern(name, port=port, address=address_of(name))


def patterns(hosts: tuple[str, ...], ports: tuple[int, ...]) -> tuple[str, ...]:
    """The hosts of a permission with its ports in them; all where it names none. What is malformed is left out."""
    found = []
    for text in hosts or ("*",):
        try:
            has_port = parse_host(text).port is not None
        except ValueError:
            continue
        bare = f"[{text}]" if address_of(text) is not None and ":" in text else text
        found += [text] if has_port or not ports else [f"{bare}:{port}" for port in ports]
    return tuple(found)
