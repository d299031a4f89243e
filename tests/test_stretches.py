"""Many messages changed at once: in small steps with captures in between, and one change to whoever asked."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailsluice.store import Store, open_store
from tests.captures import Clock, add, assert_counted, ids

MANY = 25


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def kept(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    """A store that edits two messages at once."""
    monkeypatch.setattr("mailsluice.store.stretches.STRETCH", 2)
    async with open_store(tmp_path / "mail.db", clock=clock) as store:
        yield store


async def fill(store: Store) -> list[str]:
    bodies = (b"X-Tags: a, b\r\n\r\nx", b"X-Tags: c\r\n\r\nx", b"x")
    return [await add(store, body=bodies[number % 3], user="shop" if number % 2 else "") for number in range(MANY)]


async def test_all_that_were_deleted_in_steps_come_back_together(kept: Store) -> None:
    every = await fill(kept)
    await kept.pin(every[:1], pinned=True)
    before = [await kept.list_messages(limit=0), (await kept.counts()).size, await kept.mailboxes(), await kept.tags()]
    deletion = await kept.delete(None)
    assert (deletion.messages, deletion.ids, await ids(kept)) == (MANY - 1, None, every[:1])
    assert_counted(kept)
    (found,) = await kept.undo(deletion.token)
    assert (found.messages, found.ids, found.until) == (MANY - 1, None, deletion.until)
    after = [await kept.list_messages(limit=0), (await kept.counts()).size, await kept.mailboxes(), await kept.tags()]
    assert (after[0], after[1], after[3]) == (before[0], before[1], before[3])
    assert_counted(kept)


async def test_steps_answer_every_id_and_change_no_other_message(kept: Store) -> None:
    every = await fill(kept)
    shop = every[1::2]
    assert await kept.mark_seen(None, seen=True, mailbox="shop") == shop
    assert await kept.mark_seen(None, seen=True) == every[0::2]
    assert await kept.pin(every[3:9], pinned=True) == every[3:9]
    assert await kept.add_tags(every[:7], ["new"]) == every[:7]
    assert await kept.remove_tags(every, ["a"]) == every
    assert await kept.set_tags(every[:5], ["only"]) == every[:5]
    assert await kept.tags() == {"b": 7, "c": 6, "new": 2, "only": 5}
    assert set((await kept.delete(every[:7])).ids or ()) == set(every[:7])
    assert (await kept.delete(None, mailbox="shop")).messages == len(shop) - 4
    assert [id for id in await ids(kept, "shop") if id not in every[3:9]] == []
    assert_counted(kept)


async def test_a_tag_is_renamed_and_deleted_in_steps_with_mail_in_between(kept: Store) -> None:
    every = await fill(kept)
    renaming = asyncio.create_task(kept.rename_tag("a", "new"))
    async with asyncio.timeout(20):
        while "new" not in await kept.tags():
            pass
    assert "a" in await kept.tags()
    await add(kept, body=b"X-Tags: a\r\n\r\nx")
    assert not renaming.done()
    await kept.add_tags(every[-1:], ["NEW"])
    assert_counted(kept)
    await renaming
    assert await kept.tags() == {"a": 1, "b": 9, "c": 8, "new": 9}
    deleting = asyncio.create_task(kept.delete_tag("new"))
    async with asyncio.timeout(20):
        while (await kept.tags()).get("new") == 9:
            pass
    await add(kept, body=b"X-Tags: New\r\n\r\nx")
    assert not deleting.done()
    await deleting
    assert await kept.tags() == {"a": 1, "b": 9, "c": 8, "new": 1}
    assert_counted(kept)


async def test_a_tag_is_renamed_though_there_are_as_many_as_there_may_be(
    kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(kept)
    monkeypatch.setattr("mailsluice.store.tags.MOST_NAMES", 3)
    await kept.rename_tag("a", "new")
    assert await kept.tags() == {"b": 9, "c": 8, "new": 9}


async def test_mail_is_acknowledged_while_all_is_deleted_and_stays(kept: Store) -> None:
    await fill(kept)
    deleting = asyncio.create_task(kept.delete(None))
    async with asyncio.timeout(20):
        while not (await kept.counts()).deleted:
            pass
    new = await add(kept)
    assert not deleting.done()
    assert (await deleting).messages == MANY
    assert await ids(kept) == [new]


async def test_a_deletion_that_ends_in_the_middle_leaves_what_is_right(kept: Store, clock: Clock) -> None:
    every = await fill(kept)
    deleting = asyncio.create_task(kept.delete(None))
    async with asyncio.timeout(20):
        while not (await kept.counts()).deleted:
            pass
    deleting.cancel()
    await asyncio.wait({deleting})
    assert_counted(kept)
    assert len(await ids(kept)) < MANY
    await kept.undo(every)
    assert await ids(kept) == every
    assert_counted(kept)


async def test_an_undo_that_began_in_time_brings_everything_back(kept: Store, clock: Clock) -> None:
    every = await fill(kept)
    deletion = await kept.delete(None)
    undoing = asyncio.create_task(kept.undo(deletion.token))
    async with asyncio.timeout(20):
        while not (await kept.counts()).messages:
            pass
    clock.forward(60)
    await kept.upkeep.round()
    assert [one.messages for one in await undoing] == [MANY]
    assert await ids(kept) == every
    assert_counted(kept)


async def test_what_is_being_deleted_comes_back_whole_and_once(kept: Store) -> None:
    every = await fill(kept)
    deleting = asyncio.create_task(kept.delete(None))
    async with asyncio.timeout(20):
        while not (await kept.counts()).deleted:
            pass
    found = await asyncio.gather(kept.undo(every[:1]), kept.undo(every[:1]))
    assert sorted(sum(one.messages for one in some) for some in found) == [0, MANY]
    assert (await deleting).messages == MANY
    assert await ids(kept) == every


async def test_so_much_that_it_takes_a_while_can_be_taken_back_for_longer(kept: Store, clock: Clock) -> None:
    every = await fill(kept)
    one = await kept.delete(every[:1])
    rest = await kept.delete(None)
    assert one.until == clock() + 10_000_000
    assert rest.until == one.until + 11 * 100_000
