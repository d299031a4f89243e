"""How much mail is kept: the oldest goes first, what is pinned or being released stays."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from mailsluice.capture import now
from mailsluice.events import Deleted
from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from mailsluice.store import Limits, Store, open_store
from tests.captures import Clock, add, assert_counted, ids
from tests.conftest import LOOPBACK
from tests.released import RAW, make_release

HOUR = 3600
Opener = Callable[[Limits], AbstractAsyncContextManager[Store]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[str]:
    """The ids that the store said were gone."""
    return []


@pytest.fixture
async def opened(tmp_path: Path, clock: Clock, told: list[str]) -> AsyncIterator[Opener]:
    async with AsyncExitStack():
        yield lambda limits: open_store(tmp_path / "mail.db", clock=clock, limits=limits, on_deleted=told.extend)


async def test_beyond_the_number_the_oldest_go_and_are_told(opened: Opener, told: list[str]) -> None:
    async with opened(Limits(messages=3)) as store:
        every = [await add(store, user=user) for user in ("a", "b", "a", "b", "a")]
        await store.upkeep.round()
        assert await ids(store) == every[2:]
        assert told == every[:2]
        assert (await store.counts()).deleted == 2
        assert_counted(store)


async def test_without_limits_everything_stays(opened: Opener, told: list[str]) -> None:
    async with opened(Limits()) as store:
        every = [await add(store, came=1) for _ in range(5)]
        await store.upkeep.round()
        assert (await ids(store), told) == (every, [])


async def test_beyond_the_bytes_the_oldest_go(opened: Opener) -> None:
    async with opened(Limits(size=1000)) as store:
        every = [await add(store, body=b"x" * size) for size in (900, 10, 500, 400)]
        await store.upkeep.round()
        assert await ids(store) == every[1:]
        last = await add(store, body=b"x" * 5000)
        await store.upkeep.round()
        assert await ids(store) == []
        assert last not in await ids(store), "one message larger than everything allowed goes too"


async def test_beyond_the_age_messages_go_from_the_oldest_on(opened: Opener, clock: Clock) -> None:
    async with opened(Limits(age=HOUR)) as store:
        await add(store, came=clock())
        clock.forward(HOUR / 2)
        new = await add(store, came=clock())
        await store.upkeep.round()
        assert len(await ids(store)) == 2
        clock.forward(HOUR / 2 + 1)
        await store.upkeep.round()
        assert await ids(store) == [new]


async def test_old_mail_that_is_imported_stays_until_it_was_here_for_the_age(opened: Opener, clock: Clock) -> None:
    async with opened(Limits(age=HOUR)) as store:
        old = await add(store, received=clock() - 9 * HOUR * 1_000_000)
        await store.upkeep.round()
        assert await ids(store) == [old]
        clock.forward(HOUR + 1)
        await store.upkeep.round()
        assert await ids(store) == []


async def test_a_message_goes_when_it_is_too_old_though_nothing_else_happens(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mail.db", limits=Limits(age=1)) as store:
        await add(store, came=now() - 300_000)
        pinned = await add(store)
        await store.pin([pinned], pinned=True)
        async with asyncio.timeout(20):
            while await ids(store) != [pinned]:
                await store.counts()


async def test_what_an_undo_brings_beyond_the_limits_goes_without_new_mail(opened: Opener, told: list[str]) -> None:
    async with opened(Limits(messages=2)) as store:
        every = [await add(store) for _ in range(2)]
        deletion = await store.delete(every[:1])
        every.append(await add(store))
        async with asyncio.timeout(20):
            while store.upkeep._wanted.is_set():
                await store.counts()
        await store.upkeep.round()  # whatever was under way by itself has ended too
        assert len(await store.undo(deletion.token)) == 1
        async with asyncio.timeout(5):  # when the deletion would have become final, upkeep looks anyhow
            while told != every[:1]:
                await store.counts()
        assert await ids(store) == every[1:]


async def test_a_mailbox_has_its_own_limit(opened: Opener) -> None:
    async with opened(Limits(mailboxes={"shop": 2, "other": 1})) as store:
        inbox = [await add(store) for _ in range(3)]
        shop = [await add(store, user="shop") for _ in range(4)]
        await store.upkeep.round()
        assert (await ids(store), await ids(store, "shop")) == (inbox + shop[2:], shop[2:])
        assert_counted(store)


async def test_pinned_messages_stay_and_count_towards_no_limit(opened: Opener) -> None:
    async with opened(Limits()) as store:
        pinned = [await add(store, body=b"x" * 500, came=1) for _ in range(3)]
        await store.pin(pinned, pinned=True)
    async with opened(Limits(messages=2, size=100, age=HOUR)) as store:
        new = [await add(store, body=b"x" * 40) for _ in range(2)]
        await store.upkeep.round()
        assert await ids(store) == pinned + new
        await store.pin(pinned[:1], pinned=False)
        await store.upkeep.round()
        assert await ids(store) == pinned[1:] + new
        assert_counted(store)


async def test_a_message_with_an_open_release_stays_until_the_release_ends(opened: Opener) -> None:
    async with opened(Limits()) as store:
        waiting, _, new = [await add(store) for _ in range(3)]
        release = make_release(message=waiting)
        await store.journal.add([(release, RAW)])
    async with opened(Limits(messages=1, size=30)) as store:
        await store.upkeep.round()
        assert await ids(store) == [waiting, new]
        await store.journal.update(msgspec.structs.replace(release, state="delivered", changed=now()))
        last = await add(store)
        await store.upkeep.round()
        assert await ids(store) == [last]
        assert await store.journal.source(release.id) == RAW


async def test_a_step_is_small_so_that_captures_come_in_between(opened: Opener) -> None:
    async with opened(Limits()) as store:
        await asyncio.gather(*(add(store) for _ in range(350)))
    sizes: list[int] = []
    limits = Limits(messages=10)
    async with open_store(store.path, limits=limits, on_deleted=lambda gone: sizes.append(len(gone))) as store:
        await store.upkeep.round()
        assert len(await ids(store)) == 10
        assert_counted(store)
    assert sum(sizes) == 340
    assert max(sizes) == 100


async def test_large_messages_go_in_smaller_steps(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailsluice.store.trash._STEP_BYTES", 2500)
    async with opened(Limits()) as store:
        for _ in range(6):
            await add(store, body=b"x" * 1000)
    sizes: list[int] = []
    async with open_store(
        store.path, limits=Limits(messages=1), on_deleted=lambda gone: sizes.append(len(gone))
    ) as store:
        await store.upkeep.round()
    assert sizes == [2, 2, 1]


async def test_retention_keeps_up_by_itself_while_mail_keeps_coming(opened: Opener) -> None:
    async with opened(Limits(messages=50)) as store:
        async with asyncio.timeout(60):
            while (await store.counts()).deleted < 200:
                await asyncio.gather(*(add(store) for _ in range(50)))
            while (await store.counts()).messages > 50:
                await asyncio.gather(*(store.counts() for _ in range(10)))
        assert_counted(store)


class TestWithSettings:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(smtp=LOOPBACK, listen=LOOPBACK, max_messages=2, mailbox_max=(("shop", 1),))

    async def test_a_sandbox_keeps_its_limits_and_tells_everyone_who_watches(self, sandbox: Sandbox) -> None:
        with sandbox.events.subscribe() as subscription:
            every = [await add(sandbox.store, user="shop") for _ in range(2)]
            every.append(await add(sandbox.store))
            await sandbox.store.upkeep.round()
            deleted = []
            async with asyncio.timeout(20):
                while every[0] not in deleted:
                    event = await subscription.next()
                    deleted += list(event.ids or ()) if isinstance(event, Deleted) else []
        assert deleted == every[:1]
        assert await ids(sandbox.store) == every[1:]
