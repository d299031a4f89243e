"""A store with rules of automatic release over it, and an outbox that sends nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from mailsluice.automatic import Automatic
from mailsluice.capture import Capture, Envelope, Recipient, SessionFacts, new_id, now
from mailsluice.events import Captured, Events, RulesChanged
from mailsluice.relay.profile import draft_profile
from mailsluice.relay.profiles import Profiles
from mailsluice.relay.vault import Vault
from mailsluice.release import Quota, Release
from mailsluice.releasing import Releasing
from mailsluice.rule import Rule
from mailsluice.store import Store, open_store

BOB = "bob@example.test"


class Outbox:
    """Keeps what is to be sent, and sends nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.queued: asyncio.Queue[Release] = asyncio.Queue()

    async def quota(self, profile: object) -> Quota:
        return Quota(0, 0)

    def parking(self, profile: str) -> None:
        return None

    async def add(self, drafts: Sequence[tuple[Release, bytes]]) -> list[Release]:
        kept = await self._store.journal.add(drafts)
        for release in kept:
            self.queued.put_nowait(release)
        return kept


class Place:
    """A store with rules over it; the clock can be moved."""

    def __init__(self, store: Store, profiles: Profiles, vault: Vault, events: Events) -> None:
        self.store, self.profiles, self.events = store, profiles, events
        self.outbox = Outbox(store)
        self.releasing = Releasing(store, self.outbox, profiles, vault)  # type: ignore[arg-type]  # the part it uses
        self.later = 0

    @asynccontextmanager
    async def rules(self) -> AsyncIterator[Automatic]:
        async with Automatic(self.store, self.releasing, self.events, clock=self.clock) as automatic:
            yield automatic

    def clock(self) -> int:
        return now() + self.later

    async def capture(self, subject: str, *, sender: str = "app@example.test") -> str:
        raw = f"From: {sender}\r\nTo: anybody@example.test\r\nSubject: {subject}\r\n\r\nHello.\r\n".encode()
        facts = SessionFacts(id=new_id(), peer="127.0.0.1:40000", began=now(), helo="app", extended=True)
        envelope = Envelope(sender, (Recipient("anybody@example.test"),))
        capture = Capture(new_id(), now() + self.later, envelope, facts, (), raw)
        await self.store.add(capture)
        return capture.id

    async def released(self) -> Release:
        async with asyncio.timeout(10):
            return await self.outbox.queued.get()

    def allow(self, *patterns: str) -> None:
        profile = self.profiles.list()[0]
        self.profiles.save(msgspec.structs.replace(profile, allow=patterns), old_name=profile.name)


async def changed(automatic: Automatic, events: Events, id: str, *, note: str) -> Rule:
    """The rule as soon as its note says this."""
    with events.subscribe() as subscription:
        async with asyncio.timeout(10):
            while True:
                (rule,) = [one for one in automatic.rules if one.id == id]
                if note in rule.note:
                    return rule
                while not isinstance(await subscription.next(), RulesChanged):
                    pass


@asynccontextmanager
async def open_place(folder: Path) -> AsyncIterator[Place]:
    """The place, with one profile `out` that may write to @example.test."""
    events, profiles = Events(), Profiles(folder / "configuration")
    profiles.save(
        draft_profile(name="out", preset="custom", host="mail.invalid", sender_address=BOB, allow="@example.test")
    )
    async with open_store(folder / "mail.db", on_captured=lambda id: events.publish(Captured(id))) as store:
        yield Place(store, profiles, Vault(folder / "configuration", {}, keyring=lambda: None), events)
