"""Deleting in two steps: a message leaves the lists at once, its bytes go when there is no taking back any more.

What lies in `trash` keeps its key and id, its source, chunks and search text; nothing that reads `message` sees it.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from mailsluice.store.counters import change, counted, gone, restored
from mailsluice.store.records import Deletion
from mailsluice.store.tags import tag_messages

UNDO_MICROSECONDS: Final = 10_000_000
_MOST_IDS: Final = 1000
_STEP_BYTES: Final = 16 << 20

_COLUMNS: Final = (
    "key, id, mailbox, session, received, size, seen, pinned, attachments, subject, snippet, message_id, "
    "envelope_sender, user, addresses, code, action"
)
_NAMED: Final = "id IN (SELECT value FROM json_each(:ids))"
_TAGS: Final = "(SELECT json_group_array(tag) FROM tagged WHERE tagged.message = message.key)"


def throw_away(
    connection: sqlite3.Connection, ids: Sequence[str] | None, *, mailbox: str, pinned: bool, token: str, until: int
) -> Deletion:
    """Move messages to the trash: those named, or for None all (of a mailbox), pinned ones only if `pinned` says so."""
    where = _NAMED if ids is not None else "TRUE" if pinned else "pinned = 0"
    where += " AND mailbox = :mailbox" if mailbox else ""
    values = {"ids": json.dumps(ids), "mailbox": mailbox, "deletion": token, "until": until}
    numbers = counted(connection, "message", where, values)
    named = None if ids is None else _ids(connection, "message", where, values)
    connection.execute(
        f"INSERT INTO trash ({_COLUMNS}, tags, deletion, until) "
        f"SELECT {_COLUMNS}, {_TAGS}, :deletion, :until FROM message WHERE {where}",
        values,
    )
    connection.execute("DELETE FROM tagged WHERE message IN (SELECT key FROM trash WHERE deletion = :deletion)", values)
    # Without a condition SQLite drops the pages instead of the rows.
    connection.execute("DELETE FROM message" if where == "TRUE" else f"DELETE FROM message WHERE {where}", values)
    change(connection, gone(numbers))
    return Deletion(token, sum(one.messages for one in numbers.values()), named, until)


def take_back(connection: sqlite3.Connection, token: str, *, now: int) -> Deletion | None:
    """Put what was deleted under this token back in its place; None if it is too late, or there is no such deletion."""
    where, values = "deletion = :deletion AND until > :now", {"deletion": token, "now": now}
    numbers = counted(connection, "trash", where, values)
    if not numbers:
        return None
    messages = sum(one.messages for one in numbers.values())
    named = _ids(connection, "trash", where, values) if messages <= _MOST_IDS else None
    tagged = connection.execute(f"SELECT key, tags FROM trash WHERE {where} AND tags <> '[]'", values).fetchall()
    (until,) = connection.execute(f"SELECT min(until) FROM trash WHERE {where}", values).fetchone()
    connection.execute(f"INSERT INTO message ({_COLUMNS}) SELECT {_COLUMNS} FROM trash WHERE {where}", values)
    connection.execute(f"DELETE FROM trash WHERE {where}", values)
    for key, tags in tagged:
        tag_messages(connection, [key], json.loads(tags))
    change(connection, restored(numbers))
    return Deletion(token, messages, named, until)


def deletions_of(connection: sqlite3.Connection, ids: Sequence[str]) -> list[str]:
    """The tokens under which these messages were deleted."""
    query = f"SELECT DISTINCT deletion FROM trash WHERE {_NAMED}"
    return [token for (token,) in connection.execute(query, {"ids": json.dumps(ids)})]


def purge(connection: sqlite3.Connection, *, now: int, limit: int) -> int:
    """Remove for good, in one small step, what cannot be taken back any more; how many messages went."""
    rows = connection.execute(
        "SELECT key, id, size FROM trash WHERE until <= :now ORDER BY until LIMIT :limit", {"now": now, "limit": limit}
    ).fetchall()
    step = small_step(rows)
    connection.executemany("DELETE FROM trash WHERE key = ?", ((key,) for key, _ in step))
    erase(connection, step)
    return len(step)


def next_purge(connection: sqlite3.Connection) -> int | None:
    """When something will be purged next, in microseconds UTC; None while the trash is empty."""
    found: int | None = connection.execute("SELECT min(until) FROM trash").fetchone()[0]
    return found


def small_step(rows: Sequence[tuple[int, str, int]]) -> list[tuple[int, str]]:
    """Key and id of as many rows of key, id and size as can go without holding anybody up; at least one."""
    step: list[tuple[int, str]] = []
    size = 0
    for key, id, more in rows:
        size += more
        if step and size > _STEP_BYTES:
            break
        step.append((key, id))
    return step


def erase(connection: sqlite3.Connection, messages: Sequence[tuple[int, str]]) -> None:
    """Remove the bytes of messages, given by key and id; a trigger on `source` tells the search that they are gone."""
    connection.executemany("DELETE FROM source WHERE message = ?", ((key,) for key, _ in messages))
    connection.executemany("DELETE FROM chunk WHERE message_id = ?", ((id,) for _, id in messages))


def _ids(connection: sqlite3.Connection, table: str, where: str, values: dict[str, object]) -> tuple[str, ...]:
    return tuple(id for (id,) in connection.execute(f"SELECT id FROM {table} WHERE {where}", values))
