"""One-time codes and action links, found when a message is indexed and kept where lists read them."""

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

_UNSUBSCRIBES: Final = '"kind":"unsubscribe"'


class Find(NamedTuple):
    """The code, how sure it is, and the link (JSON) of a message; code or link may be empty."""

    key: int
    id: str
    code: str
    code_confidence: float
    action: str


def acts(action: str) -> bool:
    """Whether this is a link to act on, as JSON, and no mere way out of a mailing list."""
    return bool(action) and _UNSUBSCRIBES not in action


def acts_sql(column: str) -> str:
    """The same of a column."""
    return f"({column} <> '' AND instr({column}, '{_UNSUBSCRIBES}') = 0)"


def store_finds(connection: sqlite3.Connection, finds: Sequence[Find]) -> None:
    """Write them beside the messages, also beside deleted ones that may come back."""
    for table in ("message", "trash"):
        connection.executemany(
            f"UPDATE {table} SET code = ?, code_confidence = ?, action = ? WHERE key = ?",
            ((find.code, find.code_confidence, find.action, find.key) for find in finds),
        )
