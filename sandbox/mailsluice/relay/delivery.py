"""One attempt to hand one message to the smarthost: who was accepted, what was answered, and what that means."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from mailsluice.relay.profile import Profile
from mailsluice.relay.secret import Secret
from mailsluice.relay.session import open_session
from mailsluice.relay.targets import Resolver, resolve
from mailsluice.relay.transaction import BeforeDot, Delivery, State, examine
from mailsluice.relay.walk import PATIENCE, Patience, Step

__all__ = ["Delivery", "State", "deliver"]


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
    before_dot: BeforeDot | None = None,
) -> Delivery:
    """Sign in once and send the message once, byte for byte; `on_step` hears of each step up to the sign-in.

    Before anything is dialled: Refusal for an address that is none or that the profile may not write to; ValueError
    for a message with other line ends than CRLF, which could leave as other headers than were looked at. `before_dot`
    is awaited when all but the final dot is sent; if it raises, no dot is sent and the connection is dropped.
    """
    await asyncio.to_thread(examine, profile, raw, sender=sender, recipients=recipients)
    async with open_session(profile, secret, on_step=on_step, patience=patience, resolver=resolver) as session:
        delivery = await session.send(raw, sender=sender, recipients=recipients, before_dot=before_dot)
    return msgspec.structs.replace(delivery, transcript=session.transcript)
