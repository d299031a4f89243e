"""What the user may ask of a release in each state: cancel, retry, settle, resume."""

import asyncio

import msgspec
import pytest

from mailsluice.errors import Refusal
from mailsluice.release import RecipientReply, Release
from mailsluice.reply import Reply
from tests.gmail import DROP, STALL, replies
from tests.outbox.workplace import BOB, SECOND, Workplace
from tests.smarthost import USER

STATES = ("queued", "sending", "delivered", "partly", "refused", "failed", "deferred", "unknown", "cancelled")
NO = Reply(550, "5.1.1", "no such user")


async def standing(place: Workplace, state: str, **changes: object) -> Release:
    """A release that the journal has in this state, due in a minute if it waits."""
    profile = await place.add_profile(pace=0.0)
    due = place.clock() + 60 * SECOND if state in ("queued", "deferred") else 0
    draft, raw = place.draft(profile, state=state, due=due, **changes)
    await place.journal.add([(draft, raw)])
    return draft


def recipients(state: str) -> tuple[RecipientReply, ...]:
    if state in ("delivered", "partly"):
        accepted = RecipientReply(BOB, "accepted", Reply(250, "2.0.0", "OK"))
        return (accepted, RecipientReply("eve@x.test", "refused", NO)) if state == "partly" else (accepted,)
    return (RecipientReply(BOB, "refused", NO),) if state == "refused" else (RecipientReply(BOB),)


@pytest.mark.parametrize("state", [state for state in STATES if state != "sending"])
async def test_only_what_waits_is_cancelled(place: Workplace, state: str) -> None:
    draft = await standing(place, state, recipients=recipients(state))
    async with place.open() as outbox:
        if state in ("queued", "deferred"):
            assert (await outbox.cancel(draft.id)).state == "cancelled"
            place.clock.advance(100)
        else:
            with pytest.raises(Refusal, match="nothing to cancel"):
                await outbox.cancel(draft.id)
        await outbox.wait([draft.id], seconds=10)
    assert place.gmail.connections == 0
    assert place.journal.record(draft.id).state == ("cancelled" if state in ("queued", "deferred") else state)


async def test_cancelling_the_rest_does_not_hide_who_has_it(place: Workplace) -> None:
    some = (RecipientReply(BOB, "accepted"), RecipientReply("eve@x.test"))
    draft = await standing(place, "deferred", recipients=some)
    async with place.open() as outbox:
        release = await outbox.cancel(draft.id)
    assert (release.state, release.accepted) == ("partly", (BOB,))


async def test_what_is_being_sent_is_neither_cancelled_nor_retried(place: Workplace) -> None:
    profile = await place.add_profile()
    place.gmail.fail_next("mail", STALL)
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        while not place.commands("MAIL"):
            await asyncio.sleep(0)
        for ask in (outbox.cancel, outbox.retry):
            with pytest.raises(Refusal, match="being sent at this moment"):
                await ask(draft.id)


@pytest.mark.parametrize("state", [state for state in STATES if state != "sending"])
async def test_a_retry_mails_those_who_have_not_got_it(place: Workplace, state: str) -> None:
    draft = await standing(place, state, recipients=recipients(state), attempts=4)
    async with place.open() as outbox:
        if state == "delivered":
            with pytest.raises(Refusal, match="has got this"):
                await outbox.retry(draft.id)
            return
        await outbox.retry(draft.id)
        (release,) = await outbox.wait([draft.id], seconds=10)
    assert (release.state, release.attempts) == ("delivered", 1)
    (message,) = place.gmail.delivered
    assert message.recipients == (("eve@x.test",) if state == "partly" else (BOB,))


async def test_a_retry_through_another_server_is_refused(place: Workplace) -> None:
    draft = await standing(place, "failed", route=("mail.example.com", 587, "starttls", "", USER))
    async with place.open() as outbox:
        with pytest.raises(Refusal, match="another server or account"):
            await outbox.retry(draft.id)
    assert place.journal.record(draft.id) == draft


