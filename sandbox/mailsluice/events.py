"""Publish and subscribe: what happened to the captured mail, told after the commit."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from mailsluice.capture import new_id

_BACKLOG: Final = 1000


class Event(msgspec.Struct, frozen=True):
    """Something that happened to the captured mail."""


class Captured(Event, frozen=True):
    """A message was stored and acknowledged; `id` is its name outside."""

    id: str


class Marked(Event, frozen=True):
    """Messages became seen or unseen."""

    ids: tuple[str, ...]
    seen: bool


class Deleted(Event, frozen=True):
    """Messages were deleted; None means all of them but the pinned ones, or all of a mailbox."""

    ids: tuple[str, ...] | None
    mailbox: str = ""


class Restored(Event, frozen=True):
    """A deletion was taken back; None means more messages than anybody names."""

    ids: tuple[str, ...] | None


class Found(Event, frozen=True):
    """In these messages a code or a link to act on was found."""

    ids: tuple[str, ...]


class Pinned(Event, frozen=True):
    """Messages were pinned or let go of."""

    ids: tuple[str, ...]
    pinned: bool


class Tagged(Event, frozen=True):
    """Messages have other tags; None means that a tag was renamed or deleted wherever it was."""

    ids: tuple[str, ...] | None


class ReleaseChanged(Event, frozen=True):
    """A release was queued, or came further; `message` is what it is a copy of."""

    id: str
    message: str
    state: str


class RulesChanged(Event, frozen=True):
    """A rule of automatic release was made, ended or turned off."""


class SessionKept(Event, frozen=True):
    """A session ended without a message, or was refused something."""

    id: str


class TroubleChanged(Event, frozen=True):
    """Captures are refused from now on (`trouble` says why), or work again (empty)."""

    trouble: str


class Subscription:
    """Events from the moment of subscribing, in order, until the publisher closes.

    A subscriber that falls more than 1,000 events behind loses the oldest: `missed` counts them.
    """

    def __init__(self) -> None:
        self.missed = 0
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()

    def put(self, event: Event | None) -> None:
        """Queue an event; None ends the subscription."""
        if self._queue.qsize() >= _BACKLOG:
            self._queue.get_nowait()
            self.missed += 1
        self._queue.put_nowait(event)

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self._queue.get()) is not None:
            yield event

    async def next(self) -> Event | None:
        """The next event, or None when the publisher has closed."""
        return await self._queue.get()

    def drain(self) -> bool:
        """Forget all waiting events; False if the publisher has closed meanwhile."""
        while not self._queue.empty():
            if self._queue.get_nowait() is None:
                return False
        return True


class Events:
    """Fan-out to everyone who watches. `sequence` names the newest event and differs after a restart."""

    def __init__(self) -> None:
        self._run = new_id()[:8]
        self._number = 0
        self._subscriptions: set[Subscription] = set()
        self._closed = False

    @property
    def sequence(self) -> str:
        """A name for the newest event: equal names mean that nothing happened in between."""
        return f"{self._run}-{self._number}"

    def publish(self, event: Event) -> None:
        """Tell every subscriber; call it on the event loop, after the commit."""
        self._number += 1
        for subscription in self._subscriptions:
            subscription.put(event)

    def close(self) -> None:
        """End every subscription, now and later."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.put(None)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Receive events while inside the context."""
        subscription = Subscription()
        if self._closed:
            subscription.put(None)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
