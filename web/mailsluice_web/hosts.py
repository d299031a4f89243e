"""Host names as requests carry them: what is well formed, what is ours, what is the same origin."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

import msgspec

_AUTHORITY: Final = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::([0-9]{1,5}))?")
_NAME: Final = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
# What a URL parser takes for a number, such as 127.1, 0x7f.1, 2130706433: WHATWG URL, "ends in a number checker".
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ORIGIN: Final = re.compile(rb"(https?)://([^/?#@]+)")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Authority(msgspec.Struct, frozen=True):
    """Host and port of a request; `name` is lower case, an IP literal in its canonical spelling without brackets."""

    name: str
    port: int | None
    is_address: bool


class Origin(msgspec.Struct, frozen=True):
    """Who a browser says it asks for: scheme, host and port (RFC 6454)."""

    scheme: str
    authority: Authority

    def is_host_of(self, other: Authority) -> bool:
        """Whether host and port are those of a request, a missing port being this scheme's own."""
        default = _DEFAULT_PORTS[self.scheme]
        mine = (self.authority.name, self.authority.port or default)
        return mine == (other.name, other.port or default)


def parse_authority(value: bytes) -> Authority | None:
    """Read a Host header; None for anything that a browser would not send, such as user info, odd bytes or `127.1`."""
    match = _AUTHORITY.fullmatch(value)
    if match is None:
        return None
    port = int(match[2]) if match[2] else None
    if port is not None and not 0 < port < 65536:
        return None
    name = match[1].decode("ascii").lower()
    address = _ip_literal(name)
    if address:
        return Authority(name=address, port=port, is_address=True)
    if not _NAME.fullmatch(name) or _NUMBER.fullmatch(name.rpartition(".")[2]):
        return None
    return Authority(name=name, port=port, is_address=False)


def parse_origin(value: bytes) -> Origin | None:
    """Read an Origin header; None for `null` and whatever is not an HTTP origin."""
    match = _ORIGIN.fullmatch(value)
    authority = parse_authority(match[2]) if match else None
    return Origin(scheme=match[1].decode("ascii"), authority=authority) if match and authority else None


class AllowedHosts:
    """The names by which this instance is asked.

    A page of somebody else can point its own name at our address (DNS rebinding) and then passes for the same origin,
    so only names that nobody can point elsewhere are taken, and those that the user gave: `mail.example.test`, or
    `*.example.test` for every name below it, or `.example.test` for both.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        lowered = [name.strip().lower() for name in names]
        for name in lowered:
            if not _NAME.fullmatch(re.sub(r"^\*?\.", "", name)):
                raise ValueError(f"{name!r} is not a host name without scheme or port, such as mail.example.test")
        self._exact = {name.removeprefix(".") for name in lowered if not name.startswith("*")} | {
            "localhost",
            "host.docker.internal",
        }
        self._suffixes = (".localhost", *(name.removeprefix("*") for name in lowered if name.startswith(("*", "."))))

    def __contains__(self, host: Authority) -> bool:
        return host.is_address or "." not in host.name or host.name in self._exact or host.name.endswith(self._suffixes)


def _ip_literal(name: str) -> str:
    try:
        if name.startswith("["):
            return str(ipaddress.IPv6Address(name[1:-1]))
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        return ""
