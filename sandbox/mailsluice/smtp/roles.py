"""What a dialogue needs of those around it: the listener it belongs to, and its connection."""

import ssl
from asyncio import Future
from typing import Protocol

from mailsluice.capture import Capture
from mailsluice.smtp.auth import Credentials
from mailsluice.smtp.inflow import Inflow
from mailsluice.smtp.limits import BodyMemory, Limits


class Host(Protocol):
    """What a session needs of the listener it belongs to."""

    limits: Limits
    memory: BodyMemory
    credentials: Credentials | None
    tls: ssl.SSLContext | None
    implicit_tls: bool
    require_starttls: bool
    closing: bool

    def capture(self, capture: Capture) -> "Future[None]":
        """Store a message; the future ends after the commit."""


class Line(Protocol):
    """The connection, as far as the dialogue needs it.

    `tls_name` is version and cipher, empty without TLS; `held_up` while the peer does not read what is sent.
    """

    inflow: Inflow
    tls_name: str
    held_up: bool

    def send(self, text: bytes) -> None:
        """Queue bytes; they leave before the next wait for input."""

    async def flush(self) -> None:
        """Send what is queued, waiting for a peer that reads slowly."""

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Become a TLS connection; raises OSError if the peer does not agree."""

    def time(self) -> float:
        """The loop's clock, in seconds."""

    def acknowledge_at_once(self) -> None:
        """Tell the peer's TCP now that its bytes came."""

    def touch(self, seconds: float) -> None:
        """Give the peer so long from now on."""
