"""Deleting in two steps: a message leaves the lists at once, its bytes go when there is no taking back any more.

What lies in `trash` keeps its key and id, its source, chunks and search text; nothing that reads `message` sees it.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from mailsluice.store.counters import change, counted, gone, restored
from mailsluice.store.records import Deletion
from mailsluice.store.stretches import Span, Stretch, condition, spans
from mailsluice.store.tags import tag_messages

UNDO_MICROSECONDS: Final = 10_000_000
STRETCH_MICROSECONDS: Final = 100_000
"""By so much longer can a deletion be taken back for each stretch after the first: its messages do not go at once."""

_MOST_IDS: Final = 1000
_STEP_BYTES: Final = 16 << 20

_COLUMNS: Final = (
    "key, id, mailbox, session, received, size, seen, pinned, attachments, subject, snippet, message_id, "
    "envelope_sender, user, addresses, code, code_confidence, action"
)
_TAKEN: Final = "deletion = :deletion AND until > :now"
_SPARED: Final = "deletion NOT IN (SELECT value FROM json_each(:but))"
_NAMED: Final = "id IN (SELECT value FROM json_each(:ids))"
_TAGS: Final = "(SELECT json_group_array(tag) FROM tagged WHERE tagged.message = message.key)"


def doomed(*, mailbox: str, pinned: bool) -> str:
    """The condition of messages that go when all (of a mailbox) are deleted."""
    return f"{'TRUE' if pinned else 'pinned = 0'}{' AND mailbox = :mailbox' if mailbox else ''}"


def throw_away(
    connection: sqlite3.Connection, stretch: Stretch, *, mailbox: str, pinned: bool, token: str, until: int
) -> Deletion:
    """Move messages (of a mailbox) to the trash, pinned ones only if `pinned` says so; a span's are not named."""
    within, chosen = condition(stretch)
    where = f"{within} AND {doomed(mailbox=mailbox, pinned=pinned)}"
    values = {**chosen, "mailbox": mailbox, "deletion": token, "until": until}
    numbers = counted(connection, "message", where, values)
    named = None if isinstance(stretch, Span) else _ids(connection, "message", where, values)
    connection.execute(
        f"INSERT INTO trash ({_COLUMNS}, tags, deletion, until) "
        f"SELECT {_COLUMNS}, {_TAGS}, :deletion, :until FROM message WHERE {where}",
        values,
    )
    moved = f"SELECT key FROM trash WHERE deletion = :deletion AND {within}"
    connection.execute(f"DELETE FROM tagged WHERE message IN ({moved})", values)
    connection.execute(f"DELETE FROM message WHERE {where}", values)
    change(connection, gone(numbers))
    return Deletion(token, sum(one.messages for one in numbers.values()), named, until)


def take_back_spans(connection: sqlite3.Connection, token: str, *, now: int) -> list[Span]:
    """Where the messages lie that were deleted under this token and can be taken back."""
    return spans(connection, "trash", _TAKEN, {"deletion": token, "now": now})


def take_back(connection: sqlite3.Connection, stretch: Span, *, token: str, now: int) -> Deletion:
    """Put what was deleted under this token back in its place, a span of it."""
    within, chosen = condition(stretch)
    where, values = f"{_TAKEN} AND {within}", {**chosen, "deletion": token, "now": now}
    numbers = counted(connection, "trash", where, values)
    messages = sum(one.messages for one in numbers.values())
    named = _ids(connection, "trash", where, values) if messages <= _MOST_IDS else None
    tagged = connection.execute(
        f"SELECT tags, json_group_array(key) FROM trash WHERE {where} AND tags <> '[]' GROUP BY tags", values
    ).fetchall()
    (until,) = connection.execute(f"SELECT coalesce(min(until), 0) FROM trash WHERE {where}", values).fetchone()
    connection.execute(f"INSERT INTO message ({_COLUMNS}) SELECT {_COLUMNS} FROM trash WHERE {where}", values)
    connection.execute(f"DELETE FROM trash WHERE {where}", values)
    for tags, keys in tagged:
        tag_messages(connection, json.loads(keys), json.loads(tags))
    change(connection, restored(numbers))
    return Deletion(token, messages, named, until)


def deletions_of(connection: sqlite3.Connection, ids: Sequence[str]) -> list[str]:
    """The tokens under which these messages were deleted."""
    query = f"SELECT DISTINCT deletion FROM trash WHERE {_NAMED}"
    return [token for (token,) in connection.execute(query, {"ids": json.dumps(ids)})]


def purge(connection: sqlite3.Connection, *, now: int, limit: int, but: Iterable[str] = ()) -> int:
    """Remove for good, in one small step, what cannot be taken back any more; how many messages went.

    `but` are the tokens of deletions that are being taken back at this moment.
    """
    rows = connection.execute(
        f"SELECT key, id, size FROM trash WHERE until <= :now AND {_SPARED} ORDER BY until LIMIT :limit",
        {"now": now, "limit": limit, "but": json.dumps(list(but))},
    ).fetchall()
    step = small_step(rows)
    connection.executemany("DELETE FROM trash WHERE key = ?", ((key,) for key, _ in step))
    erase(connection, step)
    return len(step)


def is_legible(connection: sqlite3.Connection) -> bool:
    """Whether the search still has text of messages that are gone."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM search_gone)").fetchone()[0])


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
