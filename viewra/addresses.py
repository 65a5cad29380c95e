"""Which IP addresses are inside: of this machine, of the operator's network or of nobody, not of the internet."""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
_NEVER = tuple(  # some versions of ipaddress count these as global
    ipaddress.ip_network(one)
    for one in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4")
) + tuple(
    ipaddress.ip_network(one)
    for one in ("64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10")
)


def is_inside(address: Address) -> bool:
    """Whether an address is not one of the public internet: then a plugin reaches it only where it is named.

    An IPv6 address that stands for one of IPv4 (mapped, NAT64, 6to4, ISATAP) is where that one is.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return True
        behind = _behind(address)
        if behind is not None:
            return is_inside(behind)
    if address.is_multicast or not address.is_global:
        return True
    return any(address in network for network in _NEVER if network.version == address.version)


def address_of(host: str) -> Address | None:
    """The address that a host is written as, without brackets; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _behind(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which packets for this one go."""
    number = int(address)
    low = ipaddress.IPv4Address(number & 0xFFFF_FFFF)
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (address in _COMPATIBLE and number > 1):
        return low
    if (number >> 32) & 0xFFFF_FFFF in _ISATAP:
        return low if is_inside(low) else None  # of a public one, the prefix decides as well
    return None
