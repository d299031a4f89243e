"""The tool without a browser: store, events and SMTP listener under one lifetime."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, NamedTuple

from mailsluice.automatic import Automatic
from mailsluice.capture import SessionRecord, now
from mailsluice.events import Captured, Deleted, Events, Marked, ReleaseChanged, SessionKept, TroubleChanged
from mailsluice.instance import new_token
from mailsluice.message.bounds import Bounds
from mailsluice.relay.outbox import Outbox
from mailsluice.relay.profiles import Profiles, configuration_folder
from mailsluice.relay.turns import Turns
from mailsluice.relay.vault import Vault
from mailsluice.release import Release
from mailsluice.releasing import Releasing
from mailsluice.settings import Settings
from mailsluice.smtp.listener import Listener
from mailsluice.store import Store, StoreError, open_store

_PROBE_SECONDS: Final = 2.0


class Accounts(NamedTuple):
    """Through which accounts mail may leave, their passwords, and whose turn it is to dial."""

    profiles: Profiles
    vault: Vault
    turns: Turns


class Sandbox:
    """Captures mail while it is open. Pages and APIs read from `store`, and write through the methods here.

    `smtp_addresses` are the places where it listens, as a person would type them; `began` is microseconds UTC; `bounds`
    go with every parse. `profiles` and `vault` are those of the user's configuration folder; whoever dials takes his
    turn at `turns`. `releasing` says what a release would do and queues it, `outbox` sends it, `automatic` holds the
    rules. `token` opens what a web page must not reach.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        events: Events,
        smtp_addresses: tuple[str, ...],
        *,
        accounts: Accounts,
        outbox: Outbox,
        releasing: Releasing,
        automatic: Automatic,
    ) -> None:
        self.settings, self.store, self.events, self.smtp_addresses = settings, store, events, smtp_addresses
        self.outbox, self.releasing, self.automatic = outbox, releasing, automatic
        self.profiles, self.vault, self.turns = accounts
        self.token = new_token()
        self.began = now()
        self.bounds = header_bounds(settings)

    async def mark_seen(self, ids: Sequence[str] | None, *, seen: bool) -> None:
        """Mark these messages, or all for None, and tell everyone who watches."""
        changed = await self.store.mark_seen(ids, seen=seen)
        if changed:
            self.events.publish(Marked(tuple(changed), seen))

    async def delete(self, ids: Sequence[str] | None) -> None:
        """Delete these messages, or all for None, and tell everyone who watches."""
        gone = await self.store.delete(ids)
        if gone is None or gone:
            self.events.publish(Deleted(None if gone is None else tuple(gone)))

    async def reconsider(self, profile: str) -> None:
        """Let go on what waits because a sign-in was refused: the profile or its password changed, or a test passed."""
        parking = self.outbox.parking(profile)
        if parking and not parking.until:
            await self.outbox.resume(profile)


@asynccontextmanager
async def open_sandbox(
    settings: Settings,
    *,
    database: str,
    smtp_sockets: Sequence[socket.socket],
    events: Events | None = None,
    accounts: Accounts | None = None,
) -> AsyncIterator[Sandbox]:
    """Open the database, then serve SMTP on bound sockets until the context ends.

    `accounts` are those of the user's configuration folder unless others are given. At the end new sessions are
    refused, captures in flight are committed and acknowledged, every other session hears 421, a message whose final
    dot was sent gets a few seconds for its answer, and only then the store closes.
    """
    events, accounts = events or Events(), accounts or own_accounts()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_store(
                database,
                durability=settings.durability,
                on_captured=lambda id: events.publish(Captured(id)),
                on_trouble=lambda trouble: events.publish(TroubleChanged(trouble)),
                bounds=header_bounds(settings),
            )
        )
        await stack.enter_async_context(_probing(store))
        listener = await stack.enter_async_context(
            Listener(
                smtp_sockets,
                capture=store.add,
                spool_folder=store.spool_folder,
                settings=settings,
                on_session=lambda record: _keep(record, store=store, events=events),
            )
        )
        outbox = await stack.enter_async_context(_outbox(store, events, accounts, listener))
        releasing = Releasing(store, outbox, accounts.profiles, accounts.vault, bounds=header_bounds(settings))
        automatic = await stack.enter_async_context(
            Automatic(
                store,
                releasing,
                events,
                own_addresses=lambda: listener.addresses,
                bounds=header_bounds(settings),
            )
        )
        yield Sandbox(
            settings,
            store,
            events,
            listener.addresses,
            accounts=accounts,
            outbox=outbox,
            releasing=releasing,
            automatic=automatic,
        )


def header_bounds(settings: Settings) -> Bounds:
    """How much of a header is interpreted, as the settings say."""
    return Bounds(fields=settings.max_header_fields, size=settings.max_header_size)


def own_accounts() -> Accounts:
    """Those of the user's configuration folder and environment."""
    folder = configuration_folder()
    return Accounts(Profiles(folder), Vault(folder, os.environ), Turns())


def _outbox(store: Store, events: Events, accounts: Accounts, listener: Listener) -> Outbox:
    return Outbox(
        store.journal,
        accounts.profiles,
        accounts.vault,
        turns=accounts.turns,
        on_changed=lambda release: events.publish(_changed(release)),
        own_addresses=lambda: listener.addresses,
    )


def _changed(release: Release) -> ReleaseChanged:
    return ReleaseChanged(release.id, release.message, release.state)


def _keep(record: SessionRecord, *, store: Store, events: Events) -> None:
    def tell(kept: "asyncio.Future[None]") -> None:
        if not kept.cancelled() and kept.exception() is None:
            events.publish(SessionKept(record.facts.id))

    store.keep_session(record).add_done_callback(tell)


@asynccontextmanager
async def _probing(store: Store) -> AsyncIterator[None]:
    """While captures are refused, find out by ourselves when the disk takes them again."""

    async def probe() -> None:
        while True:
            await asyncio.sleep(_PROBE_SECONDS)
            if store.trouble:
                with contextlib.suppress(StoreError):  # still in trouble
                    await store.probe()

    task = asyncio.create_task(probe())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
