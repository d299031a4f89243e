"""The program ends, is killed, starts again: nothing twice, nothing forgotten, unknown called unknown."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mailsluice.relay.outbox import Outbox
from mailsluice.relay.walk import Patience
from mailsluice.release import RecipientReply, Release
from tests.gmail import STALL, FakeGmail, replies
from tests.gmail.transaction import Transaction
from tests.outbox.workplace import BOB, SECOND, MemoryJournal, Workplace, full_disk
from tests.smarthost import HURRY, USER, loopback


async def found_at_start(place: Workplace, **changes: Any) -> Release:
    """What becomes of a release that the journal has like this when the program starts."""
    profile = await place.add_profile()
    draft, raw = place.draft(profile, **changes)
    await place.journal.add([(draft, raw)])
    async with place.open() as outbox:
        (release,) = await outbox.wait([draft.id], seconds=10)
        assert place.journal.record(draft.id) == release
        return release


async def test_an_attempt_that_ended_before_the_dot_is_made_again(place: Workplace) -> None:
    assert (await found_at_start(place, state="sending", attempts=1)).state == "delivered"
    assert len(place.gmail.delivered) == 1


async def test_an_attempt_that_ended_after_the_dot_is_unknown(place: Workplace) -> None:
    release = await found_at_start(place, state="sending", attempts=1, is_past_dot=True)
    assert (release.state, release.waiting) == ("unknown", (BOB,))
    assert f"Sent folder of {USER}" in release.note
    assert release.verdict
    assert release.verdict.cause == "unknown-outcome"
    assert place.gmail.connections == 0


@pytest.mark.parametrize("state", ["queued", "deferred", "sending"])
async def test_what_has_waited_for_more_than_a_day_is_not_sent(place: Workplace, state: str) -> None:
    old = place.clock() - 86_401 * SECOND
    release = await found_at_start(place, state=state, created=old, changed=old)
    assert (release.state, "more than a day" in release.note) == ("failed", True)
    assert place.gmail.connections == 0


async def test_what_waits_for_the_day_s_limit_is_not_too_old(place: Workplace) -> None:
    old = place.clock() - 90_000 * SECOND
    release = await found_at_start(place, state="deferred", changed=old, due=place.clock() - 3600 * SECOND)
    assert release.state == "delivered"


async def test_who_has_it_is_not_mailed_again_after_a_restart(place: Workplace) -> None:
    some = (RecipientReply(BOB, "accepted"), RecipientReply("eve@x.test"))
    release = await found_at_start(place, state="deferred", recipients=some)
    assert (release.state, release.accepted) == ("delivered", (BOB, "eve@x.test"))
    assert place.gmail.delivered[0].recipients == ("eve@x.test",)


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "auth", "mail", "rcpt", "data"])
async def test_an_end_before_the_dot_drops_it_and_the_next_start_sends_it(place: Workplace, stage: str) -> None:
    profile = await place.add_profile()
    place.gmail.fail_next(stage, STALL)
    async with place.open(patience=Patience()) as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        while not any(event.kind == "stall" for event in place.gmail.log):
            await asyncio.sleep(0)
    ended = place.journal.record(draft.id)
    assert (ended.state, ended.is_past_dot) == ("queued", False)
    assert place.gmail.delivered == []
    async with place.open() as outbox:
        (release,) = await outbox.wait([draft.id], seconds=10)
    assert release.state == "delivered"
    assert len(place.gmail.delivered) == 1


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_the_dot_of_the_message_before_says_nothing_of_the_next(place: Workplace, stage: str) -> None:
    profile = await place.add_profile(pace=0.0)
    async with place.open(patience=Patience()) as outbox:
        (first,) = await outbox.add([place.draft(profile)])
        await outbox.wait([first.id], seconds=10)
        place.gmail.fail_next(stage, STALL)
        (second,) = await outbox.add([place.draft(profile)])
        while not any(event.kind == "stall" for event in place.gmail.log):
            await asyncio.sleep(0)
    assert place.gmail.connections == 1
    assert [place.journal.record(one.id).state for one in (first, second)] == ["delivered", "queued"]


async def past_the_dot(place: Workplace) -> None:
    while not any(event.kind == "message" for event in place.gmail.log):
        await asyncio.sleep(0)


async def test_an_end_after_the_dot_waits_for_the_answer(place: Workplace) -> None:
    profile = await place.add_profile()
    heard, go_on, finish = asyncio.Event(), asyncio.Event(), Transaction._finish

    async def slowly(transaction: Transaction, raw: bytes) -> None:
        heard.set()
        await go_on.wait()
        await finish(transaction, raw)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transaction, "_finish", slowly)
        async with place.open() as outbox:
            releases = await outbox.add([place.draft(profile), place.draft(profile)])
            await heard.wait()
            asyncio.get_running_loop().call_later(0.1, go_on.set)
    assert [place.journal.record(one.id).state for one in releases] == ["delivered", "queued"]
    assert len(place.gmail.delivered) == 1


async def test_an_end_after_the_dot_without_an_answer_is_unknown(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailsluice.relay.outbox._ANSWER_SECONDS", 0.05)
    profile = await place.add_profile()
    place.gmail.fail_next("message", STALL)
    async with place.open(patience=Patience()) as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        await past_the_dot(place)
    release = place.journal.record(draft.id)
    assert (release.state, "Sent folder" in release.note) == ("unknown", True)
    async with place.open() as outbox:
        await outbox.wait([draft.id], seconds=10)
    assert place.gmail.delivered == []


async def test_an_answer_that_was_never_recorded_is_unknown_after_a_restart(place: Workplace) -> None:
    def before(release: Release) -> None:
        if not release.is_open:
            full_disk(release)

    profile = await place.add_profile()
    place.journal.before = before
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        while not place.gmail.delivered:
            await asyncio.sleep(0)
    place.journal.before = lambda release: None
    async with place.open() as outbox:
        (release,) = await outbox.wait([draft.id], seconds=10)
    assert release.state == "unknown"
    assert len(place.gmail.delivered) == 1


def killed_at_each_step(place: Workplace) -> list[tuple[MemoryJournal, int]]:
    """Collects, before and after each write, the journal on disk and how much the smarthost has taken."""
    cuts: list[tuple[MemoryJournal, int]] = []
    write = place.journal._write

    def cutting(release: Release) -> None:
        cuts.append((place.journal.copy(), len(place.gmail.delivered)))
        write(release)
        cuts.append((place.journal.copy(), len(place.gmail.delivered)))

    place.journal._write = cutting  # type: ignore[method-assign]  # seen as a killed program leaves it
    return cuts


@pytest.mark.parametrize("trouble", ["none", "rcpt", "greeting", "split"])
async def test_a_kill_at_any_step_mails_nobody_twice_and_forgets_nothing(
    gmail: FakeGmail, tmp_path: Path, trouble: str
) -> None:
    place = Workplace(gmail, tmp_path, runs=True)
    profile = await place.add_profile()
    if trouble == "split":
        gmail.knobs.recipients = 1
    elif trouble != "none":
        gmail.fail_next(trouble, replies.BUSY)
    cuts = killed_at_each_step(place)
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile, BOB, "eve@x.test")])
        while place.journal.record(draft.id).is_open:
            await asyncio.sleep(0)
    cuts.append((place.journal.copy(), len(gmail.delivered)))
    everything = [one for message in gmail.delivered for one in message.recipients]
    for journal, taken in cuts:
        if draft.id not in journal.records:
            continue  # nobody was told that it was queued
        before = [one for message in gmail.delivered[:taken] for one in message.recipients]
        release, after = await _started_again(place, journal, draft.id)
        assert sorted(before + after) == sorted(set(before + after)), "somebody got it twice"
        assert release.state in ("delivered", "unknown")
        if release.state == "delivered":
            assert sorted(before + after) == sorted(everything)
            assert sorted(release.accepted) == sorted(everything)
        else:
            assert not set(release.accepted) - set(before + after)


async def _started_again(place: Workplace, journal: MemoryJournal, id: str) -> tuple[Release, list[str]]:
    delivered = len(place.gmail.delivered)
    async with place.open(journal) as outbox:
        while journal.record(id).is_open:
            await outbox.wait([id], seconds=0.01)
    return journal.record(id), [one for message in place.gmail.delivered[delivered:] for one in message.recipients]


@pytest.mark.parametrize("said", range(32))
async def test_a_task_cut_off_anywhere_mails_nobody_twice(place: Workplace, said: int) -> None:
    profile = await place.add_profile()
    draft = place.draft(profile)
    outbox = Outbox(
        place.journal, place.profiles, place.vault, turns=place.turns, resolver=loopback, clock=place.clock,
        pause=place.clock.pause, patience=HURRY,
    )  # fmt: skip
    await outbox.__aenter__()
    await outbox.add([draft])
    while len(place.gmail.log) < said and place.journal.record(draft[0].id).is_open:
        await asyncio.sleep(0)
    place.journal.before = full_disk  # from here on nothing reaches the disk, as after a kill
    for _, task in outbox._lanes.values():
        task.cancel()
    await asyncio.gather(*(task for _, task in outbox._lanes.values()), return_exceptions=True)
    taken = len(place.gmail.delivered)
    release, after = await _started_again(place, place.journal.copy(), draft[0].id)
    assert taken + len(after) <= 1
    assert release.state == "unknown" or taken + len(after) == 1
