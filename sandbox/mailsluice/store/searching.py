"""The search: what a query finds, newest first."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Generic, TypeVar

from mailsluice.message.bounds import Bounds
from mailsluice.search import And, Query, Term
from mailsluice.search.words import normal
from mailsluice.store.completing import NAMES, PEOPLE, completions, not_yet
from mailsluice.store.counters import read_counts
from mailsluice.store.dictionary import Dictionary
from mailsluice.store.indexing import Indexing, read_backlog
from mailsluice.store.lookup import ABOVE_ALL_KEYS, DEEPEST, Lookup, depth_of
from mailsluice.store.readers import Readers
from mailsluice.store.records import ListedMessage
from mailsluice.store.rows import SELECT_LISTED, listed
from mailsluice.store.scanning import scan
from mailsluice.store.search_sql import header_says
from mailsluice.store.writer import Writer

T = TypeVar("T")

_PATIENCE: Final = 30.0  # to read what is not indexed takes as long as to index it, and each search does it again
_READ_UNINDEXED: Final = 30  # so many messages are read sooner than indexed
_READ_FIRST: Final = 100  # and what stands in so many of the newest needs no index
_CACHE_KB: Final = 16_000
_COMPLETED_FROM: Final = 200
_ROUNDS: Final = 5


class Searching:
    """Finds messages; one that was acknowledged before a search began is found by it, one that is deleted is not.

    A query with problems finds nothing. Reads never wait for writes, except for the index to come near. A search whose
    caller is cancelled ends at once.
    """

    def __init__(
        self, path: Path, writer: Writer, *, bounds: Bounds, on_found: Callable[[tuple[str, ...]], None]
    ) -> None:
        self._bounds, self._dictionary = bounds, Dictionary()
        self._readers = Readers(path)
        self.indexing = Indexing(path, writer, self._dictionary, bounds=bounds, on_found=on_found)

    async def find(
        self, query: Query, *, limit: int, before: int | None = None, offset: int = 0, mailbox: str = ""
    ) -> list[ListedMessage]:
        """Newest first; `before` is the key to go on below, limit 0 means all; an empty mailbox means any."""
        if query.problems:
            return []
        below = ABOVE_ALL_KEYS if before is None else before

        def run(connection: sqlite3.Connection) -> list[ListedMessage]:
            keys = self._keys(connection, query, mailbox=mailbox, before=below, limit=limit, offset=offset)
            rows = (connection.execute(f"{SELECT_LISTED} WHERE message.key = ?", (key,)).fetchone() for key in keys)
            return [listed(row) for row in rows if row]

        return await self._read(run, enough=partial(self._is_enough, query, mailbox, below, offset + limit))

    async def ids(self, query: Query, *, mailbox: str = "") -> list[str]:
        """The ids of all that the query finds, newest first."""
        if query.problems:
            return []

        def run(connection: sqlite3.Connection) -> list[str]:
            keys = self._keys(connection, query, mailbox=mailbox, before=ABOVE_ALL_KEYS, limit=0, offset=0)
            rows = (connection.execute("SELECT id FROM message WHERE key = ?", (key,)).fetchone() for key in keys)
            return [row[0] for row in rows if row]

        return await self._read(run)

    async def count(self, query: Query, *, mailbox: str = "") -> tuple[int, int]:
        """How many messages the query finds, and how many of them are unread."""
        if query.problems:
            return 0, 0

        def run(connection: sqlite3.Connection) -> tuple[int, int]:
            if query == Query():
                counts = read_counts(connection, mailbox)
                return counts.messages, counts.unread
            mark = _indexed_to(connection, query)
            seen = [seen for _, seen in self._scan(connection, query, mailbox, mark, ABOVE_ALL_KEYS)]
            if not mark:
                return len(seen), seen.count(False)
            matching, unread = Lookup(connection, query, mailbox, self._dictionary).count(up_to=mark)
            return matching + len(seen), unread + seen.count(False)

        return await self._read(run)

    async def complete(self, field: str, prefix: str, *, limit: int) -> list[str]:
        """What may stand after `from:`, `to:`, `cc:`, `bcc:`, `reply-to:`, `addressed:`, `tag:` or `mailbox:`.

        Addresses of newer messages first, found by any part of the address or the name that stands with it; tags and
        mailboxes that begin with the prefix. Other fields have none.
        """
        if query := NAMES.get(field):
            names = await self._readers.read(lambda connection: connection.execute(query).fetchall())
            return sorted(name for (name,) in names if name and normal(name).startswith(normal(prefix)))[:limit]
        if field not in PEOPLE:
            return []
        found: dict[str, None] = {}
        for _ in range(_ROUNDS):
            messages = await self.find(not_yet(field, prefix, found), limit=_COMPLETED_FROM)
            found.update(dict.fromkeys(completions(messages, field=field, prefix=prefix)))
            if len(found) >= limit or len(messages) < _COMPLETED_FROM:
                break
        return list(found)[:limit]

    def informed(self, on_captured: Callable[[str], None]) -> Callable[[str], None]:
        """The same function; the index hears of the capture as well."""

        def told(id: str) -> None:
            on_captured(id)
            self.indexing.captured()

        return told

    async def close(self) -> None:
        """End what is under way, then let go of the file."""
        await self.indexing.close()
        await self._readers.close()

    def _keys(
        self, connection: sqlite3.Connection, query: Query, *, mailbox: str, before: int, limit: int, offset: int
    ) -> list[int]:
        """Those that the index does not know yet are the newest: they come first."""
        mark = _indexed_to(connection, query)
        fresh = (key for key, _ in self._scan(connection, query, mailbox, mark, before))
        found = list(islice(fresh, offset + limit if limit else None))
        if not mark or (limit and len(found) == offset + limit):
            return found[offset:]
        lookup = Lookup(connection, query, mailbox, self._dictionary)
        rest = lookup.keys(
            before=min(before, mark + 1),
            limit=limit - len(found[offset:]) if limit else 0,
            offset=max(0, offset - len(found)),
        )
        return found[offset:] + rest

    def _scan(
        self, connection: sqlite3.Connection, query: Query, mailbox: str, above: int, before: int
    ) -> Iterator[tuple[int, bool]]:
        limited = Query(And((query.root, Term("mailbox", normal(mailbox))))) if mailbox else query
        return scan(connection, limited, above=above, before=before, bounds=self._bounds)

    def _is_enough(self, query: Query, mailbox: str, before: int, wanted: int, connection: sqlite3.Connection) -> bool:
        """Whether the newest few messages hold all that is wanted."""
        above = read_backlog(connection).newest - _READ_FIRST
        found = self._scan(connection, query, mailbox, above, before)
        return before > above and 0 < wanted == sum(1 for _ in islice(found, wanted))

    async def _read(
        self,
        run: Callable[[sqlite3.Connection], T],
        *,
        enough: Callable[[sqlite3.Connection], bool] = lambda connection: False,
    ) -> T:
        """Run in one view of the database that holds all that was acknowledged before."""
        indexed_to, newest, _ = await self._readers.read(read_backlog)
        if newest - indexed_to > _READ_UNINDEXED and not await self._readers.read(enough):
            await self.indexing.reach(newest, patience=_PATIENCE)
        looking = _Looking(run, self._dictionary)
        try:
            return await self._readers.read(looking)
        except asyncio.CancelledError:
            looking.interrupt()
            raise


def _indexed_to(connection: sqlite3.Connection, query: Query) -> int:
    """Up to which key the index is asked; 0 for what it cannot be asked."""
    return read_backlog(connection).indexed_to if depth_of(query.root) <= DEEPEST else 0


class _Looking(Generic[T]):
    """One search on a reader's connection, which another thread may interrupt while it lasts, and no longer."""

    def __init__(self, run: Callable[[sqlite3.Connection], T], dictionary: Dictionary) -> None:
        self._run, self._dictionary = run, dictionary
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._unwanted = False

    def __call__(self, connection: sqlite3.Connection) -> T:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        connection.create_function("header_says", 3, header_says, deterministic=True)
        connection.execute("BEGIN")
        try:
            with self._lock:
                if self._unwanted:
                    raise asyncio.CancelledError
                self._connection = connection
            self._dictionary.refresh(connection)
            return self._run(connection)
        finally:
            with self._lock:
                self._connection = None
            with suppress(sqlite3.Error):
                connection.execute("COMMIT")

    def interrupt(self) -> None:
        """End it: nobody waits for what it finds."""
        with self._lock:
            self._unwanted = True
            if self._connection:
                self._connection.interrupt()
