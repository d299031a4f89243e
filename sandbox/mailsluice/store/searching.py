"""The search: what a query finds, newest first."""

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

from mailsluice.message.bounds import Bounds
from mailsluice.search import Query
from mailsluice.search.words import normal
from mailsluice.store.completing import NAMES, PEOPLE, completions, not_yet
from mailsluice.store.counters import read_counts
from mailsluice.store.dictionary import Dictionary
from mailsluice.store.indexing import Indexing
from mailsluice.store.looking import Asked, Found, Manner, look
from mailsluice.store.readers import Readers
from mailsluice.store.records import ABOVE_ALL_KEYS, ListedMessage
from mailsluice.store.rows import SELECT_LISTED, listed
from mailsluice.store.search_sql import header_says
from mailsluice.store.writer import Writer

T = TypeVar("T")

_GLANCE: Final = 0.15  # seconds: so long each search reads what is not indexed
_READING: Final = 5.0  # so long when it is its turn: captures need the interpreter more than several searches at once
_PATIENCE: Final = 30.0  # to wait for the index
_CACHE_KB: Final = 16_000
_COMPLETED_FROM: Final = 200
_ROUNDS: Final = 5


class Page(NamedTuple):
    """A page of what a query finds, and how many it finds in all, and how many of them are unread."""

    messages: list[ListedMessage]
    matching: int
    unread: int


class Searching:
    """Finds messages; one that was acknowledged before a search began is found by it, one that is deleted is not.

    A query with problems finds nothing. Reads never wait for writes, except for the index to come near. A search whose
    caller is cancelled ends at once.
    """

    def __init__(
        self, path: Path, writer: Writer, *, bounds: Bounds, on_found: Callable[[tuple[str, ...]], None]
    ) -> None:
        self._bounds, self._dictionary = bounds, Dictionary()
        self._readers, self._turn = Readers(path), asyncio.Lock()
        self.indexing = Indexing(path, writer, self._dictionary, bounds=bounds, on_found=on_found)

    async def find(
        self, query: Query, *, limit: int, before: int | None = None, offset: int = 0, mailbox: str = ""
    ) -> list[ListedMessage]:
        """Newest first; `before` is the key to go on below, limit 0 means all; an empty mailbox means any."""
        asked = Asked(query, mailbox, limit, offset, ABOVE_ALL_KEYS if before is None else before)
        return [] if query.problems else await self._answer(asked, _listed)

    async def newer_than(self, key: int, query: Query, *, mailbox: str = "") -> str:
        """The id of the next newer message that the query finds; empty if there is none."""
        if query.problems:
            return ""
        found = await self._answer(Asked(query, mailbox, above=key), _ids)
        return found[0] if found else ""

    async def page(self, query: Query, *, limit: int, offset: int = 0, mailbox: str = "") -> Page:
        """What `find` and `count` say, of the same moment and for the price of one; limit 0 only counts."""
        if query.problems:
            return Page([], 0, 0)
        asked = Asked(query, mailbox, limit, offset, lists=limit > 0, counts=True)
        return await self._answer(asked, lambda connection, found: Page(_listed(connection, found), *found[1:3]))

    async def ids(self, query: Query, *, mailbox: str = "", before: int | None = None, limit: int = 0) -> list[str]:
        """The ids of all that the query finds, newest first; `before` and `limit` as for `find`."""
        asked = Asked(query, mailbox, limit, before=ABOVE_ALL_KEYS if before is None else before)
        if query == Query():
            return await self._readers.read(lambda connection: _all_ids(connection, asked))
        return [] if query.problems else await self._answer(asked, _ids)

    async def count(self, query: Query, *, mailbox: str = "") -> tuple[int, int]:
        """How many messages the query finds, and how many of them are unread.

        While mail pours in faster than it can be looked at, the older of what is not indexed may not be counted yet.
        """
        if query.problems:
            return 0, 0
        if query == Query():
            counts = await self._readers.read(lambda connection: read_counts(connection, mailbox))
            return counts.messages, counts.unread
        asked = Asked(query, mailbox, lists=False, counts=True)
        return await self._answer(asked, lambda _, found: (found.matching, found.unread))

    async def complete(self, field: str, prefix: str, *, limit: int) -> list[str]:
        """What may stand after `from:`, `to:`, `cc:`, `bcc:`, `reply-to:`, `addressed:`, `tag:`, `mailbox:` or `user:`.

        Addresses of newer messages first, found by any part of the address or the name that stands with it; tags,
        mailboxes and users of newer messages that begin with the prefix. Other fields have none.
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

    async def _answer(self, asked: Asked, read: Callable[[sqlite3.Connection, Found], T]) -> T:
        """What is read of the found in one view of the database, which holds all that was acknowledged before."""
        found, answer = await self._look(asked, _GLANCE, read, goes_on=False)
        if found.is_whole:
            return answer
        with self.indexing.urged():
            async with self._turn:
                is_busy = self.indexing.is_busy
                found, answer = await self._look(asked, _GLANCE if is_busy else _READING, read, goes_on=is_busy)
            if not found.is_whole:
                await self.indexing.reach(found.newest, patience=_PATIENCE)
                _, answer = await self._look(asked, inf, read, goes_on=True)
        return answer

    async def _look(
        self, asked: Asked, seconds: float, read: Callable[[sqlite3.Connection, Found], T], *, goes_on: bool
    ) -> tuple[Found, T]:
        began = time.monotonic()

        def run(connection: sqlite3.Connection, is_wanted: Callable[[], bool]) -> tuple[Found, T]:
            manner = Manner(began + seconds, lambda: self.indexing.has_captured_since(began), goes_on, is_wanted)
            found = look(connection, asked, manner, dictionary=self._dictionary, bounds=self._bounds)
            return found, read(connection, found)

        looking = _Looking(run, self._dictionary)
        try:
            return await self._readers.read(looking)
        except asyncio.CancelledError:
            looking.interrupt()
            raise


def _listed(connection: sqlite3.Connection, found: Found) -> list[ListedMessage]:
    keys = json.dumps(found.keys)
    query = f"{SELECT_LISTED} WHERE key IN (SELECT value FROM json_each(:keys)) ORDER BY key DESC"
    return [listed(row) for row in connection.execute(query, {"keys": keys}).fetchall()]


def _ids(connection: sqlite3.Connection, found: Found) -> list[str]:
    keys = json.dumps(found.keys)
    query = "SELECT id FROM message WHERE key IN (SELECT value FROM json_each(:keys)) ORDER BY key DESC"
    return [id for (id,) in connection.execute(query, {"keys": keys}).fetchall()]


def _all_ids(connection: sqlite3.Connection, asked: Asked) -> list[str]:
    where = "key < :before" + (" AND mailbox = :mailbox" if asked.mailbox else "")
    query = f"SELECT id FROM message WHERE {where} ORDER BY key DESC LIMIT :limit"
    values = {"before": asked.before, "mailbox": asked.mailbox, "limit": asked.limit or -1}
    return [id for (id,) in connection.execute(query, values).fetchall()]


class _Looking(Generic[T]):
    """One search on a reader's connection, which another thread may interrupt while it lasts, and no longer."""

    def __init__(self, run: Callable[[sqlite3.Connection, Callable[[], bool]], T], dictionary: Dictionary) -> None:
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
            return self._run(connection, lambda: not self._unwanted)
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
