"""Is a smarthost one of our own listeners? A release to it would be captured again, and with a rule never end."""

import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv6Address, ip_address

from mailsluice.errors import Refusal
from mailsluice.relay.targets import Resolver, Target

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


def is_ourselves(addresses: Iterable[str], port: int, *, listening: Sequence[str]) -> bool:
    """Whether one of these addresses is this machine's and we listen on the port, on whichever of its addresses."""
    ports = {text.rpartition(":")[2] for text in listening if not text.startswith("unix:")}
    return str(port) in ports and any(map(_is_of_this_machine, addresses))


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
