"""The connection test: from the name to the sign-in, step by step, each told as it ends."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from mailsluice.errors import Refusal
from mailsluice.gmail.network import explain
from mailsluice.gmail.verdict import Stage
from mailsluice.relay.ourselves import Listening, avoiding
from mailsluice.relay.profile import Profile
from mailsluice.relay.secret import Secret
from mailsluice.relay.targets import Resolver, resolve
from mailsluice.relay.walk import PATIENCE, Patience, Step, Walk

__all__ = ["Patience", "Step", "check"]


async def check(
    profile: Profile,
    secret: Secret | None,
    *,
    patience: Patience = PATIENCE,
    resolver: Resolver = resolve,
    listening: Listening = lambda: (),
) -> AsyncGenerator[Step, None]:
    """Walk to the smarthost and sign in once; the first step that fails is the last one.

    `listening` is where this program listens: a name that leads there fails as the first step.
    """
    walk = Walk(profile, secret, patience=patience, resolver=avoiding(resolver, listening))
    try:
        async with aclosing(walk.steps()) as steps:
            async for step in steps:
                yield step
        await walk.say_goodbye()
    except Refusal:
        verdict = explain("ourselves", stage=Stage.NAME, host=profile.host, port=profile.port)
        yield Step(Stage.NAME, f"Find {profile.host}", False, 0.0, f"port {profile.port} is our own", verdict)
    finally:
        await walk.close()
