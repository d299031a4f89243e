"""What the database tells of messages without reading them, many at a time."""

import sqlite3
from typing import Final

import msgspec

from mailsluice.store.finds import acts_sql

_LONGEST: Final = 16_384

# One row for all of them: between any two rows another thread may take the interpreter, and keep it for a while.
_GLIMPSES: Final = f"""
SELECT json_group_array(json_array(
    key, id, mailbox, received, size, seen, pinned, code <> '', {acts_sql("action")}, subject, receipt,
    CASE WHEN encoding = 0 AND length(content) <= {_LONGEST} THEN hex(content) END,
    json((SELECT json_group_array(tag) FROM tagged WHERE tagged.message = key)),
    json((SELECT json_group_array(state) FROM release WHERE release.message = id))
)) FROM (
    SELECT key, id, mailbox, received, size, seen, pinned, code, action, subject, receipt, encoding, content
    FROM message JOIN source ON source.message = message.key
    WHERE key > :above AND key < :before ORDER BY key DESC LIMIT :most
)"""


class Glimpse(msgspec.Struct, frozen=True, array_like=True):
    """One message; flags are 0 or 1, `receipt` is JSON, `content` hexadecimal (None for what is long or packed)."""

    key: int
    id: str
    mailbox: str
    received: int
    size: int
    seen: int
    pinned: int
    code: int
    action: int
    subject: str
    receipt: str
    content: str | None
    tags: tuple[str, ...]
    releases: frozenset[str]


_decode = msgspec.json.Decoder(list[Glimpse]).decode


def read_glimpses(connection: sqlite3.Connection, *, above: int, before: int, most: int) -> list[Glimpse]:
    """The newest between two keys, newest first; messages whose bytes are gone are left out."""
    (found,) = connection.execute(_GLIMPSES, {"above": above, "before": before, "most": most}).fetchone()
    return sorted(_decode(found), key=lambda glimpse: -glimpse.key)
