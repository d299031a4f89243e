"""The releases: records that outlive their messages, with the bytes that went; what a profile sent; what is parked."""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from json import dumps
from typing import Final

import msgspec

from mailsluice.capture import now
from mailsluice.release import Parking, Release
from mailsluice.store import releases
from mailsluice.store.readers import Readers
from mailsluice.store.records import ABOVE_ALL_KEYS
from mailsluice.store.releases import Piece, read_release
from mailsluice.store.writer import Writer

_LEDGER: Final = 48 * 3600 * 1_000_000

_read_parking = msgspec.json.Decoder(Parking).decode


class Journal:
    """What the outbox stands on.

    Every change is on the disk before its method returns; `StoreError` means that nothing of it was kept. Kept are the
    newest 10,000 finished records, and 1 GiB of the bytes of finished releases; what is open is kept in any case.
    """

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer, self._readers = writer, readers
        self._adding = asyncio.Lock()

    async def add(self, drafts: Sequence[tuple[Release, bytes]]) -> list[Release]:
        """Keep releases with their bytes, all or none; of an id that is known already, the stored record comes back."""
        async with self._adding:  # of two that add one id at once, the second finds the first one's
            known = await self._known([release.id for release, _ in drafts])
            fresh = {release.id: (release, raw) for release, raw in reversed(drafts) if release.id not in known}
            try:
                await self._write_pieces(releases.packed_steps(fresh.values()))
                return await self._writer.submit(partial(_insert, drafts=drafts), durable=True)
            except BaseException:
                self._forget_pieces(fresh)
                raise

    async def update(self, release: Release, *, sent: int = 0) -> None:
        """Replace the record; `sent` recipients, newly accepted, enter the ledger in the same transaction.

        Raises LookupError for a release that was never added.
        """

        def run(connection: sqlite3.Connection) -> None:
            releases.update(connection, release)
            if sent:
                _enter(connection, release.profile, at=release.changed, recipients=sent)
            if not release.is_open:
                releases.forget_oldest(connection)

        await self._writer.submit(run, durable=True)

    async def get(self, id: str) -> Release | None:
        """The record of this id."""
        return await self._readers.read(lambda connection: releases.find(connection, id))

    async def source(self, id: str) -> bytes | None:
        """The bytes of this release, or None if they are not kept any more."""
        return await self._readers.read(lambda connection: releases.read_pieces(connection, id))

    async def open(self) -> list[Release]:
        """Every release that goes on by itself, oldest first."""
        return await self._releases("SELECT record FROM release WHERE is_open = 1 ORDER BY key")

    async def newest_of(self, messages: Sequence[str]) -> dict[str, Release]:
        """The newest release of each of these messages that has one."""
        query = (
            "SELECT record FROM release WHERE key IN (SELECT max(key) FROM release "
            "WHERE message IN (SELECT value FROM json_each(:messages)) GROUP BY message)"
        )
        return {release.message: release for release in await self._releases(query, messages=dumps(messages))}

    async def count_of(self, message: str) -> int:
        """How many releases of this message there are."""
        return await self._number("SELECT count(*) FROM release WHERE message = :message", message=message)

    async def released_by(self, rule: str, since: int) -> int:
        """How many messages a rule has queued since then."""
        query = "SELECT count(DISTINCT message) FROM release WHERE rule = :rule AND rule <> '' AND created >= :since"
        return await self._number(query, rule=rule, since=since)

    async def last_recipients(self, profile: str) -> tuple[str, ...]:
        """To whom a person last released through this profile, other than to themselves; empty if never.

        What a program asked for in Mailpit's way is no person's choice, and those of a batch were for that one.
        """
        query = (
            "SELECT record FROM release WHERE profile = :profile AND rule = '' AND batch = '' AND is_to_me = 0 "
            "AND coalesce(json_extract(record, '$.origin'), '') <> 'mailpit api' "
            "ORDER BY key DESC LIMIT 1"
        )
        return tuple(
            one.address for release in await self._releases(query, profile=profile) for one in release.recipients
        )

    async def states(self, batch: str = "") -> dict[str, int]:
        """How many releases, of all or of a batch, there are in each state that occurs."""
        where = "WHERE batch = :batch AND batch <> ''" if batch else ""
        query = f"SELECT state, count(*) FROM release {where} GROUP BY state"
        return await self._readers.read(lambda connection: dict(connection.execute(query, {"batch": batch}).fetchall()))

    async def sent_since(self, profile: str, since: int) -> list[tuple[int, int]]:
        """When and to how many recipients mail left through the profile, oldest first; known for 48 hours."""
        query = "SELECT at, recipients FROM sent WHERE profile = :profile AND at >= :since ORDER BY at, key"
        values = {"profile": profile, "since": since}
        return await self._readers.read(lambda connection: connection.execute(query, values).fetchall())

    async def count_sent(self, profile: str, recipients: int) -> None:
        """Enter recipients mailed otherwise than by a release, such as by a test mail."""
        await self._writer.submit(partial(_enter, profile=profile, at=now(), recipients=recipients), durable=True)

    async def park(self, profile: str, parking: Parking | None) -> None:
        """Park the profile, or end its parking."""

        def run(connection: sqlite3.Connection) -> None:
            if parking is None:
                connection.execute("DELETE FROM parking WHERE profile = :profile", {"profile": profile})
                return
            connection.execute(
                "INSERT INTO parking (profile, record) VALUES (:profile, :record) "
                "ON CONFLICT (profile) DO UPDATE SET record = excluded.record",
                {"profile": profile, "record": msgspec.json.encode(parking).decode()},
            )

        await self._writer.submit(run, durable=True)

    async def parkings(self) -> dict[str, Parking]:
        """Every parked profile."""
        query = "SELECT profile, record FROM parking ORDER BY profile"
        rows = await self._readers.read(lambda connection: connection.execute(query).fetchall())
        return {profile: _read_parking(record) for profile, record in rows}

    async def _known(self, ids: Sequence[str]) -> set[str]:
        query = "SELECT id FROM release WHERE id IN (SELECT value FROM json_each(:ids))"
        values = {"ids": dumps(ids)}
        return await self._readers.read(lambda connection: {id for (id,) in connection.execute(query, values)})

    async def _write_pieces(self, steps: Iterator[Sequence[Piece]]) -> None:
        """Write the pieces in transactions of their own; the rows come after, and make these durable too."""
        while (step := await asyncio.to_thread(next, steps, None)) is not None:
            await self._writer.submit(partial(releases.insert_pieces, pieces=step))

    def _forget_pieces(self, ids: Iterable[str]) -> None:
        """Remove what a failed attempt has left, unless its rows were kept after all; nobody waits for it."""
        forgotten = self._writer.submit(partial(_delete_leftovers, ids=tuple(ids)))
        forgotten.add_done_callback(lambda done: done.exception())  # the next start removes them

    async def _number(self, query: str, **values: str | int) -> int:
        return await self._readers.read(lambda connection: int(connection.execute(query, values).fetchone()[0]))

    async def _releases(self, query: str, **values: str | int) -> list[Release]:
        def run(connection: sqlite3.Connection) -> list[Release]:
            return [read_release(record) for (record,) in connection.execute(query, values)]

        return await self._readers.read(run)

    # Last, as its name hides the type's within this class.
    async def list(
        self,
        *,
        limit: int,
        before: int | None = None,
        message: str = "",
        profile: str = "",
        state: str = "",
        batch: str = "",
    ) -> list[tuple[int, Release]]:
        """Keys and records, newest first, of what is given; `before` is the key to go on below; limit 0 means all."""
        given = {"message": message, "profile": profile, "state": state, "batch": batch}
        query = f"SELECT key, record FROM release WHERE {_where(given)} ORDER BY key DESC LIMIT :limit"
        values = {"before": ABOVE_ALL_KEYS if before is None else before, "limit": limit or -1, **given}

        def run(connection: sqlite3.Connection) -> list[tuple[int, Release]]:
            return [(key, read_release(record)) for key, record in connection.execute(query, values)]

        return await self._readers.read(run)


def _where(given: dict[str, str]) -> str:
    """The condition on those columns that have a value; the names are ours."""
    # Said twice: SQLite takes an index over what is not empty only where the query says so.
    return " AND ".join(
        ("key < :before", *(f"{name} = :{name} AND {name} <> ''" for name, value in given.items() if value))
    )


def _insert(connection: sqlite3.Connection, drafts: Sequence[tuple[Release, bytes]]) -> list[Release]:
    stored = []
    for release, raw in drafts:
        known = releases.find(connection, release.id)
        if known is None:
            releases.insert(connection, release, kept=len(raw))
        stored.append(known or release)
    return stored


def _enter(connection: sqlite3.Connection, profile: str, *, at: int, recipients: int) -> None:
    connection.execute(
        "INSERT INTO sent (profile, at, recipients) VALUES (:profile, :at, :recipients)",
        {"profile": profile, "at": at, "recipients": recipients},
    )
    connection.execute(
        "DELETE FROM sent WHERE profile = :profile AND at < :old", {"profile": profile, "old": at - _LEDGER}
    )


def _delete_leftovers(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    query = "DELETE FROM release_chunk WHERE release_id = ? AND release_id NOT IN (SELECT id FROM release)"
    connection.executemany(query, ((id,) for id in ids))
