"""The addresses behind a host's name, in the order to dial them."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple, cast

_MOST: Final = 8
_FORBIDDEN: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "fe80::/10",  # link-local
        "fd00:ec2::254/128",  # metadata, AWS
        "fd20:ce::254/128",  # metadata, Google Cloud
        "100.100.100.200/32",  # metadata, Alibaba Cloud
        "192.0.0.192/32",  # metadata, Oracle Cloud
        "168.63.129.16/32",  # the host of an Azure machine
    )
)
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Target(NamedTuple):
    """One address to dial, as it was resolved: nothing is looked up a second time."""

    address: str
    sockaddr: tuple[str | int, ...]

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET


Resolver = Callable[[str, int], Awaitable[Sequence[Target]]]
"""Finds the addresses of a name."""


async def resolve(host: str, port: int) -> tuple[Target, ...]:
    """The addresses of a name, v6 and v4 in turn, the system's favourite first; OSError or UnicodeError if none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    targets = [Target(str(sockaddr[0]), cast(tuple[str | int, ...], sockaddr)) for _, _, _, _, sockaddr in found]
    distinct = list(dict.fromkeys(targets))
    favourites = [target for target in distinct if target.family == distinct[0].family]
    others = [target for target in distinct if target.family != distinct[0].family]
    turns = zip_longest(favourites, others)
    return tuple(target for turn in turns for target in turn if target)[:_MOST]


def is_forbidden(address: str) -> bool:
    """Is this a link-local or metadata address (or none for one server), in whatever clothes: mapped, 6to4, NAT64?"""
    return any(_is_never_dialled(form) for form in _forms(ipaddress.ip_address(address)))


def is_loopback(address: str) -> bool:
    """Does this address stay on this machine?"""
    plain = ipaddress.ip_address(address)
    mapped = plain.ipv4_mapped if isinstance(plain, ipaddress.IPv6Address) else None
    return (mapped or plain).is_loopback


def _is_never_dialled(address: _Address) -> bool:
    inside = any(address in network for network in _FORBIDDEN if network.version == address.version)
    return inside or address.is_multicast or address.is_unspecified


def _forms(address: _Address) -> list[_Address]:
    """The address itself and the v4 addresses that it may stand for."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    bare = ipaddress.IPv6Address(int(address))  # without its zone
    nat64 = ipaddress.IPv4Address(int(bare) & 0xFFFFFFFF) if bare in _NAT64 else None
    return [bare, *(form for form in (bare.ipv4_mapped, bare.sixtofour, *(bare.teredo or ()), nat64) if form)]
