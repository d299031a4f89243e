"""Sessions without a message, as JSON rows: bounded, newest first."""

import sqlite3
from typing import Final

import msgspec

from mailsluice.capture import SessionRecord

_KEPT: Final = 1000

_read = msgspec.json.Decoder(SessionRecord).decode


def insert_session(connection: sqlite3.Connection, record: SessionRecord) -> None:
    """Keep a session, forget the oldest beyond the bound, and count what it was refused."""
    connection.execute(
        "INSERT INTO session (id, record) VALUES (:id, :record)",
        {"id": record.facts.id, "record": msgspec.json.encode(record).decode()},
    )
    connection.execute("DELETE FROM session WHERE key <= (SELECT max(key) FROM session) - :kept", {"kept": _KEPT})
    connection.execute(
        "UPDATE counter SET rejected = rejected + :rejected WHERE mailbox = ''", {"rejected": record.rejected}
    )


def list_sessions(connection: sqlite3.Connection, *, limit: int) -> list[SessionRecord]:
    """The newest sessions that are kept."""
    rows = connection.execute("SELECT record FROM session ORDER BY key DESC LIMIT :limit", {"limit": limit})
    return [_read(record) for (record,) in rows]


def get_session(connection: sqlite3.Connection, id: str) -> SessionRecord | None:
    """The session of this id, if it is kept."""
    row = connection.execute("SELECT record FROM session WHERE id = :id", {"id": id}).fetchone()
    return _read(row[0]) if row else None
