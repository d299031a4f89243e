"""What is said of releases that wait for something else than themselves, and what sets them free."""

import asyncio
import logging
from pathlib import Path

import pytest

from mailsluice.gmail.verdict import Verdict
from mailsluice.relay.mailboxes import without_addresses
from mailsluice.relay.outbox import Outbox
from mailsluice.relay.profile import Profile
from mailsluice.release import Parking, Release
from tests.gmail import FakeGmail, replies
from tests.outbox.workplace import BOB, SECOND, Workplace

THROTTLED = "throttle@x.test"
PARKED = Verdict("limit", "Enough for today.", "Wait.", park=86_400, cause="day")


async def noted(place: Workplace, id: str, note: str) -> Release:
    """The record as soon as its note says this; nothing of it must be left for an empty text."""
    async with asyncio.timeout(10):
        while True:
            release = place.journal.record(id)
            if note in release.note if note else not release.note:
                return release
            await asyncio.sleep(0)


async def two_behind_one(place: Workplace, outbox: Outbox) -> list[str]:
    """The first release is to be tried again in half a minute, the second waits for that."""
    profile = await place.add_profile(pace=0.0)
    ids = [one.id for one in await outbox.add([place.draft(profile, THROTTLED), place.draft(profile)])]
    await outbox.wait(ids, seconds=10)
    assert (await noted(place, ids[1], "earlier release")).due == place.journal.record(ids[0]).due
    return ids


async def test_the_time_of_those_behind_a_release_follows_that_release(place: Workplace) -> None:
    async with place.open() as outbox:
        first, second = await two_behind_one(place, outbox)
        due = place.journal.record(first).due
        place.clock.advance(31)
        async with asyncio.timeout(10):
            while place.journal.record(second).due == due:
                await asyncio.sleep(0)
        assert place.journal.record(second).due == place.journal.record(first).due == place.clock() + 120 * SECOND


async def test_cancelling_what_goes_first_frees_the_others_at_once(place: Workplace) -> None:
    async with place.open() as outbox:
        first, second = await two_behind_one(place, outbox)
        await outbox.cancel(first)
        (release,) = await outbox.wait([await settled(place, second)], seconds=10)
    assert (release.state, release.note) == ("delivered", "")


async def settled(place: Workplace, id: str) -> str:
    async with asyncio.timeout(10):
        while place.journal.record(id).is_open:
            await asyncio.sleep(0)
    return id


async def test_cancelling_another_one_frees_nobody(place: Workplace) -> None:
    async with place.open() as outbox:
        first, second = await two_behind_one(place, outbox)
        profile = place.profiles.list()[0]
        (third,) = await outbox.add([place.draft(profile)])
        await outbox.cancel(second)
        assert (await noted(place, third.id, "earlier release")).due == place.journal.record(first).due


async def test_a_note_of_a_hold_that_a_restart_has_ended_is_taken_back(place: Workplace) -> None:
    async with place.open() as outbox:
        first, second = await two_behind_one(place, outbox)
    async with place.open() as outbox:
        (release,) = await outbox.wait([await settled(place, second)], seconds=10)
        assert release.state == "delivered"
        assert place.journal.record(first).state == "deferred"


async def test_a_note_of_its_own_is_left_to_a_release(gmail: FakeGmail, tmp_path: Path) -> None:
    place = Workplace(gmail, tmp_path)
    profile = await place.add_profile(daily_limit=1, pace=0.0)
    async with place.open() as outbox:
        ids = [one.id for one in await outbox.add([place.draft(profile) for _ in range(3)])]
        await outbox.wait(ids, seconds=10)
        assert (await noted(place, ids[1], "limit of 1 recipients")).due > place.clock()
        await noted(place, ids[2], "earlier release")
        assert "limit" in place.journal.record(ids[1]).note


async def parked_until_tomorrow(place: Workplace) -> tuple[Profile, Release]:
    profile = await place.add_profile(pace=0.0)
    draft, raw = place.draft(profile, state="failed")
    await place.journal.add([(draft, raw)])
    await place.journal.park("work", Parking(place.clock() + 3600 * SECOND, PARKED))
    return profile, draft


async def test_a_retry_does_not_end_a_parking_that_ends_by_itself(place: Workplace) -> None:
    _, draft = await parked_until_tomorrow(place)
    async with place.open() as outbox:
        release = await outbox.retry(draft.id)
        assert (release.state, release.due) == ("queued", place.clock() + 3600 * SECOND)
        assert "Enough for today." in release.note
        assert outbox.parking("work")
        assert place.gmail.connections == 0
        await outbox.resume("work")
        (release,) = await outbox.wait([draft.id], seconds=10)
    assert (release.state, release.note) == ("delivered", "")


