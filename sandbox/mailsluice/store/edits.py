"""Changes to stored messages, each with its counters in the same transaction."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

_BALLAST: Final = 256 << 10
_NAMED: Final = "id IN (SELECT value FROM json_each(:ids))"


def mark_seen(connection: sqlite3.Connection, ids: Sequence[str] | None, *, seen: bool) -> list[str]:
    """Mark messages, all of them for None; the ids that changed."""
    where = "TRUE" if ids is None else _NAMED
    changed = connection.execute(
        f"UPDATE message SET seen = :seen WHERE seen <> :seen AND {where} RETURNING id",
        {"seen": int(seen), "ids": json.dumps(ids)},
    ).fetchall()
    connection.execute(
        "UPDATE counter SET unread = unread + :more WHERE mailbox = ''",
        {"more": -len(changed) if seen else len(changed)},
    )
    return [id for (id,) in changed]


def delete(connection: sqlite3.Connection, ids: Sequence[str] | None) -> list[str] | None:
    """Delete messages with all that belongs to them; the ids that are gone, None when all are."""
    if ids is None:
        for table in ("message", "source", "chunk"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute(
            "UPDATE counter SET deleted = deleted + messages, messages = 0, unread = 0, size = 0 WHERE mailbox = ''"
        )
        return None
    gone = connection.execute(
        f"DELETE FROM message WHERE {_NAMED} RETURNING key, id, size, seen", {"ids": json.dumps(ids)}
    ).fetchall()
    connection.executemany("DELETE FROM source WHERE message = ?", ((key,) for key, *_ in gone))
    connection.executemany("DELETE FROM chunk WHERE message_id = ?", ((id,) for _, id, *_ in gone))
    connection.execute(
        "UPDATE counter SET deleted = deleted + :number, messages = messages - :number, unread = unread - :unread, "
        "size = size - :size WHERE mailbox = ''",
        {
            "number": len(gone),
            "unread": sum(not seen for *_, seen in gone),
            "size": sum(size for _, _, size, _ in gone),
        },
    )
    return [id for _, id, *_ in gone]


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
