"""The words that many messages have, in memory: looked up whole, or by any part of them."""

import sqlite3
import threading
from collections.abc import Iterator, Set
from typing import Final

MOST_WORDS: Final = 50_000
LONGEST_WORD: Final = 40
_SEEN_OFTEN: Final = 3
_MOST_SIGHTINGS: Final = 50_000


class Dictionary:
    """The rows of `search_word` and no others; grows only, as an index row is read with the words it was made with.

    Words that a deleted row brought stay: a search for one more word costs next to nothing. Safe in several threads.
    """

    def __init__(self) -> None:
        self.words: set[str] = set()
        self._joined, self._last = "\n", 0
        self._lock = threading.Lock()
        self._sightings: dict[str, int] = {}

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Take in what was committed since the last time, as the connection's transaction sees it."""
        with self._lock:
            rows = connection.execute("SELECT id, word FROM search_word WHERE id > ? ORDER BY id", (self._last,))
            found = rows.fetchall()
            new = [word for _, word in found if word not in self.words]
            if found:
                self.words.update(new)
                self._joined = "".join([self._joined, *(f"{word}\n" for word in new)])
                self._last = found[-1][0]

    def with_part(self, part: str, *, opens: bool, closes: bool, limit: int) -> list[str] | None:
        """The words that have the part in them; None when they are more than the limit.

        `opens` says that a word has to begin with it, `closes` that it has to end with it.
        """
        if opens and closes:
            return [part] if part in self.words else []
        joined, found = self._joined, []
        for word in _lines_with(joined, f"\n{part}" if opens else f"{part}\n" if closes else part):
            found.append(word)
            if len(found) > limit:
                return None
        return found

    def promoted(self, rare: Set[str], already: Set[str]) -> list[str]:
        """Count the rare words of one message; those that have been seen often enough to become known.

        `already` are words that are about to be known. To count is forgotten at the end of the process.
        """
        room = MOST_WORDS - len(self.words) - len(already)
        if room <= 0:
            return []
        if len(self._sightings) > _MOST_SIGHTINGS:
            self._sightings.clear()
        found = []
        for word in rare:
            if len(word) <= LONGEST_WORD and word not in already:
                seen = self._sightings.get(word, 0) + 1
                self._sightings[word] = seen
                if seen >= _SEEN_OFTEN:
                    del self._sightings[word]
                    found.append(word)
        return found[:room]


def _lines_with(joined: str, part: str) -> Iterator[str]:
    """Each line that has the part; its line ends may be in the part."""
    at = joined.find(part)
    while at >= 0:
        start = joined.rfind("\n", 0, at + 1) + 1
        end = joined.find("\n", max(at + len(part) - 1, start))
        yield joined[start:end]
        at = joined.find(part, end)