async def test_what_waited_for_a_parking_goes_when_its_time_is_up(place: Workplace) -> None:
    _, draft = await parked_until_tomorrow(place)
    async with place.open() as outbox:
        await outbox.retry(draft.id)
        place.clock.advance(3601)
        (release,) = await outbox.wait([draft.id], seconds=10)
    assert release.state == "delivered"


async def test_a_parking_of_a_profile_that_is_gone_is_dropped_at_the_start(place: Workplace) -> None:
    await parked_until_tomorrow(place)
    await place.journal.park("gone", Parking(0, PARKED))
    async with place.open() as outbox:
        assert outbox.parking("gone") is None
        assert place.journal.parked.keys() == {"work"}


async def test_a_parking_of_a_profile_that_went_meanwhile_is_not_listed(place: Workplace) -> None:
    await parked_until_tomorrow(place)
    async with place.open() as outbox:
        assert (await outbox.parkings()).keys() == {"work"}
        await asyncio.to_thread(place.profiles.remove, "work")
        assert await outbox.parkings() == {}
        assert outbox.parking("work") is None
        assert place.journal.parked == {}


async def test_a_profiles_file_that_is_being_edited_ends_no_parking(place: Workplace) -> None:
    await parked_until_tomorrow(place)
    place.profiles.path.write_text("[profiles")
    async with place.open() as outbox:
        assert (await outbox.parkings()).keys() == {"work"}


async def test_a_profile_that_is_switched_off_keeps_what_is_queued_until_it_is_switched_on(place: Workplace) -> None:
    profile = await place.add_profile(enabled=False, pace=0.0)
    async with place.open() as outbox:
        ids = [one.id for one in await outbox.add([place.draft(profile), place.draft(profile)])]
        for id in ids:
            release = await noted(place, id, "The profile work is switched off.")
            assert (release.state, release.due) == ("queued", 0)
        await place.add_profile(pace=0.0)
        await outbox.reconsider("work")
        ended = await outbox.wait([await settled(place, id) for id in ids], seconds=10)
    assert [(one.state, one.note) for one in ended] == [("delivered", "")] * 2
    assert [message.recipients for message in place.gmail.delivered] == [(BOB,)] * 2


async def test_a_profile_that_was_switched_on_by_hand_is_found_within_a_minute(place: Workplace) -> None:
    profile = await place.add_profile(enabled=False)
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        await noted(place, draft.id, "switched off")
        written = len(place.journal.history)
        place.clock.advance(31)
        await asyncio.sleep(0.05)
        assert len(place.journal.history) == written
        await place.add_profile()
        place.clock.advance(60)
        await settled(place, draft.id)
    assert place.journal.record(draft.id).state == "delivered"


async def test_a_release_that_is_put_off_is_logged_with_the_code(
    place: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="mailsluice")
    async with place.open() as outbox:
        first, _ = await two_behind_one(place, outbox)
    assert f"Release {first}: deferred (421)" in caplog.text


async def test_a_release_that_failed_is_logged_with_the_reason_and_without_addresses(
    place: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="mailsluice")
    profile = await place.add_profile()
    draft, raw = place.draft(profile)
    await place.add_profile(allow=())
    async with place.open() as outbox:
        await outbox.add([(draft, raw)])
        await outbox.wait([draft.id], seconds=10)
    (line,) = [one for one in caplog.messages if draft.id in one]
    assert "failed (…@… is not among the recipients" in line
    assert BOB not in caplog.text


async def test_a_refused_sign_in_is_logged_by_its_code(place: Workplace, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="mailsluice")
    profile = await place.add_profile()
    place.gmail.fail_next("auth", replies.BAD_CREDENTIALS)
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        await outbox.wait([draft.id], seconds=10)
    assert f"Release {draft.id}: failed (535)" in caplog.text


@pytest.mark.parametrize("address", ["ada@example.com", '"a b"@example.com', "<ada@example.com>", "ä@bücher.test"])
def test_no_address_is_left_in_a_line_for_the_log(address: str) -> None:
    shown = without_addresses(f"To {address} nothing may go, and {address} is not allowed.")
    assert "@example" not in shown
    assert "bücher" not in shown
    assert shown.startswith("To ")
    assert shown.endswith("is not allowed.")
