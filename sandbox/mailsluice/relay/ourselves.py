"""Is a smarthost one of our own listeners? A release to it would be captured again, and with a rule never end."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Final

from mailsluice.errors import Refusal
from mailsluice.relay.targets import Resolver, Target, resolve

_LOOKUP_SECONDS: Final = 2.0
_KEPT_SECONDS: Final = 60.0
_MOST_KEPT: Final = 1000

Listening = Callable[[], Sequence[str]]
"""Where this program listens, as a person types it: `localhost:1025`, `[::1]:1025`, `unix:/run/mail.sock`."""


def avoiding(resolver: Resolver, listening: Listening) -> Resolver:
    """The same resolver, which raises a Refusal where a name leads to one of these listeners."""

    async def resolve(host: str, port: int) -> Sequence[Target]:
        targets = await resolver(host, port)
        if is_ourselves((target.address for target in targets), port, listening=listening()):
            raise Refusal(
                f"{host}:{port} is this Mailsluice itself, which would only capture the mail again; "
                "enter the real mail server in the profile.",
                field="host",
            )
        return targets

    return resolve


class Recognition:
    """Tells whether a smarthost is one of our own listeners, without dialling it.

    A name is looked up at most once a minute, and for 2 s; one that is not found then is taken for somebody else's.
    """

    def __init__(self, listening: Listening = lambda: (), *, resolver: Resolver = resolve) -> None:
        self._listening, self._resolver = listening, resolver
        self._known: dict[tuple[str, int], tuple[float, bool]] = {}

    async def is_ours(self, host: str, port: int) -> bool:
        """Whether mail to this server would only be captured again."""
        if port not in _ports(self._listening()):
            return False
        moment = asyncio.get_running_loop().time()
        until, is_ours = self._known.get((host, port), (0.0, False))
        if until <= moment:
            is_ours = await self._look_up(host, port)
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[host, port] = moment + _KEPT_SECONDS, is_ours
        return is_ours

    async def _look_up(self, host: str, port: int) -> bool:
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                targets = await self._resolver(host, port)
        except (OSError, UnicodeError):
            return False
        return is_ourselves((target.address for target in targets), port, listening=self._listening())


def is_ourselves(addresses: Iterable[str], port: int, *, listening: Sequence[str]) -> bool:
    """Whether one of these addresses is this machine's and we listen on the port, on whichever of its addresses."""
    return port in _ports(listening) and any(map(_is_of_this_machine, addresses))


def _ports(listening: Sequence[str]) -> set[int]:
    return {int(text.rpartition(":")[2]) for text in listening if not text.startswith("unix:")}


def _is_of_this_machine(address: str) -> bool:
    """Only addresses of its own can be bound; no packet leaves."""
    plain = ip_address(address)
    plain = (plain.ipv4_mapped if isinstance(plain, IPv6Address) else None) or plain
    if plain.is_loopback or plain.is_unspecified:
        return True
    family = socket.AF_INET6 if plain.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(plain), 0))
    except OSError:
        return False
    return True
