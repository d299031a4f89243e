"""A store full of odd mail on a loop of its own, and the same mail as the reference matcher sees it."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from mailsluice.capture import Capture, Envelope, Recipient, SessionFacts, new_id, now
from mailsluice.message.bounds import DEFAULT
from mailsluice.search import Candidate, Query, matches
from mailsluice.store import Store, open_store
from mailsluice.store.database import connect_reader
from mailsluice.store.glimpses import read_glimpses
from mailsluice.store.scanning import read_candidate
from tests.bench.search_mail import Letters
from tests.nasty import nasty_messages

_LETTERS: Final = 60
_HUGE: Final = 300_000  # the reference matcher takes long over these


def searchable_mail() -> list[bytes]:
    """Ordinary mail, hostile mail, and that of the folder which MAILSLUICE_TEST_CORPUS names."""
    letters = Letters()
    folder = os.environ.get("MAILSLUICE_TEST_CORPUS")
    corpus = sorted(path for path in Path(folder).rglob("*") if path.is_file()) if folder else []
    found = [letters.mail(number)[0] for number in range(_LETTERS)]
    found += [raw for _, raw in nasty_messages() if len(raw) < _HUGE]
    return found + [path.read_bytes() for path in corpus]


def capture_of(raw: bytes, number: int = 0, *, user: str = "", warnings: tuple[str, ...] = ()) -> Capture:
    """A capture of these bytes; the number says when and from whom."""
    envelope = Envelope(f"bounce{number % 7}@example.com", (Recipient(f"Hidden.{number % 5}@Example.org"),))
    facts = SessionFacts(id=new_id(), peer="127.0.0.1:5", began=0, user=user, warnings=warnings)
    return Capture(new_id(), now() - (1000 - number) * 3_600_000_000, envelope, facts, (), raw)


class Place:
    """A store and its messages; `find` and `expected` are to be the same for every query."""

    def __init__(self, runner: asyncio.Runner, store: Store) -> None:
        self._runner, self.store = runner, store
        self.candidates: dict[str, Candidate] = {}

    def fill(self, mail: Sequence[bytes], *, indexed: int) -> None:
        """Store mail, of which the index gets to know the first so many."""
        self._runner.run(self._fill(mail, indexed))
        with closing(connect_reader(self.store.path)) as connection:
            for glimpse in read_glimpses(connection, above=0, before=1 << 62, most=-1):
                self.candidates[glimpse.id] = read_candidate(connection, glimpse, bounds=DEFAULT)

    async def _fill(self, mail: Sequence[bytes], indexed: int) -> None:
        captures = [
            capture_of(raw, n, user=("", "Shop", "Jürgen S.")[n % 3], warnings=("odd",) * (n % 4 == 0))
            for n, raw in enumerate(mail)
        ]
        await asyncio.gather(*map(self.store.add, captures[:indexed]))
        await self.store.search.indexing.settle()
        if indexed < len(mail):
            await self.store.search.indexing.stop()
        await asyncio.gather(*map(self.store.add, captures[indexed:]))
        await self.store.mark_seen([capture.id for capture in captures[::3]], seen=True)

    def find(self, query: Query, *, limit: int = 0, offset: int = 0) -> list[str]:
        """The ids that the search finds."""
        found = self._runner.run(self.store.search.find(query, limit=limit, offset=offset))
        return [one.id for one in found]

    def newer_than(self, id: str, query: Query) -> str:
        """The id of the next newer message that the search finds."""
        listed = self._runner.run(self.store.get(id))
        assert listed is not None
        return self._runner.run(self.store.search.newer_than(listed.key, query))

    def count(self, query: Query) -> tuple[int, int]:
        """What the search counts."""
        return self._runner.run(self.store.search.count(query))

    def expected(self, query: Query) -> list[str]:
        """The ids that the reference matcher finds, newest first."""
        return [id for id, candidate in self.candidates.items() if matches(query, candidate)]


@contextmanager
def open_place(path: Path) -> Iterator[Place]:
    """A place that is gone at the end."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        store = runner.run(stack.enter_async_context(open_store(path)))
        try:
            yield Place(runner, store)
        finally:
            runner.run(stack.aclose())
