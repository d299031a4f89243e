"""Deleting, taking it back, and what is left when there is no taking back any more; pins."""

import asyncio
import os
import random
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsluice.capture import Spool
from mailsluice.store import Limits, Store, open_store
from tests.captures import Clock, add, assert_counted, ids

LARGE = os.urandom(1 << 20)
TABLES = ("message", "source", "chunk", "trash", "tagged", "tag")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def kept(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """A store whose clock is the test's."""
    async with open_store(tmp_path / "mail.db", clock=clock) as store:
        yield store


def spooled(store: Store) -> Spool:
    (path := store.spool_folder / "body").write_bytes(LARGE)
    return Spool(path, len(LARGE))


def rows_in(path: Path, *tables: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)


async def test_a_deleted_message_is_seen_by_nothing_that_reads(kept: Store) -> None:
    id = await add(kept, body=b"X-Tags: t\r\n\r\nx", user="shop")
    deletion = await kept.delete([id, id, "unknown"])
    assert (deletion.messages, deletion.ids) == (1, (id,))
    assert [await kept.get(id), await kept.get("latest"), await kept.raw(id), await kept.receipt(id)] == [None] * 4
    assert (await ids(kept), await kept.tags(), await kept.mailboxes()) == ([], {}, [])
    assert await kept.mark_seen([id], seen=True) == []
    assert await kept.pin([id], pinned=True) == []
    assert await kept.set_tags([id], ["x"]) == []
    counts = await kept.counts()
    assert (counts.messages, counts.size, counts.deleted) == (0, 0, 1)


@pytest.mark.parametrize("by_id", [False, True])
async def test_a_deletion_taken_back_brings_everything_back_as_it_was(kept: Store, by_id: bool) -> None:
    one, two = await add(kept, body=b"X-Tags: t, u\r\n\r\nx", user="shop"), await add(kept, body=spooled(kept))
    await kept.mark_seen([one], seen=True)
    await kept.pin([two], pinned=True)
    before = [await kept.list_messages(limit=0), await kept.counts(), await kept.mailboxes(), await kept.tags()]
    deletion = await kept.delete([one, two])
    await add(kept)
    (found,) = await kept.undo([two] if by_id else deletion.token)
    assert (found.messages, set(found.ids or ())) == (2, {one, two})
    assert await kept.raw(two) == LARGE
    await kept.delete([(await ids(kept))[-1]])
    after = [await kept.list_messages(limit=0), await kept.counts(), await kept.mailboxes(), await kept.tags()]
    assert (after[0], after[3]) == (before[0], before[3])
    assert_counted(kept)


async def test_after_ten_seconds_a_deletion_is_final_and_leaves_nothing(kept: Store, clock: Clock) -> None:
    id = await add(kept, body=spooled(kept))
    await add(kept, body=b"X-Tags: t\r\n\r\nx")
    deletion = await kept.delete(None)
    clock.forward(9.9)
    await kept.upkeep.round()
    assert rows_in(kept.path, "trash", "source") == 4
    clock.forward(0.2)
    assert await kept.undo(deletion.token) == []
    await kept.upkeep.round()
    assert rows_in(kept.path, *TABLES) == 0
    assert await kept.raw(id) is None


async def test_only_what_was_deleted_together_comes_back_together(kept: Store, clock: Clock) -> None:
    one, two, three = [await add(kept) for _ in range(3)]
    first, second = await kept.delete([one]), await kept.delete([two])
    await kept.undo(second.token)
    assert await ids(kept) == [two, three]
    assert await kept.undo(second.token) == await kept.undo("unknown") == await kept.undo(["unknown"]) == []
    clock.forward(5)
    again = await kept.delete([two])
    clock.forward(6)
    assert await kept.undo(first.token) == []
    assert len(await kept.undo(again.token)) == 1
    assert_counted(kept)


async def test_pinned_messages_stay_when_all_are_deleted_unless_said_otherwise(kept: Store) -> None:
    one, two, shop = await add(kept), await add(kept), await add(kept, user="shop")
    assert await kept.pin([one, shop, one], pinned=True) == [one, shop]
    assert await kept.pin([one], pinned=True) == []
    assert (await kept.delete(None)).messages == 1
    assert await ids(kept) == [one, shop]
    assert (await kept.delete(None, mailbox="shop", pinned=True)).messages == 1
    assert (await kept.delete([one])).ids == (one,)
    assert await ids(kept) == []
    assert two not in await ids(kept)
    assert_counted(kept)


async def test_a_restored_message_has_its_old_place(kept: Store) -> None:
    every = [await add(kept) for _ in range(3)]
    keys = [one.key for one in await kept.list_messages(limit=0)]
    await kept.undo((await kept.delete([every[1]])).token)
    assert await ids(kept) == every
    assert [one.key for one in await kept.list_messages(limit=0)] == keys


async def test_a_start_purges_what_is_due_and_keeps_what_can_be_taken_back(tmp_path: Path, clock: Clock) -> None:
    async with open_store(tmp_path / "mail.db", clock=clock) as store:
        old = await add(store, body=spooled(store))
        await store.delete([old])
        clock.forward(6)
        new = await add(store, body=spooled(store))
        await store.delete([new])
    clock.forward(6)
    async with open_store(tmp_path / "mail.db", clock=clock) as store:
        await store.upkeep.round()
        assert rows_in(store.path, "trash", "source") == 2
        assert await store.undo([old]) == []
        assert len(await store.undo([new])) == 1
        assert await store.raw(new) == LARGE


async def test_the_timer_purges_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailsluice.store.trash.UNDO_MICROSECONDS", 0)
    async with open_store(tmp_path / "mail.db") as store:
        await add(store)
        await store.delete(None)
        async with asyncio.timeout(20):
            while rows_in(store.path, *TABLES):
                await store.counts()


async def test_the_file_shrinks_when_deleted_mail_is_purged(kept: Store, clock: Clock) -> None:
    for _ in range(20):
        await add(kept, body=LARGE)
    full = await kept.size_on_disk()
    await kept.delete(None)
    clock.forward(11)
    await kept.upkeep.round()
    async with asyncio.timeout(20):
        while kept.path.stat().st_size > full // 4:  # the log is folded in beside the writer
            kept._writer.fold_log()
            await kept.counts()


OPERATIONS = ("capture", "capture", "mark", "pin", "tag", "untag", "delete", "clear", "undo", "wait", "rename")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(OPERATIONS), min_size=5, max_size=40), st.integers(0, 1 << 32))
def test_the_counters_are_right_whatever_happens(operations: list[str], seed: int) -> None:
    asyncio.run(_live(operations, random.Random(seed)))


