"""Indexing: behind the captures, in small batches, and faster while somebody searches."""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from mailsluice.errors import StoreError
from mailsluice.message.bounds import Bounds
from mailsluice.store.candidates import read_beginning, read_whole
from mailsluice.store.database import connect_reader, explained
from mailsluice.store.dictionary import Dictionary
from mailsluice.store.finds import Find, store_finds
from mailsluice.store.rows import read_receipt
from mailsluice.store.search_rows import RULES, Entry, entry_of, insert, remove
from mailsluice.store.space import give_back
from mailsluice.store.writer import Writer

log = logging.getLogger(__name__)

T = TypeVar("T")

_BATCH: Final = 200
_BATCH_SECONDS: Final = 0.05
_BUSY_BATCH_SECONDS: Final = 0.01
_BUSY_SECONDS: Final = 0.1
_REST: Final = 6.0
_URGENT_REST: Final = 1.0
_REMOVED_AT_ONCE: Final = 50
_MERGED_PAGES: Final = 100
_RETRY_SECONDS: Final = 2.0

_NEXT: Final = (
    "SELECT source.message, source.receipt, coalesce(message.id, trash.id, '') FROM source "
    "LEFT JOIN message ON message.key = source.message LEFT JOIN trash ON trash.key = source.message "
    "WHERE source.message > (SELECT indexed_to FROM search_state) ORDER BY source.message LIMIT :limit"
)
_BACKLOG: Final = (
    "SELECT (SELECT indexed_to FROM search_state), (SELECT coalesce(max(message), 0) FROM source), "
    "EXISTS (SELECT 1 FROM search_gone)"
)


class Backlog(NamedTuple):
    """The index has every message up to `indexed_to`; the newest one is `newest`."""

    indexed_to: int
    newest: int
    has_gone: bool


class _Batch(NamedTuple):
    entries: list[Entry]
    finds: list[Find]
    words: list[str]
    last: int


def read_backlog(connection: sqlite3.Connection) -> Backlog:
    """How far the index is behind."""
    return Backlog(*connection.execute(_BACKLOG).fetchone())


