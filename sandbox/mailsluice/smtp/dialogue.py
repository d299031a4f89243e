"""What a session says and means: the commands outside a transaction, and the loop that reads them."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from mailsluice.capture import Capture, SessionFacts, SessionRecord, new_id, now
from mailsluice.smtp import auth, replies
from mailsluice.smtp.inflow import Inflow, LineTooLong
from mailsluice.smtp.limits import BodyMemory, Limits
from mailsluice.smtp.replies import Reply
from mailsluice.smtp.transaction import Transaction
from mailsluice.smtp.transcript import MASK, Transcript

log = logging.getLogger(__name__)

HOSTNAME: Final = "localhost"
_HTTP_VERBS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "HOST:"}
_BEFORE_TLS: Final = {"EHLO", "HELO", "STARTTLS", "NOOP", "QUIT", "RSET"}
_REFUSALS_KEPT: Final = 20


class Host(Protocol):
    """What a session needs of the listener it belongs to."""

    limits: Limits
    memory: BodyMemory
    credentials: auth.Credentials | None
    tls: ssl.SSLContext | None
    implicit_tls: bool
    require_starttls: bool
    closing: bool

    def capture(self, capture: Capture) -> "asyncio.Future[None]":
        """Store a message; the future ends after the commit."""


class Line(Protocol):
    """The connection, as far as the dialogue needs it."""

    inflow: Inflow

    def send(self, text: bytes) -> None:
        """Queue bytes; they leave before the next wait for input."""

    async def flush(self) -> None:
        """Send what is queued, waiting for a peer that reads slowly."""

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Become a TLS connection; raises OSError if the peer does not agree."""

    def tls_name(self) -> str:
        """TLS version and cipher, or an empty text."""

    def touch(self, seconds: float) -> None:
        """Give the peer so long from now on."""


class Closed(Exception):
    """The session is over; its last reply, if any, is queued."""


