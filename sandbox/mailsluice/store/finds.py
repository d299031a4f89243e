"""One-time codes and action links, found when a message is indexed and kept where lists read them."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple


class Find(NamedTuple):
    """The code and the link (JSON) of a message; one of them may be empty."""

    key: int
    id: str
    code: str
    action: str


def store_finds(connection: sqlite3.Connection, finds: Sequence[Find]) -> None:
    """Write them beside the messages, also beside deleted ones that may come back."""
    for table in ("message", "trash"):
        connection.executemany(
            f"UPDATE {table} SET code = ?, action = ? WHERE key = ?",
            ((find.code, find.action, find.key) for find in finds),
        )
