"""The tool without a browser: store, events and SMTP listener under one lifetime."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, NamedTuple

from mailsluice.automatic import Automatic
from mailsluice.capture import SessionRecord, now
from mailsluice.events import (
    Captured,
    Deleted,
    Events,
    Found,
    Marked,
    Pinned,
    ReleaseChanged,
    Restored,
    SessionKept,
    Tagged,
    TroubleChanged,
)
from mailsluice.instance import new_token
from mailsluice.message.bounds import Bounds
from mailsluice.preview.process import Previews
from mailsluice.relay.outbox import Outbox
from mailsluice.relay.profiles import Profiles, configuration_folder
from mailsluice.relay.turns import Turns
from mailsluice.relay.vault import Vault
from mailsluice.release import Release
from mailsluice.releasing import Releasing
from mailsluice.settings import Settings
from mailsluice.smtp.listener import Listener, address_text
from mailsluice.store import Deletion, Limits, Sorting, Store, StoreError, open_store

_PROBE_SECONDS: Final = 2.0


class Accounts(NamedTuple):
    """Through which accounts mail may leave, their passwords, and whose turn it is to dial."""

    profiles: Profiles
    vault: Vault
    turns: Turns


class Sandbox:
    """Captures mail while it is open. Pages and APIs read from `store`, and write through the methods here.

    `smtp_addresses` are the places where it listens, as a person would type them, `own_addresses` those and the ones of
    the pages: mail that is sent there would only come back. `began` is microseconds UTC; `bounds`
    go with every parse. `profiles` and `vault` are those of the user's configuration folder; whoever dials takes his
    turn at `turns`. `releasing` says what a release would do and queues it, `outbox` sends it, `automatic` holds the
    rules, `previews` draws attachments. `token` opens what a web page must not reach.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        events: Events,
        smtp_addresses: tuple[str, ...],
        *,
        own_addresses: tuple[str, ...],
        accounts: Accounts,
        outbox: Outbox,
        releasing: Releasing,
        automatic: Automatic,
        previews: Previews,
    ) -> None:
        self.settings, self.store, self.events, self.smtp_addresses = settings, store, events, smtp_addresses
        self.own_addresses = own_addresses
        self.outbox, self.releasing, self.automatic, self.previews = outbox, releasing, automatic, previews
        self.profiles, self.vault, self.turns = accounts
        self.token = new_token()
        self.began = now()
        self.bounds = header_bounds(settings)

    async def mark_seen(self, ids: Sequence[str] | None, *, seen: bool, mailbox: str = "") -> list[str]:
        """Mark these messages, or for None all (of a mailbox); the ids that changed. Everyone who watches is told."""
        changed = await self.store.mark_seen(ids, seen=seen, mailbox=mailbox)
        if changed:
            self.events.publish(Marked(tuple(changed), seen))
        return changed

    async def delete(self, ids: Sequence[str] | None, *, mailbox: str = "", pinned: bool = False) -> Deletion:
        """Delete these messages, or for None all (of a mailbox) but the pinned ones, and those too with `pinned`.

        Everyone who watches is told. For ten seconds `undo` takes the deletion back by its token.
        """
        deletion = await self.store.delete(ids, mailbox=mailbox, pinned=pinned)
        if ids is None or deletion.messages:
            self.events.publish(Deleted(deletion.ids, mailbox))
        return deletion

    async def undo(self, deleted: str | Sequence[str]) -> list[Deletion]:
        """Take back the deletion of this token, or those by which messages of these ids went; empty: it is too late."""
        found = await self.store.undo(deleted)
        for deletion in found:
            self.events.publish(Restored(deletion.ids))
        return found

    async def pin(self, ids: Sequence[str], *, pinned: bool) -> list[str]:
        """Pin these messages, or let go of them; the ids that changed. Everyone who watches is told."""
        changed = await self.store.pin(ids, pinned=pinned)
        if changed:
            self.events.publish(Pinned(tuple(changed), pinned))
        return changed

    async def set_tags(self, ids: Sequence[str], names: Iterable[str]) -> None:
        """Give these messages these tags and no others."""
        self._tell_tagged(await self.store.set_tags(ids, names))

    async def add_tags(self, ids: Sequence[str], names: Iterable[str]) -> list[str]:
        """Give these messages these tags too; the ids that exist."""
        self._tell_tagged(found := await self.store.add_tags(ids, names))
        return found

    async def remove_tags(self, ids: Sequence[str], names: Iterable[str]) -> list[str]:
        """Take these tags from these messages; the ids that exist."""
        self._tell_tagged(found := await self.store.remove_tags(ids, names))
        return found

    async def rename_tag(self, old: str, new: str) -> None:
        """Give a tag another name; LookupError if there is no such tag, Refusal if the new name is taken or no name."""
        await self.store.rename_tag(old, new)
        self.events.publish(Tagged(None))

    async def delete_tag(self, name: str) -> None:
        """Take a tag from every message; LookupError if there is no such tag."""
        await self.store.delete_tag(name)
        self.events.publish(Tagged(None))

    def _tell_tagged(self, ids: Sequence[str]) -> None:
        if ids:
            self.events.publish(Tagged(tuple(ids)))

    async def reconsider(self, profile: str) -> None:
        """Let go on what waits for the user: the profile or its password was changed, or has passed a test."""
        await self.outbox.reconsider(profile)


