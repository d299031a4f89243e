"""The connection of one session: aiosmtpd's protocol class with the dialogue put in its place.

Kept of aiosmtpd: how a connection begins and ends, and the task that handles it. Replaced: the stream (no pausing every
2 KB), the command loop, every command, and the constructor, which looks at every attribute of the class for each
connection. `PRIVATE_NAMES` lists what is touched without being promised by aiosmtpd or asyncio.
"""

import asyncio
import ssl
from typing import Any, Final, Protocol

from aiosmtpd.smtp import SMTP

from mailsluice.smtp import replies
from mailsluice.smtp.dialogue import HOSTNAME, Dialogue, Host
from mailsluice.smtp.inflow import Inflow

PRIVATE_NAMES: Final = (
    "_handle_client",  # the coroutine that aiosmtpd runs for each connection
    "_reset_timeout",  # called by connection_made
    "_timeout_handle",  # cancelled by connection_lost
    "_handler_coroutine",  # cancelled by connection_lost
    "_writer",  # set by connection_made
)
_FLUSH_ABOVE: Final = 64 << 10
_HANDSHAKE_SECONDS: Final = 30.0


class Sessions(Host, Protocol):
    """The listener: what the dialogue needs, and who is connected."""

    def joined(self, session: "SMTPSession") -> None:
        """A connection was made."""

    def ended(self, dialogue: Dialogue) -> None:
        """A dialogue is over."""

    def left(self, session: "SMTPSession") -> None:
        """A connection is gone."""

    def stream_bytes(self) -> int:
        """How much of one connection's input may wait in memory."""


def template() -> dict[str, Any]:
    """What aiosmtpd's constructor sets, made once: it costs more than all the rest of a small session."""
    loop = asyncio.get_running_loop()
    made = vars(SMTP(None, hostname=HOSTNAME, loop=loop))
    stream = vars(asyncio.StreamReaderProtocol(asyncio.StreamReader(loop=loop), loop=loop))
    bound = {"_smtp_methods", "_auth_methods", "_handle_hooks"}  # methods of the template, not of the session
    return {name: value for name, value in made.items() if name not in stream and name not in bound}


class SMTPSession(SMTP):
    """One connection, as asyncio sees it."""

    def __init__(self, host: Sessions, state: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        asyncio.StreamReaderProtocol.__init__(self, reader, self._cb_client_connected, loop)
        self.__dict__.update(state)
        self.inflow = Inflow(high_water=host.stream_bytes(), waiting=self._send)
        self.dialogue: Dialogue
        self._host = host
        self._queued: list[bytes] = []
        self._deadline = 0.0

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.dialogue = Dialogue(self._host, self, peer=_peer_name(transport.get_extra_info("peername")))
        self.inflow.attach(transport)  # type: ignore[arg-type]  # every stream transport can pause
        super().connection_made(transport)
        self._host.joined(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.inflow.end()
        super().connection_lost(error)
        self._host.left(self)

    def data_received(self, data: bytes) -> None:
        self.inflow.feed(data)

    def eof_received(self) -> bool:
        # A client that sends everything and closes its half still gets its answers: aiosmtpd would cancel here.
        self.inflow.end()
        return not self.tls_name()

    async def _handle_client(self) -> None:
        try:
            await self.dialogue.run()
        finally:
            self._send()
            self.close()
            self._host.ended(self.dialogue)

    # The dialogue's side

    def send(self, text: bytes) -> None:
        """Queue bytes; they leave before the next wait for input."""
        self._queued.append(text)
        if len(self._queued) > 1000:
            self._send()

    async def flush(self) -> None:
        """Send what is queued, waiting for a peer that reads slowly."""
        self._send()
        await self._writer.drain()

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Become a TLS connection; raises OSError if the peer does not agree."""
        await self._writer.start_tls(context, ssl_handshake_timeout=_HANDSHAKE_SECONDS)
        self.transport = self._writer.transport
        self.inflow.attach(self._writer.transport)  # type: ignore[arg-type]  # every stream transport can pause

    def tls_name(self) -> str:
        """TLS version and cipher, or an empty text."""
        tls: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        if tls is None:
            return ""
        cipher = tls.cipher()
        return f"{tls.version()} {cipher[0] if cipher else ''}".strip()

    def touch(self, seconds: float) -> None:
        """Give the peer so long from now on; the timer moves only when it fires."""
        self._deadline = self.loop.time() + seconds
        if self._timeout_handle is None or self._timeout_handle.when() > self._deadline:
            self._start_timer()

    def _send(self) -> None:
        if self._queued and self.transport is not None and not self.transport.is_closing():
            self._writer.write(b"".join(self._queued))
        self._queued.clear()

    # The listener's side

    def shut_down(self) -> None:
        """Say 421 and close, at once or when the capture that runs has been answered."""
        if not self.dialogue.busy:
            self._end(replies.SHUTTING_DOWN)

    def turn_away(self) -> None:
        """Say that there are too many sessions, and close."""
        self.dialogue.end_with(replies.TOO_MANY_SESSIONS.text)
        self._end(replies.TOO_MANY_SESSIONS)

    def abort(self) -> None:
        """Drop the connection: the peer takes no bytes any more."""
        if self.transport is not None:
            self.transport.abort()  # type: ignore[attr-defined]  # every stream transport can

    def close(self) -> None:
        """Close after what is queued was sent."""
        if self.transport is not None:
            self.transport.close()

    def _end(self, reply: replies.Reply) -> None:
        self.dialogue.shut_down(reply)
        self._send()
        self.close()

    # Time

    def _reset_timeout(self, duration: float | None = None) -> None:
        self.touch(duration or self._host.limits.idle_timeout)

    def _start_timer(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._timeout_handle = self.loop.call_at(self._deadline, self._check_deadline)

    def _check_deadline(self) -> None:
        if self.loop.time() < self._deadline or self.dialogue.busy:
            self._start_timer()
            return
        self.dialogue.end_with(replies.IDLE.text)
        self._end(replies.IDLE)


def _peer_name(peer: Any) -> str:
    if not isinstance(peer, tuple):
        return "unix"
    host, port = peer[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
