"""One SMTP conversation with a smarthost: commands, replies, and a transcript without secrets."""

import asyncio
import base64
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, cast

from aiosmtplib import SMTPException, SMTPResponse, SMTPResponseException
from aiosmtplib.esmtp import parse_esmtp_extensions
from aiosmtplib.protocol import SMTPProtocol

from mailsluice.relay.secret import Secret
from mailsluice.relay.targets import is_loopback
from mailsluice.reply import Reply, parse_reply

EHLO_NAME: Final = "mailsluice.local"
"""Legal, constant, and telling nothing of this machine: Google refuses junk and, at its relay, `localhost`."""

_MASK: Final = "****"
_LINE: Final = 1000
_CHUNK: Final = 64 << 10
_GOODBYE_SECONDS: Final = 2.0
_FULL_STOP: Final = re.compile(rb"\r\n\.")


class NotSmtp(Exception):
    """What answered does not speak SMTP; its words are not repeated."""


class InTheClear(Exception):
    """A password would have gone over a connection that everybody on the way can read."""


class Connection:
    """A conversation over a connected socket, which it owns; `extensions` are those of the last EHLO, in lower case.

    What is said goes to `transcript`, secrets masked. Methods raise OSError (ssl.SSLError is one) when the network or
    TLS fails and NotSmtp when the answer is no reply; a refusing reply is returned as any other. How long a silence
    may last is the caller's to say.
    """

    def __init__(self, host: str, protocol: "_Protocol", transcript: list[str]) -> None:
        self.extensions: dict[str, str] = {}
        self.dot_sent = False
        self._is_broken = False  # an answer is missing: the next one would be taken for it
        self._host = host
        self._protocol = protocol
        self._transcript = transcript
        self._secrets: tuple[str, ...] = ()

    @classmethod
    async def over(
        cls, connected: socket.socket, *, host: str, context: ssl.SSLContext | None, transcript: list[str]
    ) -> "Connection":
        """Begin over a connected socket, with TLS at once if there is a context; the greeting is not read yet."""
        loop = asyncio.get_running_loop()
        try:
            _, protocol = await loop.create_connection(
                lambda: _Protocol(loop=loop), sock=connected, ssl=context, server_hostname=host if context else None
            )
        except BaseException:
            connected.close()
            raise
        return cls(host, protocol, transcript)

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS session, or None while all is in clear."""
        found = self._protocol.transport.get_extra_info("ssl_object") if self._protocol.transport else None
        return cast(ssl.SSLObject | None, found)

    @property
    def is_usable(self) -> bool:
        """Whether more can be said: nobody has hung up, no answer is missing, and none is left over."""
        return not self._is_broken and self._protocol.is_connected and not self._protocol.has_leftovers

    @property
    def auth_mechanisms(self) -> frozenset[str]:
        """The mechanisms that the last EHLO offered, in upper case."""
        return frozenset(self.extensions.get("auth", "").upper().split())

    async def greeting(self) -> Reply:
        """The server's first words."""
        return self._note(await self._heard(self._protocol.read_response()))

    async def hello(self) -> Reply:
        """EHLO; notes what the server offers."""
        self.extensions = {}
        reply, text = await self._ask(b"EHLO " + EHLO_NAME.encode())
        if reply.code == 250:
            self.extensions, methods = parse_esmtp_extensions(text)
            self.extensions["auth"] = " ".join(methods) if "auth" in self.extensions else ""
        return reply

    async def start_tls(self, context: ssl.SSLContext) -> Reply:
        """STARTTLS and the handshake; what was heard before is forgotten, as RFC 3207 section 4.2 asks."""
        self._transcript.append("C: STARTTLS")
        self.extensions = {}
        return self._note(await self._heard(self._protocol.start_tls(context, server_hostname=self._host)))

    async def sign_in(self, user: str, secret: Secret) -> Reply:
        """AUTH PLAIN with its initial response, once; InTheClear unless encrypted or on this machine."""
        if self.tls is None and not self._is_on_this_machine():
            raise InTheClear
        password = secret.reveal()
        encoded = base64.b64encode(b"\0".join((b"", user.encode(), password.encode()))).decode("ascii")
        alone = base64.b64encode(password.encode()).decode("ascii")
        # A server may repeat what it was told: these are masked in all that it says from now on.
        self._secrets = tuple(text for text in (encoded, alone, password) if text)
        reply, _ = await self._ask(f"AUTH PLAIN {encoded}".encode(), shown=f"AUTH PLAIN {_MASK}")
        return reply

    async def command(self, line: str) -> Reply:
        """Any command of one line; ValueError for a control character in it."""
        reply, _ = await self._ask(line.encode())
        return reply

    def begin(self) -> None:
        """A transaction begins: nothing of its message has been sent."""
        self.dot_sent = False

    def distrust(self) -> None:
        """An answer made no sense here, so what is said from now on may be taken for something else."""
        self._is_broken = True

    async def send_message(
        self, raw: bytes, *, patience: float, before_dot: Callable[[], Awaitable[None]] | None = None
    ) -> Reply:
        """The message after a 354, byte for byte but for doubled dots; `patience` bounds each silence, not the whole.

        `before_dot` is awaited when all but the final dot is written; if it raises, no dot follows, and the connection
        is good for nothing but `close`. `dot_sent` tells, also after an error, whether the server may have the message.
        """
        self.dot_sent = False
        self._transcript.append(f"C: (the message, {len(raw)} bytes)")
        answer = asyncio.create_task(self._answer())
        try:
            await self._pour(raw, answer, patience)
            if before_dot and not answer.done():
                await before_dot()
            # Nothing is awaited from here to the dot: whoever is cancelled before has not sent it.
            self.dot_sent = not answer.done()
            if self.dot_sent:
                self._protocol.write(b".\r\n")
            async with asyncio.timeout(patience):
                return self._note(await answer)
        finally:
            answer.cancel()
            await asyncio.wait([answer])
            self._is_broken = self._is_broken or not self.dot_sent

    async def _answer(self) -> SMTPResponse:
        return await self._heard(self._protocol.read_response())

    async def _pour(self, raw: bytes, answer: "asyncio.Future[SMTPResponse]", patience: float) -> None:
        """Write the message, unless the server answers in the middle of it."""
        try:
            for chunk in _stuffed(raw):
                self._protocol.write(chunk)
                async with asyncio.timeout(patience):
                    await self._protocol.drain()
                if answer.done():
                    return
        except ConnectionError:
            if not answer.done() or answer.exception():
                raise

    async def quit(self) -> None:
        """Say goodbye, if it would be understood; what the server thinks of that changes nothing."""
        if self._is_broken:
            return
        with suppress(OSError, NotSmtp, SMTPException):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self.command("QUIT")

    async def close(self) -> None:
        """Drop the connection, whatever its state."""
        await self._protocol.drop()

    async def _ask(self, line: bytes, *, shown: str = "") -> tuple[Reply, str]:
        self._transcript.append(f"C: {shown or line.decode()}"[:_LINE])
        answer = await self._heard(self._protocol.execute_command(line))
        return self._note(answer), answer.message

    async def _heard(self, answer: Awaitable[SMTPResponse]) -> SMTPResponse:
        """The reply, where aiosmtplib makes some an error."""
        self._is_broken = True
        try:
            heard = await answer
        except SMTPResponseException as error:
            heard = SMTPResponse(error.code, error.message)
        self._is_broken = False
        return heard

    def _note(self, answer: SMTPResponse) -> Reply:
        if not 200 <= answer.code <= 599:
            self._is_broken = True
            self._transcript.append("S: (an answer that is not SMTP)")
            raise NotSmtp
        lines = [self._presentable(line) for line in answer.message.split("\n")]
        self._transcript += [
            f"S: {answer.code}{' ' if number == len(lines) else '-'}{line}" for number, line in enumerate(lines, 1)
        ]
        return parse_reply(answer.code, "\n".join(lines))

    def _presentable(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        return "".join(character if character.isprintable() else "�" for character in line)[:_LINE]

    def _is_on_this_machine(self) -> bool:
        peer = self._protocol.transport.get_extra_info("peername") if self._protocol.transport else None
        return peer is not None and is_loopback(str(peer[0]))


class _Protocol(SMTPProtocol):
    """aiosmtplib's reader of replies, with the two things that a caller needs besides."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast(asyncio.WriteTransport, transport).set_write_buffer_limits(high=_CHUNK)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._gone.set()

    @property
    def has_leftovers(self) -> bool:
        """Whether the server said more than it was asked: the next answer would be taken for another one."""
        return bool(self._buffer)

    async def drain(self) -> None:
        """Wait until the network has taken most of what was written."""
        await self._drain_helper()

    async def drop(self) -> None:
        """Close at once and wait until it is closed."""
        if self.transport is not None:
            cast(asyncio.WriteTransport, self.transport).abort()
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._gone.wait()


def _stuffed(raw: bytes) -> Iterable[bytes]:
    """The message in pieces, dots at line starts doubled (RFC 5321 section 4.5.2), ending in CRLF."""
    stuffed = _FULL_STOP.sub(b"\r\n..", raw)
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    if not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    for start in range(0, len(stuffed), _CHUNK):
        yield stuffed[start : start + _CHUNK]
