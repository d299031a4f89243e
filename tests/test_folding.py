"""The write-ahead log: folded beside the captures, and cut to nothing when it has mail that is gone."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from mailsluice.store import Store, open_store
from tests.captures import Clock, add, assert_counted

WORDS = (b"wombatsubject", b"quokkabody", b"numbatname")
BODY = b"Subject: wombatsubject\r\nFrom: numbatname <n@example.com>\r\n\r\nquokkabody\r\n"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def kept(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    """A store that does not wait long before it cuts its log."""
    monkeypatch.setattr("mailsluice.store.folding._SHRINK_SECONDS", 0.01)
    monkeypatch.setattr("mailsluice.store.folding._AGAIN_SECONDS", 0.01)
    monkeypatch.setattr("mailsluice.store.upkeep._LEGIBLE_SECONDS", 0.01)
    async with open_store(tmp_path / "mail.db", clock=clock) as store:
        yield store


def log_of(store: Store) -> Path:
    return store.path.with_name(store.path.name + "-wal")


def legible(store: Store) -> set[bytes]:
    """The words that can be read in the files."""
    content = b"".join(file.read_bytes() for file in store.path.parent.glob("mail.db*") if file.is_file())
    return {word for word in WORDS if word in content.lower()}


async def purge(store: Store, clock: Clock, id: str) -> None:
    await store.delete([id])
    clock.forward(11)
    await store.upkeep.round()


@pytest.mark.parametrize("is_indexed", [True, False])
async def test_no_word_of_purged_mail_stays_in_the_files(kept: Store, clock: Clock, is_indexed: bool) -> None:
    await add(kept)
    gone = await add(kept, body=BODY)
    await add(kept)
    if is_indexed:
        await kept.search.indexing.settle()
    assert legible(kept) == set(WORDS)
    await purge(kept, clock, gone)
    async with asyncio.timeout(20):
        while legible(kept):
            await asyncio.sleep(0.01)  # a query would be in the way
    assert_counted(kept)


async def test_the_log_shrinks_after_a_purge_though_the_program_runs_on(kept: Store, clock: Clock) -> None:
    gone = await add(kept, body=b"x" * 500_000)
    await kept.search.indexing.settle()
    assert log_of(kept).stat().st_size
    await purge(kept, clock, gone)
    async with asyncio.timeout(20):
        while log_of(kept).stat().st_size:
            await asyncio.sleep(0.01)  # a query would be in the way
    await add(kept)
    assert_counted(kept)


async def test_a_log_that_somebody_reads_is_cut_later_and_captures_go_on(kept: Store, clock: Clock) -> None:
    gone = await add(kept, body=BODY)
    await kept.search.indexing.settle()
    with closing(sqlite3.connect(kept.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM message").fetchone() == (1,)
        await purge(kept, clock, gone)
        for _ in range(20):
            await add(kept)
        assert log_of(kept).stat().st_size
        assert legible(kept) == set(WORDS)
        reader.execute("COMMIT")
    async with asyncio.timeout(20):
        while legible(kept) or log_of(kept).stat().st_size:
            await asyncio.sleep(0.01)  # a query would be in the way
