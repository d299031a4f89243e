"""Deletions that can still be taken back, as far as a page must know them."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from mailsluice.store.records import Deletion

_MOST: Final = 20

# One look into the index a deletion, however many messages went with it.
_EVERY: Final = """
    WITH RECURSIVE every (token) AS (
        SELECT min(deletion) FROM trash
        UNION ALL
        SELECT (SELECT min(deletion) FROM trash WHERE deletion > token) FROM every WHERE token IS NOT NULL
    )
    SELECT token FROM every WHERE token IS NOT NULL
"""
_OPEN: Final = f"""
    SELECT token, until FROM (
        SELECT token, (SELECT until FROM trash WHERE deletion = token LIMIT 1) AS until FROM ({_EVERY})
    ) WHERE until > :now ORDER BY until DESC LIMIT :most
"""


def open_deletions(connection: sqlite3.Connection, *, now: int, tokens: Sequence[str] | None = None) -> list[Deletion]:
    """The newest ones, newest first, or those of these tokens in their order; ids are not named."""
    if tokens is None:
        found = connection.execute(_OPEN, {"now": now, "most": _MOST}).fetchall()
    else:
        found = [(token, until) for token in tokens[:_MOST] if (until := _end(connection, token)) > now]
    return [Deletion(token, _messages(connection, token), None, until) for token, until in found]


def deletion_of(connection: sqlite3.Connection, id: str, *, now: int) -> Deletion | None:
    """The deletion by which this message went, if it can be taken back."""
    found = connection.execute("SELECT deletion FROM trash WHERE id = :id", {"id": id}).fetchone()
    opened = open_deletions(connection, now=now, tokens=found) if found else []
    return opened[0] if opened else None


def _end(connection: sqlite3.Connection, token: str) -> int:
    found = connection.execute("SELECT until FROM trash WHERE deletion = :token LIMIT 1", {"token": token}).fetchone()
    return int(found[0]) if found else 0


def _messages(connection: sqlite3.Connection, token: str) -> int:
    return int(connection.execute("SELECT count(*) FROM trash WHERE deletion = :token", {"token": token}).fetchone()[0])
