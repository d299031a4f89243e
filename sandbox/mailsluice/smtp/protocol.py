"""The connection of one session: aiosmtpd's protocol class with the dialogue put in its place.

Kept of aiosmtpd: how a connection begins, and the task that handles it. Replaced: the stream (no pausing every 2 KB),
how a connection ends (it cancels a capture that waits for its commit), the command loop, every command, and the
constructor, which looks at every attribute of the class for each connection. `PRIVATE_NAMES` lists what is touched
without being promised by aiosmtpd or asyncio.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Coroutine
from typing import Any, Final, Protocol, cast

from aiosmtpd.smtp import SMTP

from mailsluice.reply import Reply
from mailsluice.smtp import replies
from mailsluice.smtp.dialogue import Dialogue
from mailsluice.smtp.identity import HOSTNAME
from mailsluice.smtp.inflow import Inflow
from mailsluice.smtp.roles import Host

PRIVATE_NAMES: Final = (
    "_handle_client",  # the coroutine that aiosmtpd runs for each connection
    "_reset_timeout",  # called by connection_made
    "_timeout_handle",  # the timer of a connection
    "_cb_client_connected",  # takes the streams that asyncio makes; nothing here uses them
)
_QUEUED_LINES: Final = 1000
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)  # Linux only
_HANDSHAKE_SECONDS: Final = 30.0
_LINGER_SECONDS: Final = 2.0


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
        self.inflow = Inflow(high_water=host.stream_bytes(), waiting=self._send, loop=loop)
        self.dialogue: Dialogue
        self.tls_name = ""
        self.held_up = False
        self._host = host
        self._queued: list[bytes] = []
        self._room: asyncio.Future[None] | None = None  # ends when the peer reads again
        self._deadline = 0.0
        self._speechless = host.implicit_tls  # before TLS began, or after our half was closed
        self._lingers = False
        self._lost = False
        self._wire: asyncio.Transport | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.dialogue = Dialogue(self._host, self, peer=_peer_name(transport.get_extra_info("peername")))
        self._wire = cast(asyncio.Transport, transport)
        self.inflow.attach(self._wire)
        super().connection_made(transport)
        self._host.joined(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self._lost:
            return
        self._lost = True
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        # The dialogue is not cancelled: it finds the end by itself, after a capture that waits for its commit.
        self.inflow.discard()
        self.inflow.end()
        self.resume_writing()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self._wire = self.transport = None
        self._host.left(self)

    def data_received(self, data: bytes) -> None:
        if not self._lingers:
            self.inflow.feed(data)

    def eof_received(self) -> bool:
        # A client that sends everything and closes its half still gets its answers: aiosmtpd would cancel here.
        self.inflow.end()
        return not self.tls_name and not self._lingers

    def pause_writing(self) -> None:
        self.held_up = True

    def resume_writing(self) -> None:
        self.held_up = False
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    async def _handle_client(self) -> None:
        try:
            await self.dialogue.run()
        finally:
            self._send()
            self._close(linger=self.dialogue.cut_short)
            self._host.ended(self.dialogue)

    # The dialogue's side

    def send(self, text: bytes) -> None:
        """Queue bytes; they leave before the next wait for input."""
        self._queued.append(text)
        if len(self._queued) > _QUEUED_LINES:
            self._send()

    async def flush(self) -> None:
        """Send what is queued, waiting for a peer that reads slowly."""
        self._send()
        if self.held_up:
            self._room = self.loop.create_future()
            await self._room

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Become a TLS connection; raises OSError if the peer does not agree."""
        plain = self._wire
        if plain is None or plain.is_closing():
            raise ConnectionResetError
        seconds = min(_HANDSHAKE_SECONDS, self._host.limits.idle_timeout)
        self.touch(seconds + _LINGER_SECONDS)
        self._speechless = True
        handshake = self.loop.start_tls(plain, self, context, server_side=True, ssl_handshake_timeout=seconds)
        try:
            transport = await (self._with_what_came(handshake) if self._host.implicit_tls else handshake)
        except Exception as error:
            # asyncio does not always say connection_lost when a handshake ends early, and then has no transport to set.
            plain.abort()
            self.connection_lost(None)
            if isinstance(error, OSError):
                raise
            raise ConnectionResetError from error
        self._attach_tls(transport)

    def time(self) -> float:
        """The loop's clock, in seconds."""
        return self.loop.time()

    def acknowledge_at_once(self) -> None:
        """Tell the peer's TCP now that its bytes came.

        A client that writes the final dot by itself, with Nagle's algorithm on, sends it only then: 40 ms a message.
        """
        wire = self._wire.get_extra_info("socket") if self._wire is not None and _QUICKACK is not None else None
        if wire is not None and wire.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):  # the connection is ending
                wire.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def touch(self, seconds: float) -> None:
        """Give the peer so long from now on; the timer moves only when it fires."""
        self._deadline = self.loop.time() + seconds
        if self._timeout_handle is None or self._timeout_handle.when() > self._deadline:
            self._start_timer()

    async def _with_what_came(
        self, handshake: Coroutine[Any, Any, asyncio.Transport | None]
    ) -> asyncio.Transport | None:
        """Hand on what the client sent before TLS was there to take it: uvloop reads as soon as it has accepted."""
        task = asyncio.ensure_future(handshake)
        await asyncio.sleep(0)  # from here on TLS gets what arrives, once reading goes on
        if self._wire is not None and (came := self.inflow.discard()):
            tls = cast(asyncio.BufferedProtocol, self._wire.get_protocol())
            while came:
                buffer = memoryview(tls.get_buffer(len(came)))
                size = min(len(buffer), len(came))
                buffer[:size], came = came[:size], came[size:]
                tls.buffer_updated(size)
        return await task

    def _attach_tls(self, transport: asyncio.Transport | None) -> None:
        if transport is None:  # closed in the middle of the handshake
            self.connection_lost(None)
            raise ConnectionResetError
        self._speechless = False
        self._wire = transport
        tls: ssl.SSLObject = transport.get_extra_info("ssl_object")
        cipher = tls.cipher()
        self.tls_name = f"{tls.version()} {cipher[0] if cipher else ''}".strip()
        self.inflow.attach(transport)

    def _send(self) -> None:
        if self._queued and self._wire is not None and not self._speechless and not self._wire.is_closing():
            self._wire.write(b"".join(self._queued))
        self._queued.clear()

    def _close(self, *, linger: bool = False) -> None:
        """Close after what is queued was sent.

        To close while the peer still sends would reset the connection, and with it the reply that says why: lingering
        throws away for a moment what arrives.
        """
        transport = self._wire
        if transport is None or transport.is_closing() or self._lingers:
            return
        self.touch(_LINGER_SECONDS)
        if linger and not (self.tls_name or self.held_up or self.inflow.ended or self._host.closing):
            self._lingers = self._speechless = True
            self.inflow.discard()
            self.inflow.end()
            transport.write_eof()
        else:
            transport.close()

    # The listener's side

    def shut_down(self) -> None:
        """Say 421 and close, at once or when the capture that runs has been answered."""
        if self._lingers:
            self.abort()
        elif not self.dialogue.busy:
            self._end(replies.SHUTTING_DOWN)

    def turn_away(self) -> None:
        """Say that there are too many sessions, and close."""
        self.dialogue.notes.ended(replies.TOO_MANY_SESSIONS.text)
        self._end(replies.TOO_MANY_SESSIONS)

    def abort(self) -> None:
        """Drop the connection: the peer takes no bytes any more."""
        if self._wire is not None:
            self._wire.abort()

    def _end(self, reply: Reply) -> None:
        self.dialogue.shut_down(reply)
        self._send()
        self._close()

    # Time

    def _reset_timeout(self, duration: float | None = None) -> None:
        self.touch(duration or self._host.limits.idle_timeout)

    def _start_timer(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        if not self._lost:
            self._timeout_handle = self.loop.call_at(self._deadline, self._check_deadline)

    def _check_deadline(self) -> None:
        self._timeout_handle = None
        if self.loop.time() < self._deadline:
            self._start_timer()
        elif self._lingers or self._wire is None or self._wire.is_closing():
            self.abort()
        elif self.dialogue.busy:
            self.touch(self._host.limits.idle_timeout)
        else:
            self.dialogue.time_out()
            self._send()
            self._close(linger=True)


def _peer_name(peer: Any) -> str:
    if not isinstance(peer, tuple):
        return "unix"
    host, port = peer[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
