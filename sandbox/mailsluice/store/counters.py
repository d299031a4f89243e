"""The counters: a row of numbers a mailbox, and one for all; changed with what they count, in one transaction."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from mailsluice.store.records import Counts

ALL: Final = ""
"""The mailbox whose row counts every mailbox."""


class Change(NamedTuple):
    """By how much the numbers of a mailbox change."""

    messages: int = 0
    unread: int = 0
    size: int = 0
    pinned: int = 0
    pinned_size: int = 0
    deleted: int = 0
    accepted: int = 0
    accepted_size: int = 0


_FIELDS: Final = ", ".join(Change._fields)
_CHANGE: Final = (
    f"INSERT INTO counter (mailbox, {_FIELDS}) VALUES (?{', ?' * len(Change._fields)}) "
    f"ON CONFLICT (mailbox) DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in Change._fields)}"
)
_COUNTS: Final = "messages, unread, size, deleted, accepted, accepted_size, rejected"


def change(connection: sqlite3.Connection, changes: Mapping[str, Change]) -> None:
    """Change the numbers of these mailboxes, and those of all by their sum."""
    if changes:
        connection.executemany(_CHANGE, [(mailbox, *one) for mailbox, one in changes.items()])
        connection.execute(_CHANGE, (ALL, *map(sum, zip(*changes.values(), strict=True))))


def counted(connection: sqlite3.Connection, table: str, where: str, values: Mapping[str, object]) -> dict[str, Change]:
    """What the rows of `message` or `trash` count for, a mailbox each."""
    query = (
        "SELECT mailbox, count(*), sum(seen = 0), sum(size), sum(pinned), sum(pinned * size) "
        f"FROM {table} WHERE {where} GROUP BY mailbox"
    )
    return {mailbox: Change(*numbers) for mailbox, *numbers in connection.execute(query, values)}


def gone(changes: Mapping[str, Change]) -> dict[str, Change]:
    """The change that deleting these makes."""
    return {mailbox: _negative(one)._replace(deleted=one.messages) for mailbox, one in changes.items()}


def restored(changes: Mapping[str, Change]) -> dict[str, Change]:
    """The change that taking their deletion back makes."""
    return {mailbox: one._replace(deleted=-one.messages) for mailbox, one in changes.items()}


def read_counts(connection: sqlite3.Connection, mailbox: str) -> Counts:
    """The numbers of a mailbox, of all by the empty name; zeros for one that has never had a message."""
    row = connection.execute(f"SELECT {_COUNTS} FROM counter WHERE mailbox = :mailbox", {"mailbox": mailbox}).fetchone()
    return Counts(*row) if row else Counts()


def list_counts(connection: sqlite3.Connection) -> list[tuple[str, Counts]]:
    """Each mailbox that has messages, by name, with its numbers."""
    query = f"SELECT mailbox, {_COUNTS} FROM counter WHERE messages > 0 AND mailbox <> '' ORDER BY mailbox"
    return [(mailbox, Counts(*numbers)) for mailbox, *numbers in connection.execute(query)]


def mailbox_names(connection: sqlite3.Connection) -> set[str]:
    """Each mailbox that has, or lately had, messages."""
    return {name for (name,) in connection.execute("SELECT mailbox FROM counter WHERE mailbox <> ''")}


def forget_empty(connection: sqlite3.Connection) -> None:
    """Remove the numbers of mailboxes that have no message any more."""
    connection.execute("DELETE FROM counter WHERE messages = 0 AND mailbox <> ''")


def _negative(one: Change) -> Change:
    return Change(*(-number for number in one))


def mailboxes_of(rows: Iterable[tuple[str, Change]]) -> dict[str, Change]:
    """The changes of single messages summed up by mailbox."""
    found: dict[str, Change] = {}
    for mailbox, one in rows:
        before = found.get(mailbox)
        found[mailbox] = Change(*map(sum, zip(before, one, strict=True))) if before else one
    return found
