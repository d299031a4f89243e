"""Search without an index: each message is held against the query, newest first, and read where it has to be."""

import sqlite3
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

import msgspec

from mailsluice.message.bounds import Bounds
from mailsluice.search import Candidate, Query, matches
from mailsluice.store.candidates import read_beginning, readable
from mailsluice.store.glimpses import Glimpse, read_glimpses
from mailsluice.store.rows import read_receipt
from mailsluice.store.skimming import Skimming

DELIVERED: Final = ("delivered", "partly")
FAILED: Final = ("refused", "failed", "unknown")
_AT_ONCE: Final = 100
_LONGEST_SUBJECT: Final = 4000


class Scanned(NamedTuple):
    """One message, and whether the query finds it."""

    key: int
    matches: bool
    seen: bool


def scan(connection: sqlite3.Connection, query: Query, *, above: int, before: int, bounds: Bounds) -> Iterator[Scanned]:
    """Each message between two keys, newest first."""
    skimming = Skimming(query)
    while glimpses := read_glimpses(connection, above=above, before=before, most=_AT_ONCE):
        for glimpse in glimpses:
            raw = None if glimpse.content is None else bytes.fromhex(glimpse.content)
            told = None if raw is None else skimming.tells(raw, glimpse.receipt, partial(_known, glimpse))
            if told is None:
                told = matches(query, read_candidate(connection, glimpse, bounds=bounds, raw=raw))
            yield Scanned(glimpse.key, told, bool(glimpse.seen))
        before = glimpses[-1].key


def read_candidate(
    connection: sqlite3.Connection, glimpse: Glimpse, *, bounds: Bounds, raw: bytes | None = None
) -> Candidate:
    """A message as the query sees it at this moment."""
    if raw is None:
        raw = read_beginning(connection, glimpse.key, glimpse.id)
    return _now(readable(raw, read_receipt(glimpse.receipt), bounds=bounds), glimpse)


def _known(glimpse: Glimpse) -> Candidate:
    """What the list knows of it."""
    return _now(Candidate(subject=glimpse.subject[:_LONGEST_SUBJECT]), glimpse)


def _now(fixed: Candidate, glimpse: Glimpse) -> Candidate:
    states = {
        "read": glimpse.seen,
        "unread": not glimpse.seen,
        "pinned": glimpse.pinned,
        "tagged": glimpse.tags,
        "released": glimpse.releases.intersection(DELIVERED),
        "failed": glimpse.releases.intersection(FAILED),
    }
    has = {"release": glimpse.releases, "code": glimpse.code, "link": glimpse.action}
    return msgspec.structs.replace(
        fixed,
        mailbox=glimpse.mailbox,
        received=glimpse.received,
        size=glimpse.size,
        tags=glimpse.tags,
        has=fixed.has | {name for name, holds in has.items() if holds},
        states=frozenset(name for name, holds in states.items() if holds),
    )
