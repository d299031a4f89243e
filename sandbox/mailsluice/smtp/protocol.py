"""The dialogue of one session: aiosmtpd's protocol, its command loop and commands replaced by tolerant, exact ones.

What is kept of aiosmtpd: the stream, the transport's life and STARTTLS. What it would refuse and real apps send is
accepted and noted as a warning of the session. Private names of aiosmtpd and asyncio that are touched: `_reader`,
`_writer`, `_timeout_handle`, `_timeout_duration`, `_timeout_cb`, `_reset_timeout`, `_handle_client`.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, Protocol

from aiosmtpd.smtp import SMTP

from mailsluice.capture import Capture, Envelope, Recipient, SessionFacts, Spool, new_id, now
from mailsluice.errors import StoreError
from mailsluice.smtp import auth, replies
from mailsluice.smtp.body import BodyWriter
from mailsluice.smtp.data import DotReader
from mailsluice.smtp.paths import MailPath, parse_path
from mailsluice.smtp.replies import Reply
from mailsluice.smtp.transcript import MASK, Transcript

log = logging.getLogger(__name__)

_HTTP_VERBS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "HOST:"}
_STREAM_BYTES: Final = 256 << 10
_COMMAND_BYTES: Final = 16 << 10
_READ_BYTES: Final = 4 << 20  # more than the stream ever holds: a read always empties it
_IDLE_SECONDS: Final = 300.0
_HOSTNAME: Final = "localhost"


class Host(Protocol):
    """What a session needs of the listener it belongs to."""

    max_message_size: int
    spool_folder: Path
    closing: bool

    def capture(self, capture: Capture) -> "asyncio.Future[None]":
        """Store a message; the future ends after the commit."""

    def joined(self, session: "SMTPSession") -> None:
        """A connection was made."""

    def left(self, session: "SMTPSession") -> None:
        """A connection is gone."""


class SMTPSession(SMTP):
    """One connection, from the greeting to its end."""

    # aiosmtpd makes its stream with this limit; a larger one ends pausing and resuming the transport every 2 KB.
    line_length_limit = _STREAM_BYTES

    def __init__(self, host: Host) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(None, hostname=_HOSTNAME, loop=loop, enable_SMTPUTF8=True, timeout=_IDLE_SECONDS)
        self.id = new_id()
        self.began = now()
        self.transcript = Transcript()
        self._host = host
        self._peer = ""
        self._helo = ""
        self._extended = False
        self._user = ""
        self._warnings: dict[str, None] = {}
        self._sender: MailPath | None = None
        self._recipients: list[Recipient] = []
        self._busy = False
        self._over = False
        self._commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "HELO": self._helo_command,
            "EHLO": self._ehlo_command,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "QUIT": self._quit,
            "VRFY": self._vrfy,
            "AUTH": self._auth,
        }

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._peer = _peer_name(transport.get_extra_info("peername"))
        self._host.joined(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._host.left(self)

    def eof_received(self) -> bool | None:
        # A client that sends everything and closes its half still gets its answers: aiosmtpd would cancel here.
        return asyncio.StreamReaderProtocol.eof_received(self)

    def shut_down(self) -> None:
        """Say 421 and close, at once or when the capture that runs has been answered."""
        if not self._busy and self.transport is not None:
            self._writer.write(f"{replies.SHUTTING_DOWN}\r\n".encode())
            self._close()

    def abort(self) -> None:
        """Drop the connection: the peer takes no bytes any more."""
        if self.transport is not None:
            self.transport.abort()  # type: ignore[attr-defined]  # every transport of a stream has it

    def _close(self) -> None:
        self._over = True
        if self.transport is not None:
            self.transport.close()

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Move the deadline without a new timer for each command."""
        self._deadline = self.loop.time() + (duration or self._timeout_duration)
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_at(self._deadline, self._check_deadline)

    def _check_deadline(self) -> None:
        if self.loop.time() < self._deadline:
            self._timeout_handle = self.loop.call_at(self._deadline, self._check_deadline)
        elif self.transport is not None:
            self._writer.write(f"{replies.IDLE}\r\n".encode())
            self._close()

    # The command loop

    async def _handle_client(self) -> None:
        await self._line(f"220 {self.hostname} ESMTP Mailsluice")
        while not self._over:
            try:
                line = await self._read_line()
                await self._handle(line)
                if self._host.closing and not self._over:
                    await self._reply(replies.SHUTTING_DOWN)
                    self._close()
            except (asyncio.IncompleteReadError, ConnectionError):
                self._close()
            except asyncio.LimitOverrunError:
                await self._skip_line()
                await self._reply(replies.TOO_LONG_LINE)
            except Exception:  # a bug must end neither the session nor show itself to the client
                log.exception("fault in the session of %s", self._peer)
                self._reset_transaction()
                await self._reply(replies.FAULT)

    async def _read_line(self) -> bytes:
        line: bytes = await self._reader.readuntil(b"\n")
        self._reset_timeout()
        return line.rstrip(b"\r\n")

    async def _skip_line(self) -> None:
        while True:
            try:
                await self._reader.readuntil(b"\n")
                return
            except asyncio.LimitOverrunError as error:
                await self._reader.read(max(1, error.consumed))

    async def _handle(self, line: bytes) -> None:
        if len(line) > _COMMAND_BYTES:
            self.transcript.client(f"({len(line)} bytes)")
            await self._reply(replies.TOO_LONG_LINE)
            return
        text = self._decode(line)
        verb, _, argument = text.partition(" ")
        verb = verb.upper()
        command = self._commands.get(verb)
        if command is not None:
            if verb != "AUTH":  # notes itself, without the secret
                self.transcript.client(text)
            await command(argument.strip())
        elif verb in _HTTP_VERBS:
            # A web page could make a browser post mail: nothing that follows is read.
            self.transcript.client(text)
            await self._reply(replies.NOT_SMTP)
            self._close()
        else:
            self.transcript.client(text)
            await self._reply(replies.NOT_A_COMMAND)

    def _decode(self, line: bytes) -> str:
        try:
            return line.decode("ascii")
        except UnicodeDecodeError:
            pass
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self._warn("a command held bytes that are not UTF-8; they were read as Latin-1")
            return line.decode("latin-1")

    async def _reply(self, reply: Reply) -> None:
        await self._line(str(reply))

    async def _line(self, text: str) -> None:
        self.transcript.server(text)
        self._writer.write(text.encode() + b"\r\n")
        await self._writer.drain()

    def _warn(self, warning: str) -> None:
        self._warnings[warning] = None

    # The session

    async def _helo_command(self, name: str) -> None:
        await self._greet(name, extended=False, lines=(f"250 {self.hostname}",))

    async def _ehlo_command(self, name: str) -> None:
        extensions = (
            "PIPELINING",
            f"SIZE {self._host.max_message_size}",
            "8BITMIME",
            "SMTPUTF8",
            "ENHANCEDSTATUSCODES",
            f"AUTH {' '.join(auth.MECHANISMS)}",
        )
        words = (self.hostname, *extensions)
        lines = tuple(f"250{' ' if word is words[-1] else '-'}{word}" for word in words)
        await self._greet(name, extended=True, lines=lines)

    async def _greet(self, name: str, *, extended: bool, lines: tuple[str, ...]) -> None:
        if not name:
            await self._reply(replies.HELLO_SYNTAX)
            return
        self._reset_transaction()
        self._helo, self._extended = name, extended
        for line in lines:
            self.transcript.server(line)
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()

    async def _auth(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        self.transcript.client(f"AUTH {mechanism} {MASK}" if initial else f"AUTH {mechanism}")
        exchange = auth.MECHANISMS.get(mechanism.upper())
        if not self._helo:
            await self._reply(replies.SAY_HELLO_FIRST)
        elif exchange is None:
            await self._reply(auth.UNKNOWN_MECHANISM if mechanism else auth.NO_MECHANISM)
        else:
            if self._user:
                self._warn("the client authenticated more than once")
            await self._reply(await self._converse(exchange(), initial.strip().encode()))

    async def _converse(self, exchange: auth.Exchange, initial: bytes) -> Reply:
        challenge = next(exchange)
        while True:
            if initial:
                line, initial = initial, b""
            else:
                await self._line(auth.challenge_line(challenge))
                line = await self._read_line()
                self.transcript.client(MASK)
            answer = auth.decode_answer(line)
            if isinstance(answer, Reply):
                return answer
            try:
                challenge = exchange.send(answer)
            except StopIteration as result:
                self._user = str(result.value)
                return auth.ACCEPTED
            except ValueError:
                return auth.MALFORMED

    async def _noop(self, argument: str) -> None:
        await self._reply(replies.OK)

    async def _vrfy(self, argument: str) -> None:
        await self._reply(replies.NO_VERIFY)

    async def _quit(self, argument: str) -> None:
        await self._reply(replies.BYE)
        self._close()

    # The transaction

    def _reset_transaction(self) -> None:
        self._sender = None
        self._recipients = []
        self.transcript.end_transaction()

    async def _rset(self, argument: str) -> None:
        self._reset_transaction()
        await self._reply(replies.OK)

    async def _mail(self, argument: str) -> None:
        if not self._helo:
            self._warn("the client sent MAIL before EHLO or HELO")
        if self._sender is not None:
            await self._reply(replies.NESTED_MAIL)
            return
        path = parse_path(argument, keyword="FROM")
        if path is None:
            await self._reply(replies.BAD_SENDER if argument[:5].upper() == "FROM:" else replies.MAIL_SYNTAX)
            return
        refusal = self._check_size(path.parameters)
        if refusal:
            await self._reply(refusal)
            return
        self.transcript.begin_transaction()
        self.transcript.client(f"MAIL {argument}")
        self._note_oddities(path)
        self._sender = path
        await self._reply(replies.SENDER_OK)

    def _check_size(self, parameters: tuple[str, ...]) -> Reply | None:
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.upper() == "SIZE":
                if not (value.isascii() and value.isdigit()):
                    return replies.BAD_SIZE
                if len(value) > 15 or int(value) > self._host.max_message_size:
                    return replies.too_large(self._host.max_message_size)
        return None

    async def _rcpt(self, argument: str) -> None:
        if self._sender is None:
            await self._reply(replies.NEED_MAIL)
            return
        path = parse_path(argument, keyword="TO")
        if path is None or not path.address:
            await self._reply(replies.BAD_RECIPIENT if argument[:3].upper() == "TO:" else replies.RECIPIENT_SYNTAX)
            return
        self._note_oddities(path)
        self._recipients.append(Recipient(path.address, path.parameters))
        await self._reply(replies.RECIPIENT_OK)

    def _note_oddities(self, path: MailPath) -> None:
        for oddity in path.oddities:
            self._warn(oddity)

    async def _data(self, argument: str) -> None:
        if self._sender is None:
            await self._reply(replies.NEED_MAIL)
        elif not self._recipients:
            await self._reply(replies.NEED_RECIPIENT)
        elif argument:
            await self._reply(replies.NO_ARGUMENT)
        else:
            await self._line("354 End data with <CRLF>.<CRLF>")
            body = BodyWriter(self._host.spool_folder)
            try:
                refusal = await self._receive(body)
                self.transcript.client(f"({body.size} bytes of message)")
                if refusal is None:
                    refusal = await self._capture(body)
            finally:
                body.discard()
            self._reset_transaction()
            await self._reply(refusal)

    async def _receive(self, body: BodyWriter) -> Reply | None:
        """Read to the end of the message, whatever happens on the way; the refusal, if it cannot be kept."""
        reader, refusal, limit = DotReader(), None, self._host.max_message_size
        while not reader.ended:
            piece = await self._reader.read(_READ_BYTES)
            if not piece:
                raise ConnectionResetError
            self._reset_timeout()
            content = reader.feed(piece)
            if refusal is None and body.size + len(content) > limit:
                refusal = replies.too_large(limit)
                body.discard()
            if refusal is None:
                refusal = self._write(body, content)
        if reader.rest:
            self._reader.feed_data(reader.rest)
        return refusal

    def _write(self, body: BodyWriter, content: bytes) -> Reply | None:
        try:
            body.write(content)
        except OSError as error:
            log.error("a message cannot be kept in %s: %s", self._host.spool_folder, error.strerror)
            body.discard()
            return replies.NOT_STORED
        return None

    async def _capture(self, body: BodyWriter) -> Reply:
        id = new_id()
        reply = replies.queued(id)
        capture = self._make_capture(id, reply, body.finish())
        self._busy = True
        try:
            await self._host.capture(capture)
        except StoreError as error:
            log.error("%s", error)
            return replies.NOT_STORED
        finally:
            self._busy = False
        return reply

    def _make_capture(self, id: str, reply: Reply, body: bytes | Spool) -> Capture:
        assert self._sender is not None
        facts = SessionFacts(
            id=self.id,
            peer=self._peer,
            began=self.began,
            helo=self._helo,
            extended=self._extended,
            tls=_tls_name(self._writer),
            user=self._user,
            warnings=tuple(self._warnings),
        )
        envelope = Envelope(self._sender.address, tuple(self._recipients), self._sender.parameters)
        # The reply belongs to the story, and the story is kept only if the reply is sent.
        transcript = (*self.transcript.lines(), f"S: {reply}")
        return Capture(id, now(), envelope, facts, transcript, body)


def _peer_name(peer: Any) -> str:
    if not isinstance(peer, tuple):
        return "unix"
    host, port = peer[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _tls_name(writer: asyncio.StreamWriter) -> str:
    tls: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    if tls is None:
        return ""
    cipher = tls.cipher()
    return f"{tls.version()} {cipher[0] if cipher else ''}".strip()
