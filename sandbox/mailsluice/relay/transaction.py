"""One message over a connection that is signed in: MAIL, RCPT, DATA, the message; and what became of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal

import msgspec

from mailsluice.errors import Refusal
from mailsluice.gmail.network import explain
from mailsluice.gmail.replies import Stage, Verdict, classify
from mailsluice.relay.connection import Connection, NotSmtp
from mailsluice.relay.fields import is_address
from mailsluice.relay.policy import refusal_for
from mailsluice.relay.profile import Profile
from mailsluice.relay.walk import Patience
from mailsluice.reply import Reply

State = Literal["delivered", "partly", "refused", "failed", "deferred", "unknown"]
BeforeDot = Callable[[], Awaitable[None]]
"""Awaited when the whole message is written, before the final dot; if it raises, no dot is sent."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one attempt.

    - `delivered`, `partly`: the smarthost took it for `accepted`; each of the others has its reply in `refused`;
    - `refused`: it said no, for good; `deferred`: it, or the network, said not now;
    - `failed`: it never came to the message, and trying again by itself would not help;
    - `unknown`: the connection was lost after the final dot; the message may be on its way, so it is not sent again.

    `reply` is the last word: the final line, or the no that ended it; `stage` is where it ended.
    """

    state: State
    accepted: tuple[str, ...] = ()
    refused: dict[str, Reply] = {}
    reply: Reply | None = None
    verdict: Verdict | None = None
    stage: Stage | None = None
    transcript: tuple[str, ...] = ()


def examine(profile: Profile, raw: bytes, *, sender: str, recipients: Sequence[str]) -> None:
    """Refusal for an address that is none or that the profile may not write to; ValueError for other line ends than
    CRLF, which could leave as other headers than were looked at."""
    if not is_address(sender):
        raise Refusal("The sender must be one bare address, such as name@example.com.", field="sender")
    if not recipients:
        raise Refusal("Name at least one recipient.", field="to")
    for recipient in recipients:
        if refusal := refusal_for(profile, recipient):
            raise refusal
    if not raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r"):
        raise ValueError("a message is sent with CRLF line ends only")


def is_passing(verdict: Verdict) -> bool:
    """Whether the same may go better later."""
    return verdict.retry_after is not None or verdict.park > 0


class Transaction:
    """MAIL, RCPT, DATA and the message, once."""

    def __init__(self, connection: Connection, profile: Profile, patience: Patience) -> None:
        self.stage = Stage.MAIL
        self._connection = connection
        self._profile = profile
        self._patience = patience
        self._accepted: list[str] = []
        self._refused: dict[str, Reply] = {}

    async def run(
        self, raw: bytes, *, sender: str, recipients: Sequence[str], before_dot: BeforeDot | None = None
    ) -> Delivery:
        """Send once; a lost connection is an outcome, too. What `before_dot` raises is raised."""
        self._connection.begin()
        foreign = not all(address.isascii() for address in (sender, *recipients))
        if foreign and "smtputf8" not in self._connection.extensions:
            return Delivery(state="refused", verdict=_NO_SMTPUTF8, stage=Stage.MAIL)
        try:
            if no := await self._address(raw, sender, recipients, foreign):
                return no
            self.stage = Stage.MESSAGE
            reply = await self._connection.send_message(raw, patience=self._patience.message, before_dot=before_dot)
        except (OSError, NotSmtp) as error:
            return self._lost(error)
        if 300 <= reply.code < 400:  # neither yes nor no to a message that is there
            self._connection.distrust()
            return self._lost(NotSmtp())
        return self._taken(reply) if reply.code < 300 else self._declined(reply)

    async def _address(self, raw: bytes, sender: str, recipients: Sequence[str], foreign: bool) -> Delivery | None:
        """Everything before the message; a Delivery if that ended it."""
        reply = await self._say(Stage.MAIL, f"MAIL FROM:<{sender}>{self._parameters(raw, foreign)}")
        if not _is_yes(reply):
            return self._declined(reply)
        for recipient in recipients:
            reply = await self._say(Stage.RCPT, f"RCPT TO:<{recipient}>")
            if _is_yes(reply):
                self._accepted.append(recipient)
            else:
                self._refused[recipient] = reply
            if reply.code == 421:  # it hangs up
                return self._declined(reply)
        if not self._accepted:
            return self._declined(next(iter(self._refused.values())))
        reply = await self._say(Stage.DATA, "DATA")
        if reply.code == 354:
            return None
        if reply.code < 400:
            self._connection.distrust()
        return self._declined(reply)

    async def _say(self, stage: Stage, line: str) -> Reply:
        self.stage = stage
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
            stage=self.stage,
        )

    def _declined(self, reply: Reply) -> Delivery:
        """Nobody gets it: this reply speaks for all who were accepted before."""
        verdict = self._classified(reply, self.stage)
        return Delivery(
            state="deferred" if is_passing(verdict) else "refused",
            refused=self._refused | dict.fromkeys(self._accepted, reply),
            reply=reply,
            verdict=verdict,
            stage=self.stage,
        )

    def _lost(self, error: Exception) -> Delivery:
        is_there = self._connection.dot_sent
        # Before the dot the message is not there yet, however much of it has been written.
        stage = Stage.DATA if self.stage is Stage.MESSAGE and not is_there else self.stage
        kind = "unknown-outcome" if is_there else error
        verdict = explain(kind, stage=stage, host=self._profile.host, port=self._profile.port)
        state: State = "unknown" if is_there else "deferred" if is_passing(verdict) else "failed"
        return Delivery(state=state, refused=self._refused, verdict=verdict, stage=stage)

    def _classified(self, reply: Reply, stage: Stage) -> Verdict:
        return classify(reply, stage=stage, host=self._profile.host)


def _is_yes(reply: Reply) -> bool:
    """Any 2yz (RFC 5321 section 4.2.1): who takes a yes for a no mails somebody twice."""
    return 200 <= reply.code < 300


_NO_SMTPUTF8: Final = Verdict(
    kind="address",
    meaning="An address has letters that this server cannot take: it does not offer SMTPUTF8.",
    remedy="Use an address in plain letters.",
    cause="no-smtputf8",
)
