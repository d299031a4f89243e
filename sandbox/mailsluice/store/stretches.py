"""Large edits cut into stretches of messages: one transaction each, so that captures come in between."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

STRETCH: Final = 1000
"""Messages that are edited in one transaction."""


class Span(NamedTuple):
    """The messages whose keys are above `after` and not above `through`."""

    after: int
    through: int


Stretch = Sequence[str] | Span
"""Ids, or a span of keys."""


def stretches_of(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """The ids, as many at a time as are edited at once."""
    return (ids[start : start + STRETCH] for start in range(0, len(ids), STRETCH))


def newest_key(connection: sqlite3.Connection) -> int:
    """The key of the newest message, 0 if there is none."""
    return int(connection.execute("SELECT coalesce(max(key), 0) FROM message").fetchone()[0])


def spans(connection: sqlite3.Connection, table: str, where: str, values: Mapping[str, object]) -> list[Span]:
    """Spans that hold the present rows of `message` or `trash`, as many each as are edited at once; oldest first."""
    numbered = f"SELECT key, (row_number() OVER (ORDER BY key) - 1) / :stretch AS span FROM {table} WHERE {where}"
    ends = connection.execute(
        f"SELECT max(key) FROM ({numbered}) GROUP BY span ORDER BY span", {**values, "stretch": STRETCH}
    )
    return [Span(after, through) for after, through in pairwise((0, *(key for (key,) in ends)))]


def condition(stretch: Stretch) -> tuple[str, dict[str, object]]:
    """What only the rows of a stretch meet, and the values for it."""
    if isinstance(stretch, Span):
        return "key > :after AND key <= :through", dict(stretch._asdict())
    return "id IN (SELECT value FROM json_each(:ids))", {"ids": json.dumps(stretch)}
