"""A message as rows of the search: normalised text by columns, and the words that the index is given."""

import re
import sqlite3
from collections.abc import Iterable, Set
from functools import lru_cache
from typing import Final

import msgspec

from mailsluice.message.addresses import Address
from mailsluice.search import Candidate
from mailsluice.search.words import normal
from mailsluice.store.dictionary import Dictionary

RULES: Final = 2
"""Raised whenever rows would come out otherwise: the index is then made anew."""

WORDED: Final = (
    *("body", "sender", "sent_to", "sent_cc", "sent_bcc", "reply_to", "envelope_sender", "subject", "message_id"),
    *("filenames", "types", "user", "headers"),
)
"""The columns whose words are in the index."""

EVERYTHING: Final = "everything"
"""Stands among the traits in the index of a message whose rare words are too many to be cut into pieces."""

_STORED: Final = (*WORDED[1:-1], "traits", "headers", "rare", "body")
_INDEXED: Final = (*WORDED, "traits", "pieces")
_MOST_PIECES: Final = 4000
_SHORT: Final = 300
_WORD: Final = re.compile(r"[^\W_]+")

_INSERT_TEXT: Final = (
    f"INSERT INTO search_text (key, {', '.join(_STORED)}) VALUES (:key, {', '.join(f':{name}' for name in _STORED)})"
)
_INSERT_INDEX: Final = (
    f"INSERT INTO search_index (rowid, {', '.join(_INDEXED)}) VALUES (?, {', '.join('?' * len(_INDEXED))})"
)
_DELETE_INDEX: Final = (
    f"INSERT INTO search_index (search_index, rowid, {', '.join(_INDEXED)}) "
    f"VALUES ('delete', ?, {', '.join('?' * len(_INDEXED))})"
)


class Entry(msgspec.Struct, frozen=True):
    """One message's row of `search_text` by column, and its row of `search_index` in the order of the columns."""

    key: int
    text: dict[str, str]
    index: tuple[str, ...]


def entry_of(key: int, candidate: Candidate, *, dictionary: Dictionary) -> tuple[Entry, Set[str]]:
    """The rows of a message, and its rare words."""
    text = {
        "sender": _people([candidate.sender]),
        "sent_to": _people(candidate.to),
        "sent_cc": _people(candidate.cc),
        "sent_bcc": "\n".join(filter(None, [_people(candidate.bcc), _lines(candidate.unlisted)])),
        "reply_to": _people(candidate.reply_to),
        "envelope_sender": normal(candidate.envelope_sender),
        "subject": normal(candidate.subject),
        "message_id": normal(candidate.message_id),
        "filenames": _lines(candidate.filenames),
        "types": _lines(candidate.types),
        "user": normal(candidate.user),
        "traits": " ".join(sorted(candidate.has)),
        "headers": "".join(f"\n{normal(name)}\t{normal(value)}" for name, value in candidate.headers),
        "body": normal(candidate.text),
    }
    words = {name: _words_of(text[name]) for name in WORDED}
    rare = frozenset().union(*words.values()) - dictionary.words
    text["rare"] = " ".join(rare)
    return Entry(key, text, _index(text, words, rare)), rare


def insert(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Store the rows of messages."""
    for entry in entries:
        connection.execute(_INSERT_TEXT, {"key": entry.key, **entry.text})
        connection.execute(_INSERT_INDEX, (entry.key, *entry.index))


def remove(connection: sqlite3.Connection, keys: Iterable[int]) -> None:
    """Remove the rows of messages; nothing is parsed again for it."""
    for key in keys:
        query = f"DELETE FROM search_text WHERE key = ? RETURNING {', '.join(_STORED)}"
        rows = connection.execute(query, (key,)).fetchall()
        for row in rows:
            text = dict(zip(_STORED, row, strict=True))
            words = {name: _words_of(text[name]) for name in WORDED}
            connection.execute(_DELETE_INDEX, (key, *_index(text, words, frozenset(text["rare"].split()))))


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where each word of a normalised text begins and ends."""
    return [match.span() for match in _WORD.finditer(text)]


def pieces_of(word: str) -> list[str]:
    """All three letters that stand beside each other, and the last two, and the last: what begins with one or two
    letters of the word is among them as well.
    """
    return [*(word[at : at + 3] for at in range(len(word) - 2)), *([word[-2:]] if len(word) > 1 else []), word[-1]]


def _index(text: dict[str, str], words: dict[str, frozenset[str]], rare: frozenset[str]) -> tuple[str, ...]:
    pieces = {piece for word in rare for piece in pieces_of(word)} if len(rare) <= _MOST_PIECES else None
    if pieces is None or len(pieces) > _MOST_PIECES:
        return (*(" ".join(words[name] - rare) for name in WORDED), f"{text['traits']} {EVERYTHING}", "")
    return (*(" ".join(words[name] - rare) for name in WORDED), text["traits"], " ".join(pieces))


def _words_of(text: str) -> frozenset[str]:
    return _usual_words(text) if len(text) < _SHORT else frozenset(_WORD.findall(text))


@lru_cache(4096)  # an app writes the same few addresses and subjects all day
def _usual_words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def _people(people: Iterable[Address]) -> str:
    return "\n".join([_person(one) for one in people])


@lru_cache(4096)
def _person(one: Address) -> str:
    return normal(f"{one.name} <{one.address}>")


def _lines(texts: Iterable[str]) -> str:
    return "\n".join([normal(text) for text in texts])
