"""Giving the space of deleted mail back to the file system, a few pages at a time."""

import sqlite3
from typing import Final

_STEP_PAGES: Final = 64
_KEPT_PAGES: Final = 256  # for the next mail: growing and shrinking by turns would write everything twice
_KEPT_SHARE: Final = 10


def give_back(connection: sqlite3.Connection) -> bool:
    """Shorten the file by one small step; False when only the reserve for new mail is free."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    excess = free - max(_KEPT_PAGES, (pages - free) // _KEPT_SHARE)
    for _ in range(min(excess, _STEP_PAGES)):
        connection.execute("PRAGMA incremental_vacuum(1)")  # one page each time, whatever number it is given
    return bool(excess > _STEP_PAGES)
