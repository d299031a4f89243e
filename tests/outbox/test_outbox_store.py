"""The outbox over the real journal."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from mailsluice.release import RecipientReply, Release
from mailsluice.store import open_store
from tests.gmail import STALL, FakeGmail, replies
from tests.outbox.workplace import BOB, RAW, MemoryJournal, Workplace


@pytest.fixture
def place(gmail: FakeGmail, tmp_path: Path) -> Workplace:
    return Workplace(gmail, tmp_path / "config", runs=True)


def over(store: Any) -> MemoryJournal:
    """The store's journal, which a workplace takes as well."""
    return cast(MemoryJournal, store.journal)


async def test_releases_are_sent_and_counted_over_the_real_journal(place: Workplace, tmp_path: Path) -> None:
    profile = await place.add_profile()
    drafts = [place.draft(profile, "nosuchuser@x.test", f"r{number}@x.test") for number in range(5)]
    async with open_store(tmp_path / "mail.db") as store, place.open(over(store)) as outbox:
        both = await asyncio.gather(outbox.add(drafts), outbox.add(drafts))
        assert [one.id for one in both[0]] == [one.id for one in both[1]]
        ended = await outbox.wait([draft.id for draft, _ in drafts], seconds=20)
        assert [one.state for one in ended] == ["partly"] * 5
        assert (await outbox.quota(profile)).used == 5
        assert await store.journal.get(ended[0].id) == ended[0]
        assert await store.journal.source(ended[0].id) == RAW
    assert len(place.gmail.delivered) == 5


async def test_a_parking_and_what_waits_for_it_outlive_the_program(place: Workplace, tmp_path: Path) -> None:
    profile = await place.add_profile()
    place.clock.runs = False
    place.gmail.fail_next("auth", replies.BAD_CREDENTIALS)
    drafts = [place.draft(profile), place.draft(profile)]
    ids = [draft.id for draft, _ in drafts]
    async with open_store(tmp_path / "mail.db") as store, place.open(over(store)) as outbox:
        await outbox.add(drafts)
        ended = await outbox.wait(ids, seconds=20)
        assert [one.state for one in ended] == ["failed", "queued"]
    async with open_store(tmp_path / "mail.db") as store, place.open(over(store)) as outbox:
        assert outbox.parking("work")
        await outbox.retry(ids[0])
        place.clock.runs = True
        ended = await outbox.wait(ids, seconds=20)
        assert [one.state for one in ended] == ["delivered", "delivered"]
        assert await store.journal.parkings() == {}
    assert place.gmail.auth_attempts == 2


@pytest.mark.parametrize("stage", ["auth", "data"])
async def test_the_program_s_end_before_the_dot_forgets_nothing(place: Workplace, tmp_path: Path, stage: str) -> None:
    profile = await place.add_profile()
    place.gmail.fail_next(stage, STALL)
    async with open_store(tmp_path / "mail.db") as store, place.open(over(store)) as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        while not any(event.kind == "stall" for event in place.gmail.log):
            await asyncio.sleep(0)
    async with open_store(tmp_path / "mail.db") as store:
        found = await store.journal.get(draft.id)
        assert found
        assert found.state == "queued"
        async with place.open(over(store)) as outbox:
            (release,) = await outbox.wait([draft.id], seconds=20)
            assert release.state == "delivered"
    assert len(place.gmail.delivered) == 1


async def test_rows_of_a_program_that_was_killed_are_told_apart(place: Workplace, tmp_path: Path) -> None:
    profile = await place.add_profile()
    rows: list[dict[str, Any]] = [
        {"state": "sending"},
        {"state": "sending", "is_past_dot": True},
        {"state": "deferred", "recipients": (RecipientReply(BOB, "accepted"), RecipientReply("eve@x.test"))},
    ]
    drafts = [place.draft(profile, **row) for row in rows]
    async with open_store(tmp_path / "mail.db") as store:
        await store.journal.add(drafts)
        async with place.open(over(store)) as outbox:
            ended: list[Release] = await outbox.wait([draft.id for draft, _ in drafts], seconds=20)
    assert [one.state for one in ended] == ["delivered", "unknown", "delivered"]
    assert sorted(one for message in place.gmail.delivered for one in message.recipients) == [BOB, "eve@x.test"]
