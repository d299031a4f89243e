"""What the tests of the outbox share: a journal in memory, a clock that is turned by hand, drafts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from mailsluice.capture import new_id, now
from mailsluice.errors import StoreError
from mailsluice.relay.outbox import Outbox
from mailsluice.relay.profile import Profile
from mailsluice.relay.profiles import Profiles
from mailsluice.relay.turns import Turns
from mailsluice.relay.vault import Vault
from mailsluice.release import Parking, RecipientReply, Release
from tests.gmail import FakeGmail
from tests.smarthost import HURRY, SECRET, USER, gmail_profile, loopback

SECOND: Final = 1_000_000
BOB: Final = "bob@example.com"
RAW: Final = b"From: ada@gmail.com\r\nTo: bob@example.com\r\nSubject: Hello\r\nMessage-ID: <1@x.test>\r\n\r\nHello\r\n"


class Clock:
    """Microseconds UTC that stand still until `advance`; with `runs`, waiting takes no time and moves them on."""

    def __init__(self, *, runs: bool = False) -> None:
        self.time, self.runs = now(), runs
        self._tick = asyncio.Event()

    def __call__(self) -> int:
        return self.time

    def advance(self, seconds: float) -> None:
        """Let so much time pass for everybody who waits."""
        self.time += round(seconds * SECOND)
        tick, self._tick = self._tick, asyncio.Event()
        tick.set()

    async def pause(self, event: asyncio.Event, seconds: float | None) -> None:
        """Wait for the event, or for the time."""
        if self.runs and seconds is not None:
            await asyncio.sleep(0)
            if not event.is_set():
                self.time += max(1, round(seconds * SECOND))
            return
        waits = [asyncio.ensure_future(one.wait()) for one in (event, self._tick)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()


class MemoryJournal:
    """Keeps releases as long as the test runs; `history` has all that was ever written.

    `before` is asked before each write; what it raises is raised.
    """

    def __init__(self, time: Callable[[], int]) -> None:
        self.records: dict[str, bytes] = {}
        self.sources: dict[str, bytes] = {}
        self.ledger: list[tuple[str, int, int]] = []
        self.parked: dict[str, Parking] = {}
        self.history: list[Release] = []
        self.before: Callable[[Release], None] = lambda release: None
        self._time = time

    def copy(self) -> "MemoryJournal":
        """The journal as a program finds it that starts now."""
        copy = MemoryJournal(self._time)
        copy.records, copy.sources = dict(self.records), dict(self.sources)
        copy.ledger, copy.parked = list(self.ledger), dict(self.parked)
        return copy

    async def add(self, drafts: Sequence[tuple[Release, bytes]]) -> list[Release]:
        await asyncio.sleep(0)
        for release, raw in drafts:
            if release.id not in self.records:
                self.sources[release.id] = raw
                self._write(release)
        return [self.record(release.id) for release, _ in drafts]

    async def update(self, release: Release, *, sent: int = 0) -> None:
        await asyncio.sleep(0)
        assert release.id in self.records
        self._write(release)
        if sent:
            self.ledger.append((release.profile, self._time(), sent))
        await asyncio.sleep(0)

    async def get(self, id: str) -> Release | None:
        await asyncio.sleep(0)
        return self.record(id) if id in self.records else None

    async def source(self, id: str) -> bytes | None:
        return self.sources.get(id)

    async def open(self) -> list[Release]:
        return [release for release in map(self.record, self.records) if release.is_open]

    async def sent_since(self, profile: str, since: int) -> list[tuple[int, int]]:
        return [(at, count) for name, at, count in self.ledger if name == profile and at >= since]

    async def count_sent(self, profile: str, recipients: int) -> None:
        self.ledger.append((profile, self._time(), recipients))

    async def park(self, profile: str, parking: Parking | None) -> None:
        self.parked.pop(profile, None)
        if parking:
            self.parked[profile] = parking

    async def parkings(self) -> dict[str, Parking]:
        return dict(self.parked)

    def record(self, id: str) -> Release:
        """The record as it is on disk."""
        return msgspec.json.decode(self.records[id], type=Release)

    def _write(self, release: Release) -> None:
        self.before(release)
        self.records[release.id] = msgspec.json.encode(release)
        self.history.append(release)


class Workplace:
    """A fake Gmail's profile with its password, a journal and a clock; `open` opens an outbox over them."""

    def __init__(self, gmail: FakeGmail, folder: Path, *, runs: bool = False) -> None:
        self.gmail, self.folder = gmail, folder
        self.clock = Clock(runs=runs)
        self.journal = MemoryJournal(self.clock)
        self.profiles, self.vault, self.turns = Profiles(folder), Vault(folder, {}), Turns()
        self.changes: list[Release] = []

    async def add_profile(self, **changes: Any) -> Profile:
        """Save a profile and its password."""
        profile = gmail_profile(self.gmail, **{"allow": ("*@*",)} | changes)
        old = profile.name if await asyncio.to_thread(self.profiles.get, profile.name) else ""
        profile = await asyncio.to_thread(self.profiles.save, profile, old_name=old, by_hand=True)
        await self.vault.keep(profile, SECRET)
        return profile

    @asynccontextmanager
    async def open(self, journal: MemoryJournal | None = None, **changes: Any) -> AsyncIterator[Outbox]:
        """An outbox that works until the context ends."""
        standard: dict[str, Any] = {
            "turns": self.turns,
            "on_changed": self.changes.append,
            "resolver": loopback,
            "clock": self.clock,
            "pause": self.clock.pause,
            "patience": HURRY,
        }
        async with Outbox(journal or self.journal, self.profiles, self.vault, **standard | changes) as outbox:
            yield outbox

    def draft(self, profile: Profile, *to: str, **changes: Any) -> tuple[Release, bytes]:
        """A release that was agreed to just now, and its bytes."""
        standard: dict[str, Any] = {
            "id": new_id(),
            "message": new_id(),
            "profile": profile.name,
            "route": profile.binding,
            "created": self.clock(),
            "changed": self.clock(),
            "sender": USER,
            "recipients": tuple(RecipientReply(one) for one in to or (BOB,)),
            "size": len(RAW),
        }
        return Release(**standard | changes), RAW

    def commands(self, verb: str) -> list[str]:
        """The commands of this kind that the smarthost has heard."""
        return [event.text for event in self.gmail.log if event.kind == "command" and event.text.startswith(verb)]


def full_disk(release: Release) -> None:
    """A `before` of a journal that cannot be written."""
    raise StoreError("The disk is full.")
