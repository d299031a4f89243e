"""Which deletions can still be taken back, as pages ask for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailsluice.store import Store, open_store
from tests.captures import Clock, add


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def kept(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """A store whose clock is the test's."""
    async with open_store(tmp_path / "mail.db", clock=clock) as store:
        yield store


async def test_each_deletion_is_open_for_its_own_ten_seconds_newest_first(kept: Store, clock: Clock) -> None:
    one, two, three = [await add(kept) for _ in range(3)]
    first = await kept.delete([one, two])
    clock.forward(6)
    second = await kept.delete([three])
    assert [(open.token, open.messages) for open in await kept.open_deletions()] == [
        (second.token, 1),
        (first.token, 2),
    ]
    clock.forward(5)
    assert [open.token for open in await kept.open_deletions()] == [second.token]
    clock.forward(6)
    assert await kept.open_deletions() == await kept.open_deletions([first.token, second.token]) == []


async def test_named_deletions_are_told_in_their_order_and_others_are_not(kept: Store) -> None:
    first, second, third = [await kept.delete([await add(kept)]) for _ in range(3)]
    named = await kept.open_deletions([first.token, "unknown", third.token])
    assert [open.token for open in named] == [first.token, third.token]
    await kept.undo(third.token)
    assert [open.token for open in await kept.open_deletions([third.token, second.token])] == [second.token]
    assert await kept.open_deletions([]) == []


async def test_a_deletion_is_found_by_a_message_that_it_took(kept: Store, clock: Clock) -> None:
    one, two, three = [await add(kept) for _ in range(3)]
    deletion = await kept.delete([one, two])
    found = await kept.deletion_of(two)
    assert found
    assert (found.token, found.messages, found.until) == (deletion.token, 2, deletion.until)
    assert await kept.deletion_of(three) is await kept.deletion_of("unknown") is None
    clock.forward(10)
    assert await kept.deletion_of(one) is None


async def test_of_many_deletions_the_newest_twenty_are_told(kept: Store, clock: Clock) -> None:
    tokens = []
    for _ in range(25):
        tokens.append((await kept.delete([await add(kept)])).token)
        clock.forward(0.1)
    assert [open.token for open in await kept.open_deletions()] == tokens[:4:-1]
