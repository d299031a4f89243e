"""What the search costs: `python -m tests.bench.search 100000 [folder]`.

Fills a database with so many different mails, lets the index catch up, and times each kind of query: the newest page of
50, and the count of all that match.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mailsluice.capture import Capture, Envelope, Recipient, SessionFacts, new_id, now
from mailsluice.search import parse
from mailsluice.store import Store, open_store
from tests.bench.search_mail import Letters

_AT_ONCE: Final = 500
_PAGE: Final = 50
_ROUNDS: Final = 7
_SPAN: Final = 60_000_000  # microseconds between two mails

QUERIES: Final = (
    ("newest page", ""),
    ("word, in most mail", "invoice"),
    ("word, in some", "subscription"),
    ("word, in none", "zzzyx"),
    ("two words", "invoice refund"),
    ("prefix", "invo"),
    ("prefix of a rare word", "quistra"),
    ("number, one mail", "INV0012345"),
    ("part of a word", "voice"),
    ("part of a number", "1842"),
    ("part of a number, long", "23456"),
    ("part of a token", "a7f3"),
    ("part, common letters", "tion"),
    ("three letters", "ver"),
    ("two letters", "qu"),
    ("two letters, rare", "zq"),
    ("Chinese, two characters", "发票"),
    ("umlaut, other case", "RÜCKGABE"),
    ("phrase", '"your order"'),
    ("phrase, in none", '"reset tracking refund"'),
    ("from:", "from:bacedi"),
    ("to:, one person", "to:quidila"),
    ("subject:", "subject:refund"),
    ("header:", 'header:x-mailer="shop 3"'),
    ("has:html", "has:html"),
    ("is:unread", "is:unread invoice"),
    ("not", "invoice -refund"),
    ("or", "zzzyx OR 1842"),
    ("on: an old day", "on:2024-06-01"),
    ("larger:, none", "larger:10m"),
)


async def fill(store: Store, letters: Letters, *, start: int, number: int) -> None:
    """Store mails, as fast as they are taken."""
    began = now() - number * _SPAN
    for at in range(start, number, _AT_ONCE):
        await asyncio.gather(*(store.add(_capture(letters, n, began)) for n in range(at, min(at + _AT_ONCE, number))))


def _capture(letters: Letters, number: int, began: int) -> Capture:
    body, sender, to = letters.mail(number)
    facts = SessionFacts(id=new_id(), peer="127.0.0.1:5", began=0)
    return Capture(new_id(), began + number * _SPAN, Envelope(sender, (Recipient(to),)), facts, (), body)


@contextmanager
def timed(title: str) -> Iterator[None]:
    """Print how long it took."""
    began = time.perf_counter()
    yield
    print(f"{title}: {time.perf_counter() - began:.1f} s", flush=True)


async def _median(run: Callable[[], Awaitable[object]]) -> tuple[float, float, object]:
    """Median and maximum in milliseconds, and what came of it; fewer rounds of what is slow."""
    spent: list[float] = []
    found: object = None
    while len(spent) < _ROUNDS and sum(spent) < 3:
        began = time.perf_counter()
        found = await run()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1000, max(spent) * 1000, found


async def measure(store: Store) -> None:
    """Time every query."""
    print(f"{'':28} {'page ms':>9} {'max':>9} {'count ms':>9} {'matching':>9}")
    for title, text in QUERIES:
        query = parse(text, now=now())
        assert not query.problems, query.problems
        page, worst, _ = await _median(lambda query=query: store.search.find(query, limit=_PAGE))  # type: ignore[misc]
        count, _, found = await _median(lambda query=query: store.search.count(query))  # type: ignore[misc]
        print(f"{title:28} {page:9.2f} {worst:9.2f} {count:9.1f} {found!s:>20}", flush=True)


async def run(number: int, folder: Path) -> None:
    """Fill, index and measure."""
    async with open_store(folder / "mail.db") as store:
        there = (await store.counts()).accepted
        with timed(f"{number:,} mails stored"):
            await fill(store, Letters(), start=there, number=number)
        with timed("the index caught up"):
            await store.search.indexing.settle()
        print(f"the database has {await store.size_on_disk() / 1e6:.0f} MB")
        await measure(store)


def main() -> None:
    """Measure in a folder, a temporary one by default; one that is filled already is not filled again."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.search", description=__doc__)
    parser.add_argument("number", type=int, nargs="?", default=100_000)
    parser.add_argument("folder", type=Path, nargs="?")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/var/tmp") as folder:
        asyncio.run(run(given.number, given.folder or Path(folder)))


if __name__ == "__main__":
    main()
