"""One look at the database for a query: what is not indexed is read, the index tells the rest."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from math import inf
from typing import NamedTuple

from mailsluice.message.bounds import Bounds
from mailsluice.search import And, Query, Term
from mailsluice.search.words import normal
from mailsluice.store.dictionary import Dictionary
from mailsluice.store.indexing import read_backlog
from mailsluice.store.lookup import DEEPEST, Lookup, depth_of
from mailsluice.store.records import ABOVE_ALL_KEYS
from mailsluice.store.scanning import scan


class Asked(NamedTuple):
    """What is asked for: a page below the key `before` (limit 0: all of it), the counts of all that match, or both.

    With `above` it is the one message that comes next above this key.
    """

    query: Query
    mailbox: str
    limit: int = 0
    offset: int = 0
    before: int = ABOVE_ALL_KEYS
    lists: bool = True
    counts: bool = False
    above: int | None = None

    @property
    def most(self) -> float:
        """How many keys the page needs, those before it included."""
        return self.offset + self.limit if self.limit else inf

    @property
    def limited(self) -> Query:
        """The query within the mailbox."""
        return Query(And((self.query.root, Term("mailbox", normal(self.mailbox))))) if self.mailbox else self.query


class Manner(NamedTuple):
    """How long what is not indexed is read: until `until`, a time of the monotonic clock.

    A look that has its page by then counts what it has seen, if it `takes_less`, which is asked then; one that
    `goes_on` ends all the same what it has begun; any other gives up. `is_wanted` is asked now and then, and ends it.
    """

    until: float
    takes_less: Callable[[], bool]
    goes_on: bool
    is_wanted: Callable[[], bool]


class Found(NamedTuple):
    """Keys of the page, newest first, and how many match in all; `is_whole` says that it was not given up.

    `newest` is the newest message of this view.
    """

    keys: list[int]
    matching: int
    unread: int
    is_whole: bool
    newest: int


def look(
    connection: sqlite3.Connection, asked: Asked, manner: Manner, *, dictionary: Dictionary, bounds: Bounds
) -> Found:
    """What one view of the database has."""
    backlog = read_backlog(connection)
    mark = backlog.indexed_to if depth_of(asked.query.root) <= DEEPEST else 0
    if asked.above is not None and asked.above < mark:
        key = Lookup(connection, asked.query, asked.mailbox, dictionary).next(above=asked.above, up_to=mark)
        if key is not None:
            return Found([key], 0, 0, is_whole=True, newest=backlog.newest)
    if asked.above is not None:
        found = _above(connection, asked, manner, max(mark, asked.above), bounds)
        return found._replace(keys=found.keys[-1:], newest=backlog.newest)
    found = _above(connection, asked, manner, mark, bounds)._replace(newest=backlog.newest)
    rest: list[int] = []
    needs_keys = asked.lists and len(found.keys) < asked.most
    if mark and found.is_whole and (needs_keys or asked.counts):
        lookup = Lookup(connection, asked.query, asked.mailbox, dictionary)
        if needs_keys:
            rest = _below(lookup, asked, mark, len(found.keys))
        if asked.counts:
            matching, unread = lookup.count(up_to=mark)
            found = found._replace(matching=found.matching + matching, unread=found.unread + unread)
    return found._replace(keys=found.keys[asked.offset :] + rest)


def _above(connection: sqlite3.Connection, asked: Asked, manner: Manner, mark: int, bounds: Bounds) -> Found:
    """What the index does not know yet; these are the newest and come first."""
    keys: list[int] = []
    matching = unread = 0
    is_whole = True
    for message in scan(connection, asked.limited, above=mark, before=asked.before, bounds=bounds):
        if message.matches:
            matching, unread = matching + 1, unread + (not message.seen)
            if asked.lists and len(keys) < asked.most:
                keys.append(message.key)
        has_page = not asked.lists or len(keys) >= asked.most
        if has_page and not asked.counts:
            break
        if not manner.is_wanted():
            raise asyncio.CancelledError
        if time.monotonic() > manner.until and ((is_enough := has_page and manner.takes_less()) or not manner.goes_on):
            is_whole = is_enough
            break
    return Found(keys, matching, unread, is_whole, 0)


def _below(lookup: Lookup, asked: Asked, mark: int, above: int) -> list[int]:
    """The rest of the page, of which the first so many were found already."""
    limit = asked.limit - max(0, above - asked.offset) if asked.limit else 0
    return lookup.keys(before=min(asked.before, mark + 1), limit=limit, offset=max(0, asked.offset - above))
