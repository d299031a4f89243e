"""What every lane of an outbox works with."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from mailsluice.relay.journal import Journal
from mailsluice.relay.profiles import Profiles
from mailsluice.relay.targets import Resolver
from mailsluice.relay.turns import Turns
from mailsluice.relay.vault import Vault
from mailsluice.relay.walk import Patience
from mailsluice.release import Release

Pause = Callable[[asyncio.Event, float | None], Awaitable[None]]
"""Waits until the event is set, at most so many seconds (None: for ever)."""


class Surroundings(msgspec.Struct, frozen=True):
    """What every lane of an outbox works with; `tell` hears of each change of a release or a parking."""

    journal: Journal
    profiles: Profiles
    vault: Vault
    turns: Turns
    resolver: Resolver
    clock: Callable[[], int]
    patience: Patience
    pause: Pause
    tell: Callable[[Release | None], None]
