"""The connection test: from the name to the sign-in, step by step, each told as it ends."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from mailsluice.relay.profile import Profile
from mailsluice.relay.secret import Secret
from mailsluice.relay.targets import Resolver, resolve
from mailsluice.relay.walk import PATIENCE, Patience, Step, Walk

__all__ = ["Patience", "Step", "check"]


async def check(
    profile: Profile, secret: Secret | None, *, patience: Patience = PATIENCE, resolver: Resolver = resolve
) -> AsyncGenerator[Step, None]:
    """Walk to the smarthost and sign in once; the first step that fails is the last one."""
    walk = Walk(profile, secret, patience=patience, resolver=resolver)
    try:
        async with aclosing(walk.steps()) as steps:
            async for step in steps:
                yield step
        await walk.say_goodbye()
    finally:
        await walk.close()
