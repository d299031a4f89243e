"""A query put to the index: keys and counts of what was indexed."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from mailsluice.search import And, Node, Not, Query, Term
from mailsluice.search.words import normal
from mailsluice.store.dictionary import Dictionary
from mailsluice.store.narrowing import Narrowing
from mailsluice.store.search_sql import Condition

DEEPEST: Final = 8
"""How deep a query may nest for SQLite to understand it."""

_FEW: Final = 2000
_FARTHEST: Final = 1 << 62
_LARGE: Final = 65536
_TEXT: Final = " CROSS JOIN search_text ON search_text.key = message.key"
_INDEXED: Final = "search_index CROSS JOIN message ON message.key = search_index.rowid"
_ABSENT: Final = "SELECT key FROM search_gone UNION SELECT key FROM trash"


class Lookup:
    """One query on one connection.

    What is asked of `message` alone (facts) is told from what is asked of the text. Where the facts leave few messages
    over, these are looked at; else the index tells candidates, newest first; else every message is looked at.
    """

    def __init__(self, connection: sqlite3.Connection, query: Query, mailbox: str, dictionary: Dictionary) -> None:
        self._connection = connection
        parts = query.root.parts if isinstance(query.root, And) else (query.root,)
        if mailbox:
            parts = (*parts, Term("mailbox", normal(mailbox)))
        texts: list[Node] = []
        facts: list[Node] = []
        for part in parts:
            (texts if Condition(connection, part).reads_text else facts).append(part)
        self._facts = And(tuple(facts))
        self._all = And(parts)
        self._narrowed = Narrowing(dictionary).of(And(tuple(texts)))
        self._few = self._few_keys()

    def keys(self, *, before: int, limit: int, offset: int) -> list[int]:
        """Newest first, below a key; limit 0 means all."""
        rest = "{key} < :before ORDER BY {key} DESC LIMIT :limit OFFSET :offset"
        return self._keys(rest, {"before": before, "limit": limit or -1, "offset": offset})

    def next(self, *, above: int, up_to: int) -> int | None:
        """The lowest above a key and not above the other."""
        rest = "{key} > :above AND {key} <= :up_to ORDER BY {key} LIMIT 1"
        found = self._keys(rest, {"above": above, "up_to": up_to})
        return found[0] if found else None

    def count(self, *, up_to: int) -> tuple[int, int]:
        """How many match, up to a key, and how many of them are unread."""
        maybe, sure = self._narrowed
        if self._few is not None or not maybe:
            return self._counted("message", self._all, up_to)
        rest = f"({maybe} NOT {sure})" if sure else maybe
        unsure = (0, 0) if rest is None or maybe == sure else self._counted(_INDEXED, self._all, up_to, rest)
        certain = self._certain(sure, up_to) if sure else (0, 0)
        return unsure[0] + certain[0], unsure[1] + certain[1]

    def _keys(self, rest: str, values: dict[str, Any]) -> list[int]:
        """Those that match and meet the rest of the query, which names their column as `{key}`."""
        condition = Condition(self._connection, self._all)
        if self._few is not None:
            tables, where, key = "message", "message.key IN (SELECT value FROM json_each(:keys))", "message.key"
        elif self._narrowed.maybe:
            tables, where, key = _INDEXED, "search_index MATCH :maybe", "search_index.rowid"
        else:
            tables, where, key = "message", "TRUE", "message.key"
        query = (
            f"SELECT {key} FROM {tables}{_TEXT if condition.reads_text else ''} "
            f"WHERE {where} AND {condition.sql} AND {rest.format(key=key)}"
        )
        given = {"keys": json.dumps(self._few), "maybe": self._narrowed.maybe}
        return [key for (key,) in self._connection.execute(query, {**condition.values, **given, **values})]

    def _counted(self, tables: str, node: Node, up_to: int, match: str = "") -> tuple[int, int]:
        condition = Condition(self._connection, node)
        values: dict[str, Any] = {**condition.values, "up_to": up_to, "match": match, "keys": json.dumps(self._few)}
        few = " AND message.key IN (SELECT value FROM json_each(:keys))" if self._few is not None else ""
        query = (
            f"SELECT count(*), coalesce(sum(message.seen = 0), 0) FROM {tables}{_TEXT if condition.reads_text else ''} "
            f"WHERE {'search_index MATCH :match AND ' if match else ''}message.key <= :up_to{few} AND {condition.sql}"
        )
        matching, unread = self._connection.execute(query, values).fetchone()
        return matching, unread

    def _certain(self, sure: str, up_to: int) -> tuple[int, int]:
        """What the index is certain of, without a look at each message where that can be."""
        absent = self._connection.execute(f"SELECT count(*) FROM ({_ABSENT} LIMIT {_FEW})").fetchone()[0]
        if self._facts.parts or absent == _FEW:
            return self._counted(_INDEXED, self._facts, up_to, sure)
        values = {"sure": sure}
        indexed, gone, unread = (
            self._connection.execute(f"SELECT count(*) FROM {query}", values).fetchone()[0]
            for query in (
                "search_index WHERE search_index MATCH :sure",
                f"search_index WHERE search_index MATCH :sure AND rowid IN ({_ABSENT})",
                "search_index CROSS JOIN message INDEXED BY message_unseen ON message.key = search_index.rowid "
                "WHERE search_index MATCH :sure AND message.seen = 0",
            )
        )
        return indexed - gone, unread

    def _few_keys(self) -> list[int] | None:
        """The messages that one of the facts leaves over, where an index knows them and they are few."""
        for part in self._facts.parts:
            if isinstance(part, Term):
                for query, values in self._drivers(part):
                    rows = self._connection.execute(f"{query} LIMIT {_FEW + 1}", values).fetchall()
                    if len(rows) <= _FEW:
                        return [key for (key,) in rows]
        return None

    def _drivers(self, term: Term) -> Iterator[tuple[str, dict[str, Any]]]:
        if term.field in ("after", "before", "on", "newer", "older"):
            low, high = (
                term.low if term.low is not None else -(1 << 62),
                term.high if term.high is not None else 1 << 62,
            )
            yield (
                "SELECT key FROM message INDEXED BY message_received WHERE received >= :low AND received < :high",
                {"low": low, "high": high},
            )
        elif term.field == "larger" and (term.low or 0) >= _LARGE:
            large = f"SELECT key FROM message INDEXED BY message_large WHERE size >= {_LARGE} AND size >= :low"
            yield large, {"low": min(term.low or 0, _FARTHEST)}
        elif term.field in ("mailbox", "tag", "has", "is") and term.value not in ("read", "unread"):
            condition = Condition(self._connection, term)
            yield f"SELECT key FROM message WHERE {condition.sql}", condition.values


def depth_of(node: Node) -> int:
    """How deep a query nests."""
    if isinstance(node, Term):
        return 0
    parts = (node.part,) if isinstance(node, Not) else node.parts
    return 1 + max(map(depth_of, parts), default=0)
