"""The tags of messages, by name; upper and lower case are one tag, written as it was written first."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from mailsluice.errors import Refusal
from mailsluice.search.words import folded
from mailsluice.store.stretches import Span, Stretch, condition, spans
from mailsluice.tagging import clean_tag, clean_tags

MOST_NAMES: Final = 10_000
"""Different tags in all: each is named in every list that an API gives."""

_WITHIN: Final = "tag = :old AND message > :after AND message <= :through"


def tag_messages(connection: sqlite3.Connection, keys: Sequence[int], names: Iterable[str]) -> None:
    """Tag messages, given by key; beyond the bound no new tag comes into being."""
    for name in clean_tags(names):
        stored = _stored(connection, name) if keys else ""
        if stored:
            connection.executemany(
                "INSERT INTO tagged (message, tag) VALUES (?, ?) ON CONFLICT DO NOTHING",
                ((key, stored) for key in keys),
            )


def set_tags(connection: sqlite3.Connection, stretch: Stretch, names: Iterable[str]) -> list[str]:
    """Give messages these tags and no others; the ids that exist."""
    found = _found(connection, stretch)
    connection.executemany("DELETE FROM tagged WHERE message = ?", ((key,) for key, _ in found))
    tag_messages(connection, [key for key, _ in found], names)
    return [id for _, id in found]


def add_tags(connection: sqlite3.Connection, stretch: Stretch, names: Iterable[str]) -> list[str]:
    """Give messages these tags too; the ids that exist."""
    found = _found(connection, stretch)
    tag_messages(connection, [key for key, _ in found], names)
    return [id for _, id in found]


def remove_tags(connection: sqlite3.Connection, stretch: Stretch, names: Iterable[str]) -> list[str]:
    """Take these tags from messages; the ids that exist."""
    found = _found(connection, stretch)
    for name in clean_tags(names):
        known = _known(connection, name)
        pairs = ((key, known) for key, _ in found)
        connection.executemany("DELETE FROM tagged WHERE message = ? AND tag = ?", pairs)
    return [id for _, id in found]


def begin_renaming(connection: sqlite3.Connection, old: str, new: str) -> tuple[str, str]:
    """The old and the new name as they are stored; LookupError if there is no such tag, Refusal if the new will not do.

    A tag that is only written otherwise is the same one: it has its new name at once, and nothing is left to change.
    """
    known, name = stored_name(connection, old), clean_tag(new)
    if not name or name != new.strip():
        raise Refusal(f"invalid tag name: {new}", field="name")
    if _known(connection, name) not in ("", known):
        raise Refusal(f"tag already exists: {name}", field="name")
    if folded(known) == folded(name):
        values = {"old": known, "new": name}
        connection.execute("UPDATE tag SET name = :new WHERE name = :old", values)
        connection.execute("UPDATE tagged SET tag = :new WHERE tag = :old", values)
        known = name
    return known, name


def rename_tag(connection: sqlite3.Connection, stretch: Span, *, old: str, new: str) -> None:
    """Give the messages of a span the new tag instead of the old one."""
    values = {**stretch._asdict(), "old": old}
    if connection.execute(f"SELECT 1 FROM tagged WHERE {_WITHIN} LIMIT 1", values).fetchone():
        values["new"] = _known(connection, new) or _made(connection, new)
        insert = f"INSERT INTO tagged (message, tag) SELECT message, :new FROM tagged WHERE {_WITHIN}"
        connection.execute(f"{insert} ON CONFLICT DO NOTHING", values)
        delete_tag(connection, stretch, name=old)


def delete_tag(connection: sqlite3.Connection, stretch: Span, *, name: str) -> None:
    """Take a tag from the messages of a span."""
    connection.execute(f"DELETE FROM tagged WHERE {_WITHIN}", {**stretch._asdict(), "old": name})


def tagged_spans(connection: sqlite3.Connection, name: str) -> list[Span]:
    """Where the messages lie that have a tag."""
    return spans(connection, "(SELECT message AS key FROM tagged WHERE tag = :tag)", "TRUE", {"tag": name})


def stored_name(connection: sqlite3.Connection, name: str) -> str:
    """A tag as it was written first; LookupError if there is no such tag."""
    known = _known(connection, name)
    if not known:
        raise LookupError(f"tag not found: {name}")
    return known


def count_tags(connection: sqlite3.Connection) -> dict[str, int]:
    """How many messages have each tag, by name."""
    return dict(connection.execute("SELECT name, messages FROM tag WHERE messages > 0 ORDER BY name").fetchall())


def count_tags_of(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, int]:
    """How many of these messages have each tag, by name."""
    keys = "SELECT key FROM message WHERE id IN (SELECT value FROM json_each(:ids))"
    query = f"SELECT tag, count(*) FROM tagged WHERE message IN ({keys}) GROUP BY tag ORDER BY tag"
    return dict(connection.execute(query, {"ids": json.dumps(ids)}).fetchall())


def _stored(connection: sqlite3.Connection, name: str) -> str:
    """The name under which a tag is known from now on; empty if there are too many to make another."""
    known = _known(connection, name)
    if known:
        return known
    if connection.execute("SELECT count(*) FROM tag").fetchone()[0] >= MOST_NAMES:
        return ""
    return _made(connection, name)


def _made(connection: sqlite3.Connection, name: str) -> str:
    connection.execute("INSERT INTO tag (name, folded) VALUES (:name, :folded)", {"name": name, "folded": folded(name)})
    return name


def _known(connection: sqlite3.Connection, name: str) -> str:
    row = connection.execute("SELECT name FROM tag WHERE folded = :folded", {"folded": folded(name)}).fetchone()
    return row[0] if row else ""


def _found(connection: sqlite3.Connection, stretch: Stretch) -> list[tuple[int, str]]:
    where, values = condition(stretch)
    return connection.execute(f"SELECT key, id FROM message WHERE {where} ORDER BY key", values).fetchall()
