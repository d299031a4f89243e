"""The way to a smarthost: name, TCP, greeting, TLS, EHLO, sign-in; with what each step found and how long it took."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

import msgspec

from mailsluice.gmail.network import explain
from mailsluice.gmail.replies import Stage, Verdict, classify
from mailsluice.relay.connection import Connection, InTheClear, NotSmtp
from mailsluice.relay.dialling import Unreachable, dial, is_v6_silent
from mailsluice.relay.looking import look_at_certificate, speaks_tls
from mailsluice.relay.profile import Profile
from mailsluice.relay.secret import Secret
from mailsluice.relay.targets import Resolver, Target, is_forbidden, is_loopback, resolve
from mailsluice.relay.tls import verified_certificate, verifying_context
from mailsluice.reply import Reply


class Patience(msgspec.Struct, frozen=True):
    """Seconds that each step may last, and all of them together; `look` is for the second look at a server
    that could not be talked to, `reply` and `message` are for a delivery."""

    name: float = 5.0
    connect: float = 8.0
    greeting: float = 10.0
    tls: float = 10.0
    ehlo: float = 10.0
    auth: float = 15.0
    walk: float = 30.0
    look: float = 4.0
    reply: float = 60.0
    message: float = 300.0


PATIENCE: Final = Patience()


class Step(msgspec.Struct, frozen=True):
    """One step and its end: `detail` is what was found or answered, the verdict says what a failure means.

    A good step may have a verdict, too: something that is not right, but did not matter.
    """

    stage: Stage
    title: str
    ok: bool
    seconds: float
    detail: str = ""
    verdict: Verdict | None = None


class Halt(Exception):
    """The walk ends here, and why."""

    def __init__(self, verdict: Verdict, detail: str = "", *, reply: Reply | None = None) -> None:
        super().__init__(verdict.meaning)
        self.verdict = verdict
        self.detail = detail
        self.reply = reply


class Walk:
    """One walk; after the last step, if that is a good one, `connection` is signed in. Close it in any case.

    The addresses are resolved once, and what is dialled is one of them: a second look-up could say something else.
    """

    def __init__(
        self, profile: Profile, secret: Secret | None, *, patience: Patience = PATIENCE, resolver: Resolver = resolve
    ) -> None:
        self.connection: Connection | None = None
        self.reply: Reply | None = None  # the one that ended the walk
        self.transcript: list[str] = []
        self._profile = profile
        self._secret = secret
        self._patience = patience
        self._resolver = resolver
        self._stage = Stage.NAME
        self._spent = 0.0
        self._warning: Verdict | None = None  # of a step that is good all the same
        self._targets: tuple[Target, ...] = ()
        self._peer: Target | None = None
        self._dialled: socket.socket | None = None

    async def steps(self) -> AsyncGenerator[Step, None]:
        """Take every step; stops after one that fails."""
        for stage, title, take in self._way():
            step = await self._take(stage, title, take)
            yield step
            if not step.ok:
                return

    async def say_goodbye(self) -> None:
        """QUIT, if there is anybody to hear it."""
        if self.connection:
            await self.connection.quit()

    async def close(self) -> None:
        """Drop the connection."""
        if self.connection:
            await self.connection.close()
        elif self._dialled:
            self._dialled.close()

    def _way(self) -> "list[tuple[Stage, str, Callable[[], Awaitable[str]]]]":
        host, port, user = self._profile.host, self._profile.port, self._profile.user
        greeting = (Stage.GREETING, "Hear its greeting", self._greet)
        securing = {
            "tls": [(Stage.TLS, "Begin TLS", self._begin_tls), greeting],
            "starttls": [greeting, (Stage.TLS, "Begin TLS with STARTTLS", self._start_tls)],
            "plain": [greeting],
        }
        return [
            (Stage.NAME, f"Find {host}", self._find),
            (Stage.CONNECT, f"Connect to port {port}", self._connect),
            *securing[self._profile.effective_security],
            (Stage.EHLO, "Ask what it offers", self._hello),
            (Stage.AUTH, f"Sign in as {user}" if user else "No sign-in", self._sign_in),
        ]

    async def _take(self, stage: Stage, title: str, take: Callable[[], Awaitable[str]]) -> Step:
        began = time.monotonic()
        self._stage = stage
        try:
            try:
                async with asyncio.timeout(self._limit(stage)):
                    detail = await take()
            except (OSError, NotSmtp, InTheClear, Unreachable, UnicodeError) as error:
                raise await self._halt(error) from error
        except Halt as halt:
            self.reply = halt.reply
            self.transcript.append(f"   {halt.verdict.meaning}")
            return Step(self._stage, title, False, self._spend(began), halt.detail, halt.verdict)
        warning, self._warning = self._warning, None
        return Step(stage, title, True, self._spend(began), detail, warning)

    def _limit(self, stage: Stage) -> float:
        seconds: float = getattr(self._patience, stage.value)
        return min(seconds, self._patience.walk - self._spent)

    def _spend(self, began: float) -> float:
        seconds = time.monotonic() - began
        self._spent += seconds
        return round(seconds, 3)

    async def _find(self) -> str:
        host, port = self._profile.host, self._profile.port
        self._targets = tuple(await self._resolver(host, port))
        if not self._targets:
            raise Halt(self._explained("unknown-name"))
        addresses = [target.address for target in self._targets]
        forbidden = [address for address in addresses if is_forbidden(address)]
        if forbidden:
            raise Halt(self._explained("forbidden-address"), ", ".join(forbidden))
        if self._profile.effective_security == "plain" and not all(map(is_loopback, addresses)):
            raise Halt(self._explained("in-the-clear"), ", ".join(addresses))
        return ", ".join(addresses)

    async def _connect(self) -> str:
        # Given up a little before the step's time-out, so that there is something to tell of each address.
        self._dialled, outcomes = await dial(self._targets, seconds=0.9 * self._limit(Stage.CONNECT))
        peer = next(outcome.address for outcome in outcomes if outcome.reached)
        self._peer = next(target for target in self._targets if target.address == peer)
        if is_v6_silent(outcomes):
            self._warning = self._explained("v6-black-hole")
        told = "; ".join(map(str, outcomes))
        self.transcript.append(f"   {told}, port {self._profile.port}")
        return told

    async def _begin_tls(self) -> str:
        return await self._over(await self._context())

    async def _greet(self) -> str:
        if self.connection is None:
            await self._over(None)
        reply = await self._connected.greeting()
        return str(self._expected(reply, 220))

    async def _start_tls(self) -> str:
        context = await self._context()
        connection = self._connected
        self._stage = Stage.EHLO
        async with asyncio.timeout(self._limit(Stage.EHLO)):
            self._expected(await connection.hello(), 250)
        self._stage = Stage.TLS
        if "starttls" not in connection.extensions:
            raise Halt(self._explained("no-starttls"))
        self._expected(await connection.start_tls(context), 220)
        return self._certificate()

    async def _hello(self) -> str:
        self._expected(await self._connected.hello(), 250)
        offered = self._connected.extensions
        return ", ".join(f"{name} {value}".strip().upper() for name, value in offered.items())

    async def _sign_in(self) -> str:
        if not self._profile.user:
            return "The profile has no user: the server knows this computer by its address, or does not care"
        if "PLAIN" not in self._connected.auth_mechanisms:
            offered = ", ".join(sorted(self._connected.auth_mechanisms)) or "no sign-in at all"
            raise Halt(self._explained("no-auth"), f"offered: {offered}")
        if self._secret is None:
            raise Halt(self._explained("no-password"))
        reply = await self._connected.sign_in(self._profile.user, self._secret)
        return str(self._expected(reply, 235))

    @property
    def _connected(self) -> Connection:
        assert self.connection
        return self.connection

    async def _over(self, context: ssl.SSLContext | None) -> str:
        assert self._dialled
        dialled, self._dialled = self._dialled, None
        host = self._profile.host
        self.connection = await Connection.over(dialled, host=host, context=context, transcript=self.transcript)
        return self._certificate() if context else ""

    def _certificate(self) -> str:
        assert self._connected.tls
        text = str(verified_certificate(self._connected.tls))
        self.transcript.append(f"   {text}")
        return text

    async def _context(self) -> ssl.SSLContext:
        try:
            return await verifying_context(self._profile.ca_file)
        except OSError as error:
            raise Halt(self._explained("ca-file"), self._profile.ca_file) from error

    def _expected(self, reply: Reply, code: int) -> Reply:
        if reply.code != code:
            raise Halt(classify(reply, stage=self._stage, host=self._profile.host), str(reply), reply=reply)
        return reply

    async def _halt(self, error: Exception) -> Halt:
        """What the failure of a step means, after a second look where that tells more."""
        if isinstance(error, Unreachable):
            return Halt(self._explained(error.worst), str(error))
        if isinstance(error, ssl.SSLCertVerificationError):
            return await self._distrusted(error)
        if (
            self._stage is Stage.GREETING
            and self._peer
            and await speaks_tls(self._peer, host=self._profile.host, seconds=self._patience.look)
        ):
            return Halt(self._explained("plain-on-tls-port"))
        return Halt(self._explained(error))

    async def _distrusted(self, error: ssl.SSLCertVerificationError) -> Halt:
        starttls = self._profile.effective_security == "starttls"
        shown = self._peer and await look_at_certificate(
            self._peer, host=self._profile.host, starttls=starttls, seconds=self._patience.look
        )
        if not shown:
            return Halt(self._explained(error), error.verify_message)
        detail = f"{error.verify_message}; shown was: {shown}"
        return Halt(self._explained(error, issuer=shown.issuer), detail)

    def _explained(self, error: Exception | str, *, issuer: str = "") -> Verdict:
        return explain(
            error,
            stage=self._stage,
            host=self._profile.host,
            port=self._profile.port,
            security=self._profile.effective_security,
            issuer=issuer,
        )