async def _live(operations: list[str], chance: random.Random) -> None:
    clock, limits = Clock(), Limits(messages=8, size=90, mailboxes={"shop": 3})
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("mailsluice.store.stretches.STRETCH", chance.choice([1, 2, 1000]))
        async with open_store(Path(folder) / "mail.db", clock=clock, limits=limits) as store:
            tokens: list[str] = []
            for operation in operations:
                some = [id for id in await ids(store) if chance.random() < 0.5]
                if operation == "capture":
                    body = b"X-Tags: " + chance.choice([b"a", b"a, b", b""]) + b"\r\n\r\n" + b"x" * chance.randrange(9)
                    await add(store, body=body, user=chance.choice(["", "shop", "ada"]), received=clock())
                elif operation in ("delete", "clear"):
                    named = some if operation == "delete" else None
                    pinned, mailbox = chance.random() < 0.3, chance.choice(["", "", "shop"])
                    tokens.append((await store.delete(named, mailbox=mailbox, pinned=pinned)).token)
                else:
                    await _operate(store, clock, operation, some, tokens, chance)
                assert_counted(store)


async def _operate(
    store: Store, clock: Clock, operation: str, some: list[str], tokens: list[str], chance: random.Random
) -> None:
    if operation == "mark":
        mailbox = chance.choice(["", "shop"])
        await store.mark_seen(chance.choice([None, some]), seen=chance.random() < 0.5, mailbox=mailbox)
    elif operation == "pin":
        await store.pin(some, pinned=chance.random() < 0.5)
    elif operation == "tag":
        await store.set_tags(some, chance.choice([["a"], ["b", "c"], []]))
    elif operation == "untag":
        await store.remove_tags(some, ["a"])
    elif operation == "undo" and tokens:
        await store.undo(chance.choice(tokens))
    elif operation == "rename" and "a" in await store.tags():
        await store.rename_tag("a", f"new{chance.random()}")
    elif operation == "wait":
        clock.forward(chance.choice([1, 6, 11]))
        await store.upkeep.round()