class Dialogue:
    """One session, from the greeting to its end."""

    def __init__(self, host: Host, line: Line, *, peer: str) -> None:
        self.id = new_id()
        self.began = now()
        self.host, self.line, self.peer = host, line, peer
        self.transcript = Transcript()
        self.transaction = Transaction(self)
        self.captured = 0
        self.busy = False
        self.helo = ""
        self.extended = False
        self._user = ""
        self._warnings: dict[str, None] = {}
        self._refusals: list[str] = []
        self._rejected = 0
        self._errors = 0
        self._commands_left = host.limits.max_commands
        self._notable: tuple[str, ...] = ()
        self._auth_refused = False
        self._outcome = ""
        self._over = False
        self._commands: dict[str, Callable[[str], Awaitable[Reply | None]]] = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self.transaction.mail,
            "RCPT": self.transaction.rcpt,
            "DATA": self.transaction.data,
            "BDAT": self.transaction.bdat,
            "RSET": self._rset,
            "NOOP": self._noop,
            "QUIT": self._quit,
            "VRFY": self._vrfy,
            "EXPN": self._not_implemented,
            "TURN": self._not_implemented,
            "ETRN": self._not_implemented,
            "HELP": self._help,
        }

    async def run(self) -> None:
        """Hold the dialogue until one side ends it."""
        try:
            if self._over:
                return
            if self.host.implicit_tls and self.host.tls is not None:
                await self._negotiate(self.host.tls)
            self._say(f"220 {HOSTNAME} ESMTP Mailsluice")
            while True:
                await self._step()
        except (Closed, EOFError, ConnectionError):
            pass
        finally:
            self.transaction.reset()

    def facts(self) -> SessionFacts:
        """What the session has told so far."""
        return SessionFacts(
            id=self.id,
            peer=self.peer,
            began=self.began,
            helo=self.helo,
            extended=self.extended,
            tls=self.line.tls_name(),
            user=self._user,
            warnings=tuple(self._warnings),
        )

    def record(self) -> SessionRecord | None:
        """The session as it is kept when it brought no message or was refused something; None for any other."""
        said_nothing = not self.transcript.heard and not self._outcome
        if said_nothing or (self.captured and not self._refusals and not self._outcome):
            return None
        return SessionRecord(
            facts=self.facts(),
            ended=now(),
            captured=self.captured,
            rejected=self._rejected,
            refusals=tuple(self._refusals),
            outcome=self._outcome or ("" if self._refusals else "ended without a message"),
            transcript=self._notable or self.transcript.lines(),
        )

    def warn(self, warning: str) -> None:
        """Note an oddity of this session, for a person to read beside the message."""
        if len(self._warnings) < _REFUSALS_KEPT:
            self._warnings[warning] = None

    def end_with(self, outcome: str) -> None:
        """Note how the session ended, if nothing was noted before."""
        self._outcome = self._outcome or outcome

    def shut_down(self, reply: Reply) -> None:
        """Queue a last reply; nothing is said any more."""
        self._say(str(reply))
        self._over = True

    # The loop

    async def _step(self) -> None:
        limits = self.host.limits
        self.line.touch(limits.idle_timeout)
        if self.host.closing:
            self.close_with(replies.SHUTTING_DOWN)
        try:
            line = await self.line.inflow.line(limits.max_command_size)
        except LineTooLong:
            self.transcript.client(f"(a line of more than {limits.max_command_size} bytes)")
            self.reply(replies.TOO_LONG_LINE)
            return
        self._commands_left -= 1
        if self._commands_left < 0:
            self.close_with(replies.TOO_MANY_COMMANDS)
        try:
            await self._handle(line.removesuffix(b"\r"))
        except (Closed, EOFError, ConnectionError):
            raise
        except Exception:  # a bug must end neither the session nor show itself to the client
            log.exception("fault in the session of %s", self.peer)
            self.transaction.reset()
            self.reply(replies.FAULT)

    async def _handle(self, line: bytes) -> None:
        text = self._decode(line)
        verb, _, argument = text.partition(" ")
        verb = verb.upper()
        command = self._commands.get(verb)
        if command is None:
            self._handle_unknown(verb, text)
            return
        if verb == "AUTH":
            mechanism, _, secret = argument.strip().partition(" ")
            self.transcript.client(f"AUTH {mechanism} {MASK}" if secret else f"AUTH {mechanism}")
        elif verb == "MAIL" and self.transaction.sender is None:
            self.transcript.begin_transaction()
            self.transcript.client(text)
        else:
            self.transcript.client(text)
        if self.host.require_starttls and verb not in _BEFORE_TLS and not self.line.tls_name():
            if verb == "BDAT":
                await self.transaction.skip_chunk(argument)
            self._auth_refused = self._auth_refused or verb == "AUTH"
            self.reply(replies.STARTTLS_FIRST)
            return
        reply = await command(argument.strip())
        if reply is not None:
            self.reply(reply, rejecting=verb in {"MAIL", "RCPT", "DATA", "BDAT"})

    def _handle_unknown(self, verb: str, text: str) -> None:
        # After a refused AUTH an unknown line may be the secret that was meant for it.
        self.transcript.client(MASK if self._auth_refused else text)
        if verb in _HTTP_VERBS:
            # A web page could make a browser post mail: nothing that follows is read.
            self.end_with("spoke HTTP to the SMTP port")
            self.close_with(replies.NOT_SMTP)
        if text.startswith("\x16\x03"):
            self.end_with("spoke TLS to a port without it")
            self.close_with(replies.NO_TLS_HERE)
        self.reply(replies.NOT_A_COMMAND)

    def _decode(self, line: bytes) -> str:
        if line.isascii():
            return line.decode("ascii")
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self.warn("a command held bytes that are not UTF-8; they were read as Latin-1")
            return line.decode("latin-1")

    # Replies

    def reply(self, reply: Reply, *, rejecting: bool = False) -> None:
        """Queue a reply; a refusal is noted, and too many of them end the session."""
        self._say(str(reply))
        if reply.code < 400:
            return
        log.warning("%s to %s", reply, self.peer)
        self._rejected += rejecting
        if len(self._refusals) < _REFUSALS_KEPT:
            self._refusals.append(str(reply))
        self._notable = self.transcript.lines()
        self._errors += 1
        if self._errors == self.host.limits.max_errors:
            self.close_with(replies.TOO_MANY_ERRORS)

    def close_with(self, reply: Reply) -> None:
        """Queue a last reply and leave the loop."""
        if reply.code >= 400 and reply is not replies.SHUTTING_DOWN:
            log.warning("%s to %s", reply, self.peer)
            self.end_with(reply.text)
        self._say(str(reply))
        raise Closed

    def captured_one(self) -> None:
        """A message was committed: the count of commands starts anew, and so does what is worth keeping."""
        self.captured += 1
        self._commands_left = self.host.limits.max_commands

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.transcript.server(line)
        self.line.send("".join(f"{line}\r\n" for line in lines).encode())

    # Commands outside a transaction

    async def _helo(self, name: str) -> Reply | None:
        return self._greet(name, extended=False, words=(HOSTNAME,))

    async def _ehlo(self, name: str) -> Reply | None:
        limits, words = self.host.limits, [HOSTNAME, "PIPELINING"]
        words.append(f"SIZE {limits.max_message_size}")
        words += ["8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"]
        if self.host.tls is not None and not self.line.tls_name():
            words.append("STARTTLS")
        if not self.host.require_starttls or self.line.tls_name():
            words.append(f"AUTH {' '.join(self._mechanisms())}")
        return self._greet(name, extended=True, words=tuple(words))

    def _greet(self, name: str, *, extended: bool, words: tuple[str, ...]) -> Reply | None:
        if not name:
            return replies.HELLO_SYNTAX
        self.transaction.reset()
        self.helo, self.extended = name, extended
        self._say(*(f"250-{word}" for word in words[:-1]), f"250 {words[-1]}")
        return None

    async def _starttls(self, argument: str) -> Reply | None:
        if argument:
            return replies.NO_ARGUMENT
        if self.line.tls_name():
            return replies.TLS_ALREADY
        if self.host.tls is None:
            return replies.TLS_NOT_AVAILABLE
        self._say(str(replies.START_TLS))
        await self.line.flush()
        if self.line.inflow.discard():
            # RFC 3207 section 5: what came in the clear behind the command may be an attacker's.
            self.end_with("sent more behind STARTTLS before TLS began")
            raise Closed
        await self._negotiate(self.host.tls)
        return None

    async def _negotiate(self, context: ssl.SSLContext) -> None:
        try:
            await self.line.start_tls(context)
        except OSError as error:
            reason = getattr(error, "reason", "") or error.strerror or type(error).__name__
            log.warning("TLS with %s failed: %s", self.peer, reason)
            self.end_with(f"TLS failed: {reason}")
            raise Closed from error
        self.transcript.note(f"(TLS began: {self.line.tls_name()})")
        self.transaction.reset()
        self.helo, self.extended, self._user = "", False, ""

    def _mechanisms(self) -> tuple[str, ...]:
        return auth.VERIFIABLE if self.host.credentials else tuple(auth.MECHANISMS)

    async def _auth(self, argument: str) -> Reply | None:
        mechanism, _, initial = argument.partition(" ")
        reply = await self._authenticate(mechanism.upper(), initial.strip().encode())
        self._auth_refused = reply.code >= 400
        return reply

    async def _authenticate(self, mechanism: str, initial: bytes) -> Reply:
        if not self.helo:
            return replies.SAY_HELLO_FIRST
        if not mechanism:
            return auth.no_mechanism(self._mechanisms())
        if mechanism not in self._mechanisms():
            return auth.unknown_mechanism(self._mechanisms())
        if self._user:
            self.warn("the client authenticated more than once")
        outcome = await self._converse(auth.MECHANISMS[mechanism](), initial)
        if isinstance(outcome, Reply):
            return outcome
        if self.host.credentials and not await self.host.credentials.verify(outcome):
            return auth.WRONG
        self._user = outcome.user or "(no name)"
        return auth.ACCEPTED

    async def _converse(self, exchange: auth.Exchange, initial: bytes) -> "auth.Claim | Reply":
        challenge = next(exchange)
        while True:
            if initial:
                line, initial = initial, b""
            else:
                self._say(auth.challenge_line(challenge))
                try:
                    line = await self.line.inflow.line(self.host.limits.max_command_size)
                except LineTooLong:
                    return replies.TOO_LONG_LINE
                self.transcript.client(MASK)
            answer = auth.decode_answer(line)
            if isinstance(answer, Reply):
                return answer
            try:
                challenge = exchange.send(answer)
            except StopIteration as result:
                claim: auth.Claim = result.value
                return claim
            except ValueError:
                return auth.MALFORMED

    async def _rset(self, argument: str) -> Reply | None:
        self.transaction.reset()
        return replies.OK

    async def _noop(self, argument: str) -> Reply | None:
        return replies.OK

    async def _vrfy(self, argument: str) -> Reply | None:
        return replies.NO_VERIFY

    async def _help(self, argument: str) -> Reply | None:
        return replies.HELP

    async def _not_implemented(self, argument: str) -> Reply | None:
        return replies.NOT_IMPLEMENTED

    async def _quit(self, argument: str) -> Reply | None:
        self.close_with(replies.BYE)
        return None
