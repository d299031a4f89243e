"""The store: captures in, lists and bytes out."""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Final

from mailsluice.capture import Capture, SessionRecord, Spool
from mailsluice.errors import StoreError
from mailsluice.locking import FileLock
from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.message.summary import Summary
from mailsluice.store import edits, sessions
from mailsluice.store.database import (
    check_usable,
    connect_reader,
    connect_writer,
    create_private_file,
    explain,
    explained,
    migrate,
)
from mailsluice.store.journal import Journal
from mailsluice.store.readers import Readers
from mailsluice.store.records import Counts, ListedMessage, Receipt
from mailsluice.store.releases import delete_leftover_pieces
from mailsluice.store.rows import SELECT_LISTED, insert_capture, listed, read_receipt, safe_summary
from mailsluice.store.rules import Rules
from mailsluice.store.sources import delete_leftover_chunks, insert_chunks, packed_steps, read_source
from mailsluice.store.tally import Tally
from mailsluice.store.writer import Writer

MEMORY: Final = ":memory:"
LATEST: Final = "latest"
_ABOVE_ALL_KEYS: Final = (1 << 63) - 1
_SPOOLED_AT_ONCE: Final = 2  # each has some 2 MB in memory on its way from file to file
_SUMMARIZED: Final = 512 << 10  # a spooled body's beginning tells what lists need; its attachments are not decoded


class Store:
    """The captured mail of one database file.

    Every write is committed before its method returns; `StoreError` means that nothing of it was kept. Reads never
    wait for writes. `trouble` is empty, or one sentence why captures are refused at the moment. `journal` has the
    releases, `rules` those of automatic release; neither is touched when a message is deleted.
    """

    def __init__(
        self, path: Path, writer: Writer, tally: Tally, on_captured: Callable[[str], None], bounds: Bounds
    ) -> None:
        self.path = path
        self._tally = tally
        self.spool_folder = path.with_name(path.name + ".spool")
        self._writer = writer
        self._on_captured = on_captured
        self._bounds = bounds
        self._readers = Readers(path)
        self.journal = Journal(writer, self._readers)
        self.rules = Rules(writer, self._readers)
        self._spoolers = ThreadPoolExecutor(1, thread_name_prefix="store-spool")
        self._spooling = asyncio.Semaphore(_SPOOLED_AT_ONCE)
        self._adding: set[asyncio.Task[None]] = set()

    @property
    def trouble(self) -> str:
        """Why captures are refused at the moment, in one sentence; empty while all is well."""
        return self._writer.trouble

    def add(self, capture: Capture) -> "asyncio.Future[None]":
        """Store a capture; the future ends when it is committed, though nobody may wait for it any more.

        The future's end is the moment to acknowledge. It ends with StoreError when nothing was kept. A spooled body's
        file is deleted either way.
        """
        if isinstance(capture.body, Spool):
            task = asyncio.create_task(self._add_spooled(capture, capture.body))
            self._adding.add(task)
            task.add_done_callback(self._adding.discard)
            return asyncio.shield(task)
        body = capture.body

        def run(connection: sqlite3.Connection) -> None:
            self._tally.count(insert_capture(connection, capture, safe_summary(body, self._bounds)))

        return self._writer.submit(run, after=lambda _: self._on_captured(capture.id), proves_health=True)

    async def list_messages(
        self, *, limit: int, before: int | None = None, offset: int = 0, received_before: int | None = None
    ) -> list[ListedMessage]:
        """Newest first; `before` is the key to go on below, `received_before` microseconds UTC; limit 0 means all."""
        older = "AND received < :received_before" if received_before is not None else ""
        query = f"{SELECT_LISTED} WHERE key < :before {older} ORDER BY key DESC LIMIT :limit OFFSET :offset"
        values = {
            "before": _ABOVE_ALL_KEYS if before is None else before,
            "received_before": received_before,
            "limit": limit or -1,
            "offset": offset,
        }
        return await self._readers.read(lambda connection: [listed(row) for row in connection.execute(query, values)])

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

    async def counts(self) -> Counts:
        """How much there is, and ever was; constant time."""
        query = (
            "SELECT messages, unread, size, deleted, accepted, accepted_size, rejected FROM counter WHERE mailbox = ''"
        )
        return await self._readers.read(lambda connection: Counts(*connection.execute(query).fetchone()))

    async def size_on_disk(self) -> int:
        """Bytes of the database file and of its write-ahead log."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    async def mark_seen(self, ids: Sequence[str] | None, *, seen: bool) -> list[str]:
        """Mark these messages, or all for None; the ids that changed. Unknown ids are passed over."""

        def run(connection: sqlite3.Connection) -> list[str]:
            self._tally.write(connection)
            return edits.mark_seen(connection, ids, seen=seen)

        return await self._writer.submit(run)

    async def delete(self, ids: Sequence[str] | None) -> list[str] | None:
        """Delete these messages, or all for None; the ids that are gone, None for all. Unknown ids are passed over."""

        def run(connection: sqlite3.Connection) -> list[str] | None:
            self._tally.write(connection)
            return edits.delete(connection, ids)

        return await self._writer.submit(run)

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

    async def _add_spooled(self, capture: Capture, spool: Spool) -> None:
        """Write the pieces in transactions of their own, which holds nobody up; the message's row comes last."""
        loop = asyncio.get_running_loop()
        try:
            async with self._spooling:
                summary = await loop.run_in_executor(self._spoolers, self._summarize_spooled, spool)
                steps = packed_steps(spool)
                while (step := await loop.run_in_executor(self._spoolers, next, steps, None)) is not None:
                    await self._writer.submit(partial(insert_chunks, message_id=capture.id, chunks=step))
                await self._writer.submit(
                    lambda connection: self._tally.count(insert_capture(connection, capture, summary)),
                    after=lambda _: self._on_captured(capture.id),
                    proves_health=True,
                )
        except OSError as error:
            raise StoreError(explain(error, path=self.path)) from error
        except StoreError:
            await self._forget_chunks(capture.id)
            raise
        finally:
            spool.delete()

    def _summarize_spooled(self, spool: Spool) -> Summary:
        with spool.path.open("rb") as file:
            return safe_summary(file.read(_SUMMARIZED), self._bounds)

    async def _forget_chunks(self, id: str) -> None:
        try:
            await self._writer.submit(lambda connection: edits.delete_chunks(connection, id))
        except StoreError:
            return  # the next start removes them

    async def close(self) -> None:
        """Finish what was begun, then let go of the file."""
        if self._adding:
            await asyncio.wait(self._adding)
        self._spoolers.shutdown()
        await self._readers.close()
        await self._writer.close()