@asynccontextmanager
async def open_sandbox(
    settings: Settings,
    *,
    database: str,
    smtp_sockets: Sequence[socket.socket],
    web_sockets: Sequence[socket.socket] = (),
    events: Events | None = None,
    accounts: Accounts | None = None,
) -> AsyncIterator[Sandbox]:
    """Open the database, then serve SMTP on bound sockets until the context ends.

    `web_sockets` are where the pages are served, by somebody else: nothing is released to these either. `accounts` are
    those of the user's configuration folder unless others are given. At the end new sessions are
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
                on_deleted=lambda ids: events.publish(Deleted(ids)),
                on_found=lambda ids: events.publish(Found(ids)),
                on_trouble=lambda trouble: events.publish(TroubleChanged(trouble)),
                bounds=header_bounds(settings),
                sorting=_sorting(settings),
                limits=_limits(settings),
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
        own_addresses = (*listener.addresses, *map(address_text, web_sockets))
        outbox = await stack.enter_async_context(_outbox(store, events, accounts, own_addresses))
        releasing = Releasing(
            store,
            outbox,
            accounts.profiles,
            accounts.vault,
            own_addresses=lambda: own_addresses,
            bounds=header_bounds(settings),
        )
        automatic = await stack.enter_async_context(
            Automatic(
                store,
                releasing,
                events,
                own_addresses=lambda: own_addresses,
                bounds=header_bounds(settings),
            )
        )
        yield Sandbox(
            settings,
            store,
            events,
            listener.addresses,
            own_addresses=own_addresses,
            accounts=accounts,
            outbox=outbox,
            releasing=releasing,
            automatic=automatic,
            previews=await stack.enter_async_context(Previews()),
        )


def header_bounds(settings: Settings) -> Bounds:
    """How much of a header is interpreted, as the settings say."""
    return Bounds(fields=settings.max_header_fields, size=settings.max_header_size)


def _sorting(settings: Settings) -> Sorting:
    return Sorting(
        mailbox_rules=settings.mailbox_rule,
        mailbox_by_tag=settings.mailbox_by_tag,
        tag_rules=settings.tag_rule,
        by_plus=not settings.no_plus_tags,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        messages=settings.max_messages,
        age=settings.max_age,
        size=settings.max_bytes,
        mailboxes=dict(settings.mailbox_max),
    )


def own_accounts() -> Accounts:
    """Those of the user's configuration folder and environment."""
    folder = configuration_folder()
    return Accounts(Profiles(folder), Vault(folder, os.environ), Turns())


def _outbox(store: Store, events: Events, accounts: Accounts, own_addresses: Sequence[str]) -> Outbox:
    return Outbox(
        store.journal,
        accounts.profiles,
        accounts.vault,
        turns=accounts.turns,
        on_changed=lambda release: events.publish(_changed(release)),
        own_addresses=lambda: own_addresses,
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
