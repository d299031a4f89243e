"""How much mail is kept: beyond the limits the oldest goes, a few messages at a time."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mailsluice.capture import moment_of
from mailsluice.store.counters import ALL, Change, change, gone, mailboxes_of
from mailsluice.store.trash import erase, small_step

STEP: Final = 100
"""Messages that go in one transaction, so that captures never wait for long."""

_SECOND: Final = 1_000_000
_RELEASING: Final = "SELECT message FROM release WHERE is_open = 1"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept of all mail (messages, seconds, bytes) and of single mailboxes (messages); 0 is unlimited.

    Ages count from capture or import. Pinned messages stay, those with an open release until it ends; neither count.
    """

    messages: int = 0
    age: int = 0
    size: int = 0
    mailboxes: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((self.messages, self.age, self.size, *self.mailboxes.values()))


class _Row(NamedTuple):
    key: int
    id: str
    size: int
    mailbox: str
    seen: int


def retain(connection: sqlite3.Connection, limits: Limits, *, now: int) -> list[str]:
    """Remove the oldest of what is too much, in one small step; their ids, none when nothing is too much."""
    due = _too_old(connection, limits, now) or list(_beyond(connection, ALL, limits))
    for mailbox, most in limits.mailboxes.items():
        if not due:
            due = list(_beyond(connection, mailbox, Limits(messages=most)))
    if not due:
        return []
    step = small_step([(row.key, row.id, row.size) for row in due])
    keys = [(key,) for key, _ in step]
    connection.executemany("DELETE FROM message WHERE key = ?", keys)
    connection.executemany("DELETE FROM tagged WHERE message = ?", keys)
    erase(connection, step)
    rows = due[: len(step)]
    change(connection, gone(mailboxes_of((row.mailbox, Change(1, 1 - row.seen, row.size)) for row in rows)))
    return [id for _, id in step]


def exceeded(connection: sqlite3.Connection, limits: Limits, *, messages: int, size: int) -> Limits:
    """Those of the limits of all mail that so much more would go beyond; the rest is 0."""
    too_many, too_much = _excess(connection, ALL, limits)
    return Limits(
        messages=limits.messages if too_many + messages > 0 else 0, size=limits.size if too_much + size > 0 else 0
    )


def next_expiry(connection: sqlite3.Connection, limits: Limits) -> int | None:
    """When a message will be too old next, in microseconds UTC; None if none will."""
    first = _oldest(connection, ALL, by="id", limit=1) if limits.age else []
    return moment_of(first[0].id) + limits.age * _SECOND + 1 if first else None


def _too_old(connection: sqlite3.Connection, limits: Limits, now: int) -> list[_Row]:
    """Messages that came in longer ago than the age, the oldest first; those of one step."""
    if not limits.age:
        return []
    oldest_kept = now - limits.age * _SECOND
    return [row for row in _oldest(connection, ALL, by="id") if moment_of(row.id) < oldest_kept]


def _beyond(connection: sqlite3.Connection, mailbox: str, limits: Limits) -> Iterator[_Row]:
    """The messages that came first of those that are too many or too much; those of one step."""
    messages, size = _excess(connection, mailbox, limits)
    if messages <= 0 and size <= 0:
        return
    for row in _oldest(connection, mailbox, by="key"):
        if messages <= 0 and size <= 0:
            return
        messages -= 1
        size -= row.size
        yield row


def _excess(connection: sqlite3.Connection, mailbox: str, limits: Limits) -> tuple[int, int]:
    """How many messages and bytes there are too many, those left out that cannot go."""
    query = "SELECT messages - pinned, size - pinned_size FROM counter WHERE mailbox = :mailbox"
    messages, size = connection.execute(query, {"mailbox": mailbox}).fetchone() or (0, 0)
    messages = messages - limits.messages if limits.messages else 0
    size = size - limits.size if limits.size else 0
    if messages > 0 or size > 0:
        query = f"SELECT count(*), total(size) FROM message WHERE {_of(mailbox)} pinned = 0 AND id IN ({_RELEASING})"
        held, held_size = connection.execute(query, {"mailbox": mailbox}).fetchone()
        messages, size = messages - held, size - int(held_size)
    return messages, size


def _oldest(connection: sqlite3.Connection, mailbox: str, *, by: str, limit: int = STEP) -> list[_Row]:
    query = (
        f"SELECT key, id, size, mailbox, seen FROM message WHERE {_of(mailbox)} pinned = 0 "
        f"AND id NOT IN ({_RELEASING}) ORDER BY {by} LIMIT :limit"
    )
    return [_Row(*row) for row in connection.execute(query, {"mailbox": mailbox, "limit": limit})]


def _of(mailbox: str) -> str:
    return "mailbox = :mailbox AND" if mailbox else ""
