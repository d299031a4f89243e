"""The store: captures in, lists and bytes out."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mailsluice.capture import Capture, SessionRecord
from mailsluice.message.bounds import Bounds
from mailsluice.store import counters, deletions, edits, retention, sessions, tags
from mailsluice.store.editing import Editing
from mailsluice.store.intake import Intake
from mailsluice.store.journal import Journal
from mailsluice.store.readers import Readers
from mailsluice.store.records import ABOVE_ALL_KEYS, Counts, Deletion, ListedMessage, Receipt
from mailsluice.store.retention import Limits
from mailsluice.store.rows import SELECT_LISTED, listed, read_receipt
from mailsluice.store.rules import Rules
from mailsluice.store.searching import Searching
from mailsluice.store.sorting import Sorter
from mailsluice.store.sources import read_source
from mailsluice.store.tally import Tally
from mailsluice.store.upkeep import Upkeep
from mailsluice.store.writer import Writer

LATEST: Final = "latest"


class Store(Editing):
    """The captured mail of one database file.

    Every write is committed before its method returns; `StoreError` means that nothing of it was kept. Reads never
    wait for writes. `trouble` is empty, or one sentence why captures are refused at the moment. `journal` has the
    releases, `rules` those of automatic release; neither is touched when a message is deleted. `search` finds messages.
    """

    def __init__(
        self,
        path: Path,
        writer: Writer,
        tally: Tally,
        *,
        sorter: Sorter,
        limits: Limits,
        bounds: Bounds,
        clock: Callable[[], int],
        on_captured: Callable[[str], None],
        on_deleted: Callable[[tuple[str, ...]], None],
        on_found: Callable[[tuple[str, ...]], None],
    ) -> None:
        self.path = path
        self.spool_folder = path.with_name(path.name + ".spool")
        self._writer, self._tally, self._clock, self._limits = writer, tally, clock, limits
        self._readers, self._moving = Readers(path), asyncio.Lock()
        self.journal = Journal(writer, self._readers)
        self.rules = Rules(writer, self._readers)
        self.search = Searching(path, writer, bounds=bounds, on_found=on_found)
        deleted = self.search.indexing.deleted
        self.upkeep = Upkeep(writer, tally, limits=limits, clock=clock, on_deleted=on_deleted, on_purged=deleted)
        informed = self.search.informed(on_captured)

        def captured(id: str) -> None:
            self.upkeep.captured()
            informed(id)

        self._intake = Intake(writer, tally, sorter, path=path, bounds=bounds, on_captured=captured)

    @property
    def trouble(self) -> str:
        """Why captures are refused at the moment, in one sentence; empty while all is well."""
        return self._writer.trouble

    def add(self, capture: Capture) -> "asyncio.Future[None]":
        """Store a capture; the future ends when it is committed, though nobody may wait for it any more.

        The future's end is the moment to acknowledge. It ends with StoreError when nothing was kept. A spooled body's
        file is deleted either way.
        """
        return self._intake.add(capture)

    async def list_messages(
        self,
        *,
        limit: int,
        before: int | None = None,
        offset: int = 0,
        received_before: int | None = None,
        mailbox: str = "",
    ) -> list[ListedMessage]:
        """Newest first, of all mailboxes or of one; limit 0 means all.

        `before` is the key to go on below, `received_before` microseconds UTC.
        """
        where = "key < :before"
        where += " AND received < :received_before" if received_before is not None else ""
        where += " AND mailbox = :mailbox" if mailbox else ""
        query = f"{SELECT_LISTED} WHERE {where} ORDER BY key DESC LIMIT :limit OFFSET :offset"
        values = {
            "before": ABOVE_ALL_KEYS if before is None else before,
            "received_before": received_before,
            "limit": limit or -1,
            "offset": offset,
            "mailbox": mailbox,
        }
        return await self._readers.read(lambda connection: [listed(row) for row in connection.execute(query, values)])

    async def newer_than(self, key: int, *, mailbox: str = "") -> str:
        """The id of the next newer message, of all mailboxes or of one; empty if there is none."""
        where = "key > :key" + (" AND mailbox = :mailbox" if mailbox else "")
        query, values = f"SELECT id FROM message WHERE {where} ORDER BY key LIMIT 1", {"key": key, "mailbox": mailbox}

        def run(connection: sqlite3.Connection) -> str:
            row = connection.execute(query, values).fetchone()
            return row[0] if row else ""

        return await self._readers.read(run)

    async def get(self, id: str) -> ListedMessage | None:
        """The message of this id, or the newest one for `latest`."""
        where = "ORDER BY key DESC LIMIT 1" if id == LATEST else "WHERE id = :id"

        def run(connection: sqlite3.Connection) -> ListedMessage | None:
            row = connection.execute(f"{SELECT_LISTED} {where}", {"id": id}).fetchone()
            return listed(row) if row else None

        return await self._readers.read(run)

    async def raw(self, id: str) -> bytes | None:
        """The exact bytes of a message, or None if there is no such message."""
        return await self._readers.read(lambda connection: read_source(connection, id))

    async def receipt(self, id: str) -> Receipt | None:
        """How a message came, or None if there is no such message."""
        query = "SELECT receipt FROM source WHERE message = (SELECT key FROM message WHERE id = :id)"

        def run(connection: sqlite3.Connection) -> Receipt | None:
            row = connection.execute(query, {"id": id}).fetchone()
            return read_receipt(row[0]) if row else None

        return await self._readers.read(run)

    async def counts(self, mailbox: str = "") -> Counts:
        """How much there is, and ever was, in all or in a mailbox; constant time. Rejected mail is counted in all."""
        return await self._readers.read(lambda connection: counters.read_counts(connection, mailbox))

    async def exceeded(self, *, messages: int, size: int) -> Limits:
        """Those of the limits of all mail that so many more messages and bytes would go beyond; the rest is 0."""
        return await self._readers.read(
            lambda connection: retention.exceeded(connection, self._limits, messages=messages, size=size)
        )

    async def mailboxes(self) -> list[tuple[str, Counts]]:
        """Each mailbox that has messages, by name, with how much is in it."""
        return await self._readers.read(counters.list_counts)

    async def tags(self, ids: Sequence[str] | None = None) -> dict[str, int]:
        """How many messages, of all or of these, have each tag, by name."""
        if ids is None:
            return await self._readers.read(tags.count_tags)
        return await self._readers.read(lambda connection: tags.count_tags_of(connection, ids))

    async def open_deletions(self, tokens: Sequence[str] | None = None) -> list[Deletion]:
        """What can still be taken back: the newest, newest first, or of these tokens in their order; without ids."""
        now = self._clock()
        return await self._readers.read(lambda connection: deletions.open_deletions(connection, now=now, tokens=tokens))

    async def deletion_of(self, id: str) -> Deletion | None:
        """The deletion by which this message went, if it can be taken back; without ids."""
        now = self._clock()
        return await self._readers.read(lambda connection: deletions.deletion_of(connection, id, now=now))

    async def size_on_disk(self) -> int:
        """Bytes of the database file and of its write-ahead log."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def keep_session(self, record: SessionRecord) -> "asyncio.Future[None]":
        """Keep a session that brought no message or was refused something, and count what was refused."""
        return self._writer.submit(lambda connection: sessions.insert_session(connection, record))

    async def list_sessions(self, *, limit: int) -> list[SessionRecord]:
        """The newest sessions that brought no message or were refused something."""
        return await self._readers.read(lambda connection: sessions.list_sessions(connection, limit=limit))

    async def get_session(self, id: str) -> SessionRecord | None:
        """The kept session of this id."""
        return await self._readers.read(lambda connection: sessions.get_session(connection, id))

    async def probe(self) -> None:
        """Find out whether captures would work again, by writing and deleting a large row; clears `trouble` if so."""
        await self._writer.submit(edits.write_ballast, proves_health=True)
        await self._writer.submit(edits.delete_ballast)

    async def close(self) -> None:
        """Finish what was begun, then let go of the file."""
        await self._intake.close()
        await self.search.close()
        await self._readers.close()
        await self._writer.close()
