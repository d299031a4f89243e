"""One attempt to hand one message to the smarthost: who was accepted, what was answered, and what that means."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Literal

import msgspec

from mailsluice.errors import Refusal
from mailsluice.gmail.network import explain
from mailsluice.gmail.replies import Stage, Verdict, classify
from mailsluice.relay.connection import Connection, NotSmtp
from mailsluice.relay.fields import is_address
from mailsluice.relay.policy import refusal_for
from mailsluice.relay.profile import Profile
from mailsluice.relay.secret import Secret
from mailsluice.relay.targets import Resolver, resolve
from mailsluice.relay.walk import PATIENCE, Patience, Step, Walk
from mailsluice.reply import Reply

State = Literal["delivered", "partly", "refused", "failed", "deferred", "unknown"]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one attempt.

    - `delivered`, `partly`: the smarthost took it for `accepted`; each of the others has its reply in `refused`;
    - `refused`: it said no, for good; `deferred`: it, or the network, said not now;
    - `failed`: it never came to the message, and trying again by itself would not help;
    - `unknown`: the connection was lost after the final dot; the message may be on its way, so it is not sent again.

    `reply` is the last word: the final line, or the no that ended it.
    """

    state: State
    accepted: tuple[str, ...] = ()
    refused: dict[str, Reply] = {}
    reply: Reply | None = None
    verdict: Verdict | None = None
    transcript: tuple[str, ...] = ()


async def deliver(
    profile: Profile,
    secret: Secret | None,
    raw: bytes,
    *,
    sender: str,
    recipients: Sequence[str],
    on_step: Callable[[Step], None] | None = None,
    patience: Patience = PATIENCE,
    resolver: Resolver = resolve,
) -> Delivery:
    """Sign in once and send the message once, byte for byte; `on_step` hears of each step up to the sign-in.

    Before anything is dialled: Refusal for an address that is none or that the profile may not write to; ValueError
    for a message with other line ends than CRLF, which could leave as other headers than were looked at.
    """
    recipients = tuple(dict.fromkeys(recipients))
    _examine(profile, raw, sender, recipients)
    walk = Walk(profile, secret, patience=patience, resolver=resolver)
    try:
        async with aclosing(walk.steps()) as steps:
            async for step in steps:
                if on_step:
                    on_step(step)
        if not step.ok:
            await walk.say_goodbye()
            state: State = "deferred" if step.verdict and _is_passing(step.verdict) else "failed"
            return Delivery(state=state, reply=walk.reply, verdict=step.verdict, transcript=tuple(walk.transcript))
        assert walk.connection
        transaction = _Transaction(walk.connection, profile, patience)
        delivery = await transaction.run(raw, sender, recipients)
        await walk.say_goodbye()
        return msgspec.structs.replace(delivery, transcript=tuple(walk.transcript))
    finally:
        await walk.close()


def _examine(profile: Profile, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
    if not is_address(sender):
        raise Refusal("The sender must be one bare address, such as name@example.com.", field="sender")
    if not recipients:
        raise Refusal("Name at least one recipient.", field="to")
    for recipient in recipients:
        if refusal := refusal_for(profile, recipient):
            raise refusal
    if not raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r"):
        raise ValueError("a message is sent with CRLF line ends only")


class _Transaction:
    """MAIL, RCPT, DATA and the message, over a connection that is signed in."""

    def __init__(self, connection: Connection, profile: Profile, patience: Patience) -> None:
        self._connection = connection
        self._profile = profile
        self._patience = patience
        self._stage = Stage.MAIL
        self._accepted: list[str] = []
        self._refused: dict[str, Reply] = {}

    async def run(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Delivery:
        """Send once; a lost connection is an outcome, too."""
        foreign = not all(address.isascii() for address in (sender, *recipients))
        if foreign and "smtputf8" not in self._connection.extensions:
            return Delivery(state="refused", verdict=_NO_SMTPUTF8)
        try:
            return await self._converse(raw, sender, recipients, foreign)
        except (OSError, NotSmtp) as error:
            return self._lost(error)

    async def _converse(self, raw: bytes, sender: str, recipients: Sequence[str], foreign: bool) -> Delivery:
        reply = await self._say(Stage.MAIL, f"MAIL FROM:<{sender}>{self._parameters(raw, foreign)}")
        if reply.code != 250:
            return self._declined(reply)
        for recipient in recipients:
            reply = await self._say(Stage.RCPT, f"RCPT TO:<{recipient}>")
            if reply.code in (250, 251):
                self._accepted.append(recipient)
            else:
                self._refused[recipient] = reply
            if reply.code == 421:  # it hangs up
                return self._declined(reply)
        if not self._accepted:
            return self._declined(next(iter(self._refused.values())))
        reply = await self._say(Stage.DATA, "DATA")
        if reply.code != 354:
            return self._declined(reply)
        self._stage = Stage.MESSAGE
        reply = await self._connection.send_message(raw, patience=self._patience.message)
        return self._taken(reply) if reply.code == 250 else self._declined(reply)

    async def _say(self, stage: Stage, line: str) -> Reply:
        self._stage = stage
        async with asyncio.timeout(self._patience.reply):
            return await self._connection.command(line)

    def _parameters(self, raw: bytes, foreign: bool) -> str:
        offered = self._connection.extensions
        parameters = {
            f" SIZE={len(raw)}": "size" in offered,
            " BODY=8BITMIME": "8bitmime" in offered and not raw.isascii(),
            " SMTPUTF8": foreign,
        }
        return "".join(parameter for parameter, wanted in parameters.items() if wanted)

    def _taken(self, reply: Reply) -> Delivery:
        first = next(iter(self._refused.values()), None)
        return Delivery(
            state="partly" if self._refused else "delivered",
            accepted=tuple(self._accepted),
            refused=self._refused,
            reply=reply,
            verdict=self._classified(first, Stage.RCPT) if first else None,
        )

    def _declined(self, reply: Reply) -> Delivery:
        """Nobody gets it: this reply speaks for all who were accepted before."""
        verdict = self._classified(reply, self._stage)
        return Delivery(
            state="deferred" if _is_passing(verdict) else "refused",
            refused=self._refused | dict.fromkeys(self._accepted, reply),
            reply=reply,
            verdict=verdict,
        )

    def _lost(self, error: Exception) -> Delivery:
        kind = "unknown-outcome" if self._connection.dot_sent else error
        # Before the dot the message is not there yet, however much of it has been written.
        stage = Stage.DATA if self._stage is Stage.MESSAGE and not self._connection.dot_sent else self._stage
        verdict = explain(kind, stage=stage, host=self._profile.host, port=self._profile.port)
        state: State = "deferred" if _is_passing(verdict) else "failed"
        return Delivery(state="unknown" if self._connection.dot_sent else state, refused=self._refused, verdict=verdict)

    def _classified(self, reply: Reply, stage: Stage) -> Verdict:
        return classify(reply, stage=stage, host=self._profile.host)


def _is_passing(verdict: Verdict) -> bool:
    return verdict.retry_after is not None or verdict.park > 0


_NO_SMTPUTF8 = Verdict(
    kind="address",
    meaning="An address has letters that this server cannot take: it does not offer SMTPUTF8.",
    remedy="Use an address in plain letters.",
    cause="no-smtputf8",
)