def prepare(connection: sqlite3.Connection) -> None:
    """Throw away, at the start, an index that another version of this code has made; it is made anew then."""
    (rules,) = connection.execute("SELECT rules FROM search_state").fetchone()
    if rules == RULES:
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')")
    for table in ("search_text", "search_word", "search_gone"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("UPDATE search_state SET indexed_to = 0, rules = :rules", {"rules": RULES})
    connection.execute("COMMIT")


class Indexing:
    """Keeps the index behind the messages while it is open.

    Messages are read and cut into words beside the writer, which stores them in small jobs between its captures. While
    captures come in, indexing works for a small part of the time only, unless a search waits for it. `on_found` hears,
    on the event loop, of the messages with a code or a link.
    """

    def __init__(
        self,
        path: Path,
        writer: Writer,
        dictionary: Dictionary,
        *,
        bounds: Bounds,
        on_found: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._path, self._writer, self._bounds, self._on_found = path, writer, bounds, on_found
        self._dictionary = dictionary
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-indexing")
        self._connection: sqlite3.Connection | None = None
        self._wanted, self._urgent, self._advanced = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._idle, self._rounds, self._settled = asyncio.Event(), 0, 0
        self._wanted.set()  # there may be something from last time
        self._indexed_to, self._waiting = 0, 0
        self._captured_at, self._has_freed, self._is_failing = 0.0, False, False
        self._task = asyncio.create_task(self._work())

    @property
    def is_working(self) -> bool:
        """Whether new messages will be indexed."""
        return not self._task.done()

    @property
    def is_busy(self) -> bool:
        """Whether captures are coming in."""
        return time.monotonic() - self._captured_at < _BUSY_SECONDS

    def has_captured_since(self, moment: float) -> bool:
        """Whether a message came after this time of the monotonic clock."""
        return self._captured_at > moment

    def captured(self) -> None:
        """Tell that there is a new message."""
        self._captured_at = time.monotonic()
        self._wanted.set()

    def deleted(self) -> None:
        """Tell that messages may be gone."""
        self._wanted.set()

    @contextlib.contextmanager
    def urged(self) -> Iterator[None]:
        """Work as fast as captures allow for so long."""
        self._waiting += 1
        self._urgent.set()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._urgent.clear()

    async def reach(self, key: int, *, patience: float) -> None:
        """Wait until the index has this message, for so many seconds at most."""
        with self.urged(), contextlib.suppress(TimeoutError):
            self._wanted.set()
            async with asyncio.timeout(patience):
                while self._indexed_to < key and not self._is_failing and not self._task.done():
                    self._advanced.clear()
                    await self._advanced.wait()

    async def settle(self) -> None:
        """Wait until there is nothing left to do: every message indexed, every trace of deleted ones removed."""
        ended_by = self._rounds + 1  # the one under way may have looked already
        with self.urged():
            while self._settled < ended_by and not self._task.done():
                self._idle.clear()
                self._wanted.set()
                idle = asyncio.create_task(self._idle.wait())
                await asyncio.wait({self._task, idle}, return_when=asyncio.FIRST_COMPLETED)
                idle.cancel()

    async def stop(self) -> None:
        """End the work after the batch that is under way; searches read what is not indexed."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def close(self) -> None:
        """Stop, then let go of the file."""
        await self.stop()
        await asyncio.to_thread(self._thread.shutdown)
        if self._connection:
            self._connection.close()

    async def _work(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._rounds += 1
            try:
                while await self._step():
                    pass
                self._settled, self._is_failing = self._rounds, False
                self._idle.set()
            except StoreError:  # the captures' own trouble, and shown as theirs
                await self._pause()
            except Exception:  # a bug here must not end the indexing in silence; searches read what is not indexed
                log.exception("new mail could not be indexed")
                await self._pause()

    async def _pause(self) -> None:
        """Let go those who wait, and try again later."""
        self._is_failing = True
        self._advanced.set()
        await asyncio.sleep(_RETRY_SECONDS)
        self._wanted.set()

    async def _step(self) -> bool:
        """One batch, and rest as long as captures need the time more; False when there was nothing to do."""
        began = time.monotonic()
        batch, backlog = await self._in_thread(self._read_batch)
        if batch.entries or batch.last:
            await self._writer.submit(lambda connection: _store(connection, batch))
            self._indexed_to, self._is_failing = batch.last, False
            self._advanced.set()
            if batch.finds:
                self._on_found(tuple(find.id for find in batch.finds))
            await self._writer.submit(_merge)  # as much as a batch brings, or the index would fall into many pieces
        elif backlog.has_gone:
            await self._writer.submit(_sweep)
            self._has_freed = True
        elif self._has_freed:
            self._has_freed = await self._writer.submit(give_back)
        elif not await self._writer.submit(_merge):
            self._indexed_to = backlog.indexed_to
            self._advanced.set()
            return False
        await self._rest(time.monotonic() - began)
        return True

    async def _rest(self, worked: float) -> None:
        if not self.is_busy:
            return
        if not self._urgent.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), worked * _REST)
        else:
            await asyncio.sleep(worked * _URGENT_REST)

    async def _in_thread(self, run: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def _read_batch(self) -> tuple[_Batch, Backlog]:
        with explained(self._path):
            if self._connection is None:
                self._connection = connect_reader(self._path)
            connection = self._connection
            connection.execute("BEGIN")
            try:
                self._dictionary.refresh(connection)
                return self._make_batch(connection), read_backlog(connection)
            finally:
                connection.execute("COMMIT")

    def _make_batch(self, connection: sqlite3.Connection) -> _Batch:
        ends = time.monotonic() + (_BUSY_BATCH_SECONDS if self.is_busy else _BATCH_SECONDS)
        batch, words = _Batch([], [], [], 0), set[str]()
        for key, receipt, id in connection.execute(_NEXT, {"limit": _BATCH}):
            reading = read_whole(read_beginning(connection, key, id), read_receipt(receipt), bounds=self._bounds)
            entry, rare = entry_of(key, reading.candidate, dictionary=self._dictionary)
            if reading.code or reading.action:
                batch.finds.append(Find(key, id, reading.code, reading.code_confidence, reading.action))
            batch.entries.append(entry)
            words.update(self._dictionary.promoted(rare, words))
            if time.monotonic() > ends:
                break
        last = batch.entries[-1].key if batch.entries else 0
        return batch._replace(words=sorted(words), last=last)


def _store(connection: sqlite3.Connection, batch: _Batch) -> None:
    """Store a batch with the mark that says so; a message that was purged in this moment stays away."""
    keys = [entry.key for entry in batch.entries]
    holes = ", ".join("?" * len(keys))
    there = {key for (key,) in connection.execute(f"SELECT message FROM source WHERE message IN ({holes})", keys)}
    connection.executemany("INSERT OR IGNORE INTO search_word (word) VALUES (?)", ((word,) for word in batch.words))
    insert(connection, (entry for entry in batch.entries if entry.key in there))
    store_finds(connection, batch.finds)
    connection.execute("UPDATE search_state SET indexed_to = :last", {"last": batch.last})


def _sweep(connection: sqlite3.Connection) -> None:
    """Remove the index's rows of some messages that are gone."""
    if not connection.execute("SELECT 1 FROM source LIMIT 1").fetchone():
        connection.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')")
        for table in ("search_text", "search_gone"):
            connection.execute(f"DELETE FROM {table}")
        return
    gone = connection.execute("SELECT key FROM search_gone LIMIT :most", {"most": _REMOVED_AT_ONCE}).fetchall()
    remove(connection, (key for (key,) in gone))
    connection.executemany("DELETE FROM search_gone WHERE key = ?", gone)


def _merge(connection: sqlite3.Connection) -> bool:
    """Merge a little of the index; whether there was anything to merge."""
    before = connection.total_changes
    connection.execute(
        "INSERT INTO search_index (search_index, rank) VALUES ('merge', :pages)", {"pages": _MERGED_PAGES}
    )
    return connection.total_changes - before > 1