async def test_a_retry_without_the_bytes_is_refused(place: Workplace) -> None:
    draft = await standing(place, "failed")
    place.journal.sources.clear()
    async with place.open() as outbox:
        with pytest.raises(Refusal, match="not kept any more"):
            await outbox.retry(draft.id)


async def test_a_retry_ends_the_parking(place: Workplace) -> None:
    profile = await place.add_profile(pace=0.0)
    place.gmail.fail_next("auth", replies.BAD_CREDENTIALS)
    async with place.open() as outbox:
        releases = await outbox.add([place.draft(profile), place.draft(profile)])
        ids = [one.id for one in releases]
        await outbox.wait(ids, seconds=10)
        await outbox.retry(ids[0])
        assert outbox.parking("work") is None
        ended = await outbox.wait(ids, seconds=10)
    assert [one.state for one in ended] == ["delivered", "delivered"]
    assert [one.note for one in ended] == ["", ""]
    assert (await place.journal.parkings(), place.gmail.auth_attempts) == ({}, 2)


async def test_a_parking_outlives_a_restart_until_it_is_resumed(place: Workplace) -> None:
    profile = await place.add_profile(pace=0.0)
    place.gmail.fail_next("data", replies.DAILY_LIMIT)
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        await outbox.wait([draft.id], seconds=10)
    async with place.open() as outbox:
        assert outbox.parking("work")
        (release,) = await outbox.wait([draft.id], seconds=10)
        assert release.state == "deferred"
        await outbox.resume("work")
        (release,) = await outbox.wait([draft.id], seconds=10)
        assert (release.state, outbox.parking("work")) == ("delivered", None)


async def test_resuming_a_profile_that_never_sent_changes_nothing(place: Workplace) -> None:
    async with place.open() as outbox:
        await outbox.resume("nobody")
        assert outbox.parking("nobody") is None


async def test_an_unknown_outcome_is_settled_on_the_user_s_word(place: Workplace) -> None:
    profile = await place.add_profile()
    place.gmail.fail_next("message", DROP)
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        await outbox.wait([draft.id], seconds=10)
        release = await outbox.settle(draft.id)
        assert (release.state, release.accepted) == ("delivered", (BOB,))
        assert "you found it in the Sent folder" in release.note
        assert (await outbox.quota(profile)).used == 1
    assert len(place.gmail.delivered) == 1


@pytest.mark.parametrize("state", [state for state in STATES if state not in ("sending", "unknown")])
async def test_only_an_unknown_outcome_is_settled(place: Workplace, state: str) -> None:
    draft = await standing(place, state, recipients=recipients(state))
    async with place.open() as outbox:
        with pytest.raises(Refusal, match="only an unknown outcome"):
            await outbox.settle(draft.id)
    assert place.journal.record(draft.id).state == state


async def test_of_a_release_that_is_not_there_nothing_can_be_asked(place: Workplace) -> None:
    async with place.open() as outbox:
        for ask in (outbox.cancel, outbox.retry, outbox.settle):
            with pytest.raises(Refusal, match="no such release"):
                await ask("nothing")
        assert await outbox.wait(["nothing"], seconds=1) == []


async def test_an_outbox_that_has_ended_takes_nothing(place: Workplace) -> None:
    profile = await place.add_profile()
    draft = await standing(place, "failed")
    async with place.open() as outbox:
        pass
    with pytest.raises(Refusal, match="is stopping"):
        await outbox.add([place.draft(profile)])
    with pytest.raises(Refusal, match="is stopping"):
        await outbox.retry(draft.id)
    assert msgspec.structs.replace(place.journal.record(draft.id)) == draft


async def test_waiting_ends_when_the_time_is_up(place: Workplace) -> None:
    profile = await place.add_profile()
    place.gmail.fail_next("mail", STALL)
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        (release,) = await outbox.wait([draft.id], seconds=0.05)
        assert release.is_open
