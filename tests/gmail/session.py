"""One connection's dialogue: greeting, EHLO, STARTTLS, and what needs neither account nor message."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable

from tests.gmail import replies
from tests.gmail.accounts import Account
from tests.gmail.auth import authenticate
from tests.gmail.service import Service
from tests.gmail.transaction import Transaction
from tests.gmail.triggers import EHLO_NAMES, trigger
from tests.gmail.wire import Hangup, Wire

LINE_LIMIT = 12_288
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?|\[[^\[\]\s]+\]")
Context = Callable[[], ssl.SSLContext]


class Session:
    """A client and Gmail, from the greeting to the end."""

    def __init__(self, service: Service, wire: Wire, context: Context) -> None:
        self.service, self.wire = service, wire
        self.id = service.new_session_id()
        self.helo = ""
        self.tls = False
        self.account: Account | None = None
        self.transaction = Transaction(self)
        self._context = context
        self._unknown = 0
        self._unauthenticated = 0
        self._verbs: dict[str, Callable[[str], Awaitable[None]]] = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self.transaction.rcpt,
            "DATA": self.transaction.data,
            "BDAT": self.transaction.bdat,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
            "QUIT": self._quit,
        }

    async def run(self, *, tls_at_once: bool) -> None:
        """Talk until one side has enough."""
        self.note("connect", f"{self.wire.peer} on {465 if tls_at_once else 587}")
        try:
            if tls_at_once:
                if asked_for := self.service.failure("tls"):
                    await self.say(asked_for)
                await self._handshake()
            await self.say(self.service.failure("greeting") or replies.GREETING)
            while True:
                await self._command()
        except Hangup:
            pass
        finally:
            self.log_out()
            self.note("close", "")
            self.wire.close()

    async def say(self, reply: str) -> None:
        """Send a reply; raises `Hangup` after one that ends the connection, and for `DROP` and `STALL`."""
        if reply == replies.DROP:
            self.note("drop", "")
            self.wire.abort()
            raise Hangup
        if reply == replies.STALL:
            self.note("stall", "")
            await self.wire.closed
            raise Hangup
        said = reply.replace("{sid}", self.id)
        self.note("reply", said)
        stream = "".join(f"{line}\r\n" for line in said.split("\n")).encode("utf-8", "surrogateescape")
        self.wire.write(stream, pieces_of=self.service.knobs.split_replies)
        if replies.closes(reply):
            raise Hangup

    async def held(self, stage: str) -> None:
        """Wait if the answer of this stage is to wait."""
        if leave := self.service.hold(stage):
            self.note("hold", stage)
            await leave.wait()

    async def line(self) -> str:
        """The client's next line; a silent client is sent away."""
        try:
            async with asyncio.timeout(self.service.knobs.idle):
                line = await self.wire.line(LINE_LIMIT + 1)
        except TimeoutError:
            await self.say(replies.IDLE)
            raise
        if len(line) > LINE_LIMIT:
            await self.say(replies.LONG_LINE)
        return line.decode("utf-8", "surrogateescape")

    def note(self, kind: str, text: str) -> None:
        """Add to the log."""
        self.service.record(self.id, kind, text)

    def log_in(self, account: Account) -> None:
        """The rest of the session belongs to this account."""
        self.account = account
        open_sessions = self.service.sessions_of
        open_sessions[account.address] = open_sessions.get(account.address, 0) + 1

    def log_out(self) -> None:
        """It does not any more."""
        if self.account is not None:
            self.service.sessions_of[self.account.address] -= 1
            self.account = None

    def out_of_turn(self, *, needs_account: bool = True) -> str:
        """The refusal of a command that comes before EHLO, TLS or AUTH; empty when it may come."""
        if not self.helo:
            return replies.out_of_sequence("EHLO/HELO first")
        if not self.tls:
            return replies.WANT_TLS
        if needs_account and self.account is None:
            self._unauthenticated += 1
            if self._unauthenticated > self.service.knobs.unknown_commands:
                return replies.MANY_UNAUTHENTICATED
            return replies.WANT_AUTH_2025 if self.service.knobs.bare_want_auth else replies.WANT_AUTH
        return ""

    async def _command(self) -> None:
        line = await self.line()
        verb, _, argument = line.partition(" ")
        verb = verb.upper()
        if verb != "AUTH":  # its credentials are noted by those who know where they stand
            self.note("command", line)
        if verb in self._verbs:
            await self._verbs[verb](argument.strip())
        elif verb in ("HELP", "EXPN", "TURN", "ETRN", "SEND", "SOML", "SAML"):
            await self.say(replies.UNIMPLEMENTED)
        else:
            self._unknown += 1
            many = self._unknown >= self.service.knobs.unknown_commands
            await self.say(replies.MANY_UNKNOWN if many else replies.UNKNOWN)

    async def _ehlo(self, name: str) -> None:
        if await self._named(name):
            await self.say(replies.ehlo(self.wire.peer, tls=self.tls, size=self.service.knobs.size))

    async def _helo(self, name: str) -> None:
        if await self._named(name):
            await self.say(replies.HELO)

    async def _named(self, name: str) -> bool:
        refusal = self.service.failure("ehlo") or trigger(EHLO_NAMES, name)
        if not refusal and self.service.knobs.strict_ehlo and name.lower() in ("localhost", "localhost.localdomain"):
            refusal = replies.THROTTLED_EHLO
        if not refusal and not _NAME.fullmatch(name):
            refusal = replies.bad_name(name)
        if refusal:
            await self.say(refusal)
            return False
        self.helo = name
        self.transaction.reset()
        return True

    async def _starttls(self, argument: str) -> None:
        refusal = self.service.failure("tls")
        if refusal == replies.STALL:
            await self.say(replies.READY_FOR_TLS)
        elif argument:
            refusal = replies.NO_PARAMETERS
        elif self.tls:
            refusal = replies.TLS_TWICE
        elif not self.helo:
            refusal = replies.out_of_sequence("EHLO/HELO first")
        elif self.wire.pending:
            refusal = replies.TLS_PIPELINED
        if refusal:
            await self.say(refusal)
            return
        await self.say(replies.READY_FOR_TLS)  # nothing may wait between this reply and the handshake
        await self._handshake()
        self.helo = ""
        self.transaction.reset()

    async def _handshake(self) -> None:
        try:
            await self.wire.start_tls(self._context())
        except (OSError, EOFError) as error:
            self.note("tls", f"failed: {getattr(error, 'reason', None) or type(error).__name__}")
            raise Hangup from None
        self.tls = True
        self.note("tls", " ".join(map(str, self.wire.cipher)))

    async def _auth(self, argument: str) -> None:
        await authenticate(self, argument)

    async def _mail(self, argument: str) -> None:
        await self.transaction.mail(argument)

    async def _rset(self, argument: str) -> None:
        self.transaction.reset()
        await self.say(replies.FLUSHED)

    async def _noop(self, argument: str) -> None:
        await self.say(replies.OK)

    async def _vrfy(self, argument: str) -> None:
        await self.say(replies.VERIFY)

    async def _quit(self, argument: str) -> None:
        await self.say(replies.GOODBYE)
