"""Search without an index: each message is read and held against the query, newest first."""

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from mailsluice.message.bounds import Bounds
from mailsluice.search import Candidate, Query, matches
from mailsluice.store.candidates import read_beginning, readable
from mailsluice.store.rows import read_receipt

DELIVERED: Final = ("delivered", "partly")
FAILED: Final = ("refused", "failed", "unknown")
_AT_ONCE: Final = 100

ROWS: Final = (
    "SELECT key, id, mailbox, received, size, seen, pinned, code <> '', action <> '' FROM message "
    "WHERE key > :above AND key < :before ORDER BY key DESC LIMIT :most"
)


def scan(
    connection: sqlite3.Connection, query: Query, *, above: int, before: int, bounds: Bounds
) -> Iterator[tuple[int, bool]]:
    """Key of each matching message between two keys, newest first, and whether it was seen."""
    while rows := connection.execute(ROWS, {"above": above, "before": before, "most": _AT_ONCE}).fetchall():
        for row in rows:
            candidate = candidate_of(connection, row, bounds=bounds)
            if candidate and matches(query, candidate):
                yield row[0], bool(row[5])
        before = rows[-1][0]


def candidate_of(connection: sqlite3.Connection, row: tuple[Any, ...], *, bounds: Bounds) -> Candidate | None:
    """A message (one of `ROWS`) as the query sees it at this moment; None for one whose bytes are gone."""
    key, id, mailbox, received, size, seen, pinned, code, action = row
    receipt = connection.execute("SELECT receipt FROM source WHERE message = ?", (key,)).fetchone()
    if receipt is None:
        return None
    fixed = readable(read_beginning(connection, key, id), read_receipt(receipt[0]), bounds=bounds)
    tags = tuple(tag for (tag,) in connection.execute("SELECT tag FROM tagged WHERE message = ?", (key,)))
    releases = {state for (state,) in connection.execute("SELECT state FROM release WHERE message = ?", (id,))}
    states = {
        "read": seen,
        "unread": not seen,
        "pinned": pinned,
        "tagged": tags,
        "released": releases.intersection(DELIVERED),
        "failed": releases.intersection(FAILED),
    }
    return msgspec.structs.replace(
        fixed,
        mailbox=mailbox,
        received=received,
        size=size,
        tags=tags,
        has=fixed.has | {name for name, holds in (("release", releases), ("code", code), ("link", action)) if holds},
        states=frozenset(name for name, holds in states.items() if holds),
    )
