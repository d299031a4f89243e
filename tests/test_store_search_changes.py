"""The search follows deletions, undo, tags, pins and mailboxes, and leaves nothing of what is gone."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from mailsluice.capture import now
from mailsluice.search import parse
from mailsluice.store import Store, open_store
from mailsluice.store.database import connect_reader
from mailsluice.store.retention import Limits
from tests.search_place import capture_of

_UNDO = 11_000_000


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    """The store's clock."""
    return Clock()


@pytest.fixture
async def timed_store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """An open store whose deletions end when the test says so."""
    async with open_store(tmp_path / "mail.db", clock=clock) as store:
        yield store


async def add(store: Store, *subjects: str, user: str = "") -> list[str]:
    mail = [f"Subject: {subject}\r\n\r\nthe text of {subject}\r\n".encode() for subject in subjects]
    captures = [capture_of(raw, number, user=user) for number, raw in enumerate(mail)]
    for capture in captures:
        await store.add(capture)
    return [capture.id for capture in captures]


async def found(store: Store, text: str, *, mailbox: str = "") -> list[str]:
    query = parse(text, now=now())
    messages = await store.search.find(query, limit=0, mailbox=mailbox)
    assert await store.search.count(query, mailbox=mailbox) == (len(messages), sum(not one.seen for one in messages))
    assert await store.search.ids(query, mailbox=mailbox) == [one.id for one in messages]
    return [one.summary.subject for one in messages]


async def purged(store: Store, clock: Clock) -> None:
    clock.ahead += _UNDO
    await store.upkeep.round()
    await store.search.indexing.settle()


def rows(store: Store) -> dict[str, int]:
    """How many rows of the search there are; of the index, how many terms."""
    queries = {
        "texts": "SELECT count(*) FROM search_text",
        "gone": "SELECT count(*) FROM search_gone",
        "words": "SELECT count(*) FROM search_index WHERE search_index MATCH 'text OR tex'",
    }
    with closing(connect_reader(store.path)) as connection:
        return {name: connection.execute(query).fetchone()[0] for name, query in queries.items()}


async def test_a_deleted_message_is_not_found_and_one_taken_back_is(timed_store: Store) -> None:
    ids = await add(timed_store, "one", "two", "three")
    await timed_store.search.indexing.settle()
    deletion = await timed_store.delete(ids[:2])
    assert await found(timed_store, "text") == ["three"]
    await timed_store.undo(deletion.token)
    assert await found(timed_store, "text") == ["three", "two", "one"]


async def test_a_message_taken_back_is_found_though_the_index_first_met_it_in_the_trash(timed_store: Store) -> None:
    await timed_store.search.indexing.settle()
    ids = await add(timed_store, "one", "two")
    deletion = await timed_store.delete(ids[:1])
    await timed_store.search.indexing.settle()
    await timed_store.undo(deletion.token)
    assert await found(timed_store, "one") == ["one"]


async def test_what_is_gone_for_good_leaves_nothing_in_the_index(timed_store: Store, clock: Clock) -> None:
    for _ in range(5):
        await add(timed_store, "keep", "lose")
        await timed_store.search.indexing.settle()
    await timed_store.delete(await timed_store.search.ids(parse("lose", now=0)))
    await purged(timed_store, clock)
    assert rows(timed_store) == {"texts": 5, "gone": 0, "words": 5}
    assert await found(timed_store, "text") == ["keep"] * 5
    assert await found(timed_store, "los") == []


async def test_deleting_all_empties_the_search_and_it_goes_on(timed_store: Store, clock: Clock) -> None:
    await add(timed_store, *(f"lose{n}" for n in range(150)))
    await timed_store.search.indexing.settle()
    await timed_store.delete(None)
    assert await found(timed_store, "lose") == []
    await purged(timed_store, clock)
    assert rows(timed_store) == {"texts": 0, "gone": 0, "words": 0}
    await add(timed_store, "anew")
    await timed_store.search.indexing.settle()
    assert await found(timed_store, "anew") == ["anew"]


async def test_what_is_deleted_before_it_is_indexed_never_gets_there(tmp_path: Path, clock: Clock) -> None:
    async with open_store(tmp_path / "mail.db", clock=clock) as store:
        await store.search.indexing.stop()
        ids = await add(store, "lose", "keep")
        await store.delete(ids[:1])
        clock.ahead += _UNDO
        await store.upkeep.round()
        assert await found(store, "text") == ["keep"]
    async with open_store(tmp_path / "mail.db", clock=clock) as store:
        await store.search.indexing.settle()
        assert rows(store)["texts"] == 1
        assert await found(store, "text") == ["keep"]


async def test_what_the_limits_remove_is_not_found(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mail.db", limits=Limits(messages=10)) as store:
        await add(store, *(f"mail{n}" for n in range(50)))
        await store.upkeep.round()
        assert await found(store, "mail") == [f"mail{n}" for n in reversed(range(40, 50))]
        await store.search.indexing.settle()
        assert rows(store) == {"texts": 10, "gone": 0, "words": 10}


async def test_tags_are_found_whole_in_any_case(timed_store: Store) -> None:
    ids = await add(timed_store, "one", "two", "three")
    await timed_store.search.indexing.settle()
    await timed_store.set_tags(ids[:2], ["Billing"])
    await timed_store.add_tags(ids[1:], ["Größe"])
    assert await found(timed_store, "tag:billing") == ["two", "one"]
    assert await found(timed_store, "tag:GRÖSSE text") == ["three", "two"]
    assert await found(timed_store, "tag:bill") == []
    assert await found(timed_store, "is:tagged -tag:billing") == ["three"]
    assert await timed_store.search.complete("tag", "b", limit=9) == ["Billing"]
    await timed_store.rename_tag("Billing", "Money")
    assert await found(timed_store, "tag:billing OR tag:money one") == ["one"]


async def test_pins_and_seen_are_found_as_they_are_now(timed_store: Store) -> None:
    ids = await add(timed_store, "one", "two")
    await timed_store.search.indexing.settle()
    await timed_store.pin(ids[:1], pinned=True)
    await timed_store.mark_seen(ids[1:], seen=True)
    assert await found(timed_store, "is:pinned") == await found(timed_store, "is:unread") == ["one"]
    assert await found(timed_store, "is:read text") == ["two"]


@pytest.mark.parametrize("is_indexed", [True, False])
async def test_mailboxes_narrow_the_search(timed_store: Store, is_indexed: bool) -> None:
    if not is_indexed:
        await timed_store.search.indexing.stop()
    await add(timed_store, "one", user="shop")
    await add(timed_store, "two")
    if is_indexed:
        await timed_store.search.indexing.settle()
    assert await found(timed_store, "text", mailbox="shop") == ["one"]
    assert await found(timed_store, "mailbox:SHOP") == await found(timed_store, "user:shop text") == ["one"]
    assert await found(timed_store, "", mailbox="inbox") == ["two"]
    assert await found(timed_store, "text", mailbox="none") == []
    assert await timed_store.search.complete("mailbox", "", limit=9) == ["inbox", "shop"]