@asynccontextmanager
async def open_store(
    path: Path | str,
    *,
    durability: str = "normal",
    on_captured: Callable[[str], None] = lambda id: None,
    on_trouble: Callable[[str], None] = lambda trouble: None,
    bounds: Bounds = DEFAULT,
) -> AsyncIterator[Store]:
    """Open, or create, the database at a path; `:memory:` is a private temporary file that is gone afterwards.

    Both callbacks run on the event loop: `on_captured` with the id of each message just committed, `on_trouble` when
    captures begin to fail (with the reason) or work again (empty). `bounds` say how much of a header is interpreted.
    Raises StoreError, in one clear sentence, when the file is in use, damaged, foreign, newer than this program or not
    writable.
    """
    if str(path) == MEMORY:
        with tempfile.TemporaryDirectory(prefix="mailsluice-") as folder:
            async with _open(Path(folder) / "mail.db", durability, on_captured, on_trouble, bounds) as store:
                yield store
    else:
        async with _open(Path(path), durability, on_captured, on_trouble, bounds) as store:
            yield store


@asynccontextmanager
async def _open(
    path: Path, durability: str, on_captured: Callable[[str], None], on_trouble: Callable[[str], None], bounds: Bounds
) -> AsyncIterator[Store]:
    with explained(path):
        create_private_file(path)
    with FileLock(path.with_name(path.name + ".lock")) as lock:
        if not lock.acquire():
            raise StoreError(
                f"{path} is in use by another Mailsluice (process {lock.holder() or 'unknown'}): "
                "stop that one, or name another file with --database"
            )
        with explained(path):
            connection = _prepare(path, durability)
        tally = Tally()
        writer = Writer(connection, path=path, tally=tally, on_trouble=on_trouble)
        store = Store(path, writer, tally, on_captured, bounds)
        _clear_spool(store.spool_folder)
        try:
            yield store
        finally:
            await store.close()


def _prepare(path: Path, durability: str) -> sqlite3.Connection:
    if path.stat().st_size:
        with closing(connect_reader(path)) as reader:  # what is refused must not be changed
            check_usable(reader, path=path)
    connection = connect_writer(path, durability=durability)
    try:
        migrate(connection)
        delete_leftover_chunks(connection)
        delete_leftover_pieces(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _clear_spool(folder: Path) -> None:
    """Remove bodies whose message was never acknowledged, because the program died in between."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for leftover in folder.iterdir():
        leftover.unlink()
