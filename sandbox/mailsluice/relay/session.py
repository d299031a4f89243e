"""A conversation with a smarthost that is signed in once and takes several messages, one after the other."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final

import msgspec

from mailsluice.relay.connection import Connection, NotSmtp
from mailsluice.relay.profile import Profile
from mailsluice.relay.secret import Secret
from mailsluice.relay.targets import Resolver, resolve
from mailsluice.relay.transaction import BeforeDot, Delivery, State, Transaction, examine, is_passing
from mailsluice.relay.walk import PATIENCE, Patience, Step, Walk
from mailsluice.reply import Reply

__all__ = ["Gone", "Session", "open_session"]

_SAME_CONNECTION: Final = "   (over the connection of the message before)"


class Gone(Exception):
    """The server ended the session between two messages; nothing of the next one was sent, so dial anew."""


class Session:
    """One connection, as `open_session` leaves it: signed in, or not, with the reason in `failure`."""

    def __init__(self, walk: Walk, profile: Profile, patience: Patience, failure: Delivery | None) -> None:
        self.failure = failure
        self.profile = profile
        self._walk = walk
        self._patience = patience
        self._messages = 0
        self._began = 0  # where the newest message's part of the transcript begins
        self._hung_up = False

    @property
    def transcript(self) -> tuple[str, ...]:
        """All that was said so far, without secrets."""
        return tuple(self._walk.transcript)

    @property
    def message_transcript(self) -> tuple[str, ...]:
        """What was said so far for the newest message; the way to the server belongs to the first one."""
        return (*((_SAME_CONNECTION,) if self._began else ()), *self._walk.transcript[self._began :])

    @property
    def is_past_dot(self) -> bool:
        """Whether the final dot of the newest message may have been sent."""
        return bool(self._walk.connection and self._walk.connection.dot_sent)

    @property
    def is_usable(self) -> bool:
        """Whether another message may be tried over this connection."""
        connection = self._walk.connection
        return bool(self.failure is None and not self._hung_up and connection and connection.is_usable)

    def begin(self) -> None:
        """Another message is about to be sent: `is_past_dot` speaks of that one from now on."""
        if self._walk.connection:
            self._walk.connection.begin()

    async def send(
        self, raw: bytes, *, sender: str, recipients: Sequence[str], before_dot: BeforeDot | None = None
    ) -> Delivery:
        """Send the message once, byte for byte; if the sign-in had failed, that is the outcome.

        Gone if the session had ended since the message before. Refusal and ValueError as `examine` says.
        """
        self.begin()
        recipients = tuple(dict.fromkeys(recipients))
        await asyncio.to_thread(examine, self.profile, raw, sender=sender, recipients=recipients)
        if self.failure:
            return self.failure
        self._began = len(self._walk.transcript) if self._messages else 0
        connection = self._walk.connection
        assert connection
        if self._messages:
            await self._reset(connection)
        self._messages += 1
        transaction = Transaction(connection, self.profile, self._patience)
        delivery = await transaction.run(raw, sender=sender, recipients=recipients, before_dot=before_dot)
        self._hung_up = bool(delivery.reply and delivery.reply.code == 421)
        return msgspec.structs.replace(delivery, transcript=self.message_transcript)

    async def _reset(self, connection: Connection) -> None:
        """RSET: forget what was refused, and see whether anybody is still there, before there is anything to lose."""
        if not self.is_usable:
            raise Gone
        try:
            async with asyncio.timeout(self._patience.reply):
                reply: Reply = await connection.command("RSET")
        except (OSError, NotSmtp) as error:
            raise Gone from error
        if reply.code != 250:
            raise Gone


@asynccontextmanager
async def open_session(
    profile: Profile,
    secret: Secret | None,
    *,
    on_step: Callable[[Step], None] | None = None,
    patience: Patience = PATIENCE,
    resolver: Resolver = resolve,
) -> AsyncIterator[Session]:
    """Dial and sign in once; `on_step` hears of each step up to the sign-in. Ends with QUIT, where that is understood.

    A way that fails is no error: `failure` says what became of it, and every `send` comes to that. Leaving by an
    exception drops the connection at once.
    """
    walk = Walk(profile, secret, patience=patience, resolver=resolver)
    try:
        async with aclosing(walk.steps()) as steps:
            async for step in steps:
                if on_step:
                    on_step(step)
        failure = None if step.ok else _failure(step, walk)
        yield Session(walk, profile, patience, failure)
        await walk.say_goodbye()
    finally:
        await walk.close()


def _failure(step: Step, walk: Walk) -> Delivery:
    state: State = "deferred" if step.verdict and is_passing(step.verdict) else "failed"
    return Delivery(
        state=state, reply=walk.reply, verdict=step.verdict, stage=step.stage, transcript=tuple(walk.transcript)
    )
