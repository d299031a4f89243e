"""Changes to stored messages, each with its counters in the same transaction."""

import sqlite3
from collections import Counter
from typing import Final

from mailsluice.store.counters import Change, change, mailboxes_of
from mailsluice.store.stretches import Stretch, condition

_BALLAST: Final = 256 << 10


def mark_seen(connection: sqlite3.Connection, stretch: Stretch, *, seen: bool, mailbox: str) -> list[str]:
    """Mark messages (of a mailbox); the ids that changed."""
    where, values = condition(stretch)
    where += " AND mailbox = :mailbox" if mailbox else ""
    changed = connection.execute(
        f"UPDATE message SET seen = :seen WHERE seen <> :seen AND {where} RETURNING id, mailbox",
        {**values, "seen": int(seen), "mailbox": mailbox},
    ).fetchall()
    numbers = Counter(mailbox for _, mailbox in changed)
    change(connection, {mailbox: Change(unread=-many if seen else many) for mailbox, many in numbers.items()})
    return [id for id, _ in changed]


def pin(connection: sqlite3.Connection, stretch: Stretch, *, pinned: bool) -> list[str]:
    """Pin messages or let go of them; the ids that changed."""
    where, values = condition(stretch)
    changed = connection.execute(
        f"UPDATE message SET pinned = :pinned WHERE pinned <> :pinned AND {where} RETURNING id, mailbox, size",
        {**values, "pinned": int(pinned)},
    ).fetchall()
    sign = 1 if pinned else -1
    changes = ((mailbox, Change(pinned=sign, pinned_size=sign * size)) for _, mailbox, size in changed)
    change(connection, mailboxes_of(changes))
    return [id for id, *_ in changed]


def delete_chunks(connection: sqlite3.Connection, id: str) -> None:
    """Remove the pieces of a message that was not acknowledged."""
    connection.execute("DELETE FROM chunk WHERE message_id = :id", {"id": id})


def write_ballast(connection: sqlite3.Connection) -> None:
    """Write as much as a small message with room to spare, to see whether the disk takes it."""
    insert = "INSERT INTO chunk (message_id, number, encoding, content) VALUES ('', 0, 0, zeroblob(:size))"
    connection.execute(insert, {"size": _BALLAST})


def delete_ballast(connection: sqlite3.Connection) -> None:
    """Remove what `write_ballast` wrote."""
    connection.execute("DELETE FROM chunk WHERE message_id = ''")
