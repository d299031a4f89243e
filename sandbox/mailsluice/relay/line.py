"""The connection of a lane: dialled when there is something to send, kept while the server keeps it."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from mailsluice.errors import Refusal
from mailsluice.gmail.verdict import Stage, Verdict
from mailsluice.relay.profile import Profile
from mailsluice.relay.session import Gone, Session, open_session
from mailsluice.relay.targets import Resolver
from mailsluice.relay.transaction import BeforeDot, Delivery
from mailsluice.relay.vault import Vault
from mailsluice.relay.walk import Patience


class Stopping(Exception):
    """The program ends: the final dot is not sent any more."""


class Line:
    """At most one open session, while it is entered; leaving by an exception drops it at once."""

    def __init__(self, vault: Vault, *, resolver: Resolver, patience: Patience) -> None:
        self._vault, self._resolver, self._patience = vault, resolver, patience
        self._stack = AsyncExitStack()
        self._session: Session | None = None
        self._was_past_dot = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()
        await self._stack.__aexit__(kind, error, trace)

    @property
    def is_past_dot(self) -> bool:
        """Whether the final dot of the newest message may have been sent."""
        return self._session.is_past_dot if self._session else self._was_past_dot

    @property
    def transcript(self) -> tuple[str, ...]:
        """What was said so far for the newest message, once the connection stands."""
        return self._session.message_transcript if self._session else ()

    def begin(self) -> None:
        """Another message is about to be sent: `is_past_dot` speaks of that one from now on."""
        self._was_past_dot = False
        if self._session:
            self._session.begin()

    async def send(
        self, profile: Profile, raw: bytes, *, sender: str, recipients: Sequence[str], before_dot: BeforeDot
    ) -> Delivery:
        """Send once, over the open session if it is still good for this profile, else with one sign-in.

        A password that cannot be had is an outcome as if the sign-in had failed.
        """
        self.begin()
        if self._session and self._session.profile != profile:
            await self._hang_up()
        await self.tidy()
        delivery = None
        if self._session:
            try:
                delivery = await self._session.send(raw, sender=sender, recipients=recipients, before_dot=before_dot)
            except Gone:
                await self._hang_up()
        if delivery is None:
            try:
                secret = await self._vault.get(profile)
            except Refusal as refusal:
                return _without_password(refusal)
            session = await self._stack.enter_async_context(
                open_session(profile, secret, patience=self._patience, resolver=self._resolver)
            )
            self._session = session
            delivery = await session.send(raw, sender=sender, recipients=recipients, before_dot=before_dot)
        return delivery

    async def tidy(self) -> None:
        """Hang up if nothing more can be sent over the session."""
        if self._session and not self._session.is_usable:
            await self._hang_up()

    async def _hang_up(self) -> None:
        self._forget()
        await self._stack.aclose()

    def _forget(self) -> None:
        self._was_past_dot = self.is_past_dot
        self._session = None


def _without_password(refusal: Refusal) -> Delivery:
    verdict = Verdict(
        "auth",
        refusal.reason,
        "See to it that the password can be had, then try again.",
        link=refusal.link,
        cause="no-password",
    )
    return Delivery(state="failed", verdict=verdict, stage=Stage.AUTH)
