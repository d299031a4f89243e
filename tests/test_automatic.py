"""Automatic release: which mail a rule takes, and everything that ends it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from mailsluice.errors import StoreError
from mailsluice.events import RulesChanged
from mailsluice.releasing import Preflight, Wishes
from mailsluice.rule import Rule
from tests.rule_place import BOB, Place, changed, open_place

HOUR = 3_600_000_000


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with open_place(tmp_path) as place:
        yield place


async def test_new_mail_that_matches_is_released_to_the_recipients_of_the_rule(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("subject:invoice", "out", [BOB])
        await place.capture("Lunch")
        invoice = await place.capture("Your INVOICE 7")
        release = await place.released()
        assert (release.message, release.rule, release.origin) == (invoice, rule.id, "rule")
        assert [one.address for one in release.recipients] == [BOB]
        assert place.outbox.queued.empty()
    assert [one.released for one in await place.store.rules.list()] == [1]


async def test_a_rule_looks_at_everything_that_a_query_can_name(place: Place) -> None:
    async with place.rules() as automatic:
        await automatic.add('hello header:from=app -has:attachment to:anybody (from:x OR "app@")', "out", [BOB])
        message = await place.capture("Anything")
        assert (await place.released()).message == message


async def test_mail_from_before_the_rule_is_left_alone(place: Place) -> None:
    async with place.rules() as automatic:
        await place.capture("old")
        await automatic.add("*", "out", [BOB])
        new = await place.capture("new")
        assert (await place.released()).message == new
        assert place.outbox.queued.empty()


async def test_a_rule_goes_on_after_a_restart_with_mail_from_then_on(place: Place) -> None:
    async with place.rules() as automatic:
        await automatic.add("*", "out", [BOB])
    await place.capture("meanwhile")
    async with place.rules():
        new = await place.capture("new")
        assert (await place.released()).message == new
        assert place.outbox.queued.empty()


async def test_a_rule_that_was_turned_off_releases_nothing(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("subject:a", "out", [BOB])
        await automatic.add("subject:b", "out", [BOB])
        off = await automatic.turn_off(rule.id)
        assert off is not None
        assert not off.is_on
        await place.capture("a")
        marker = await place.capture("b")
        assert (await place.released()).message == marker
        assert [one.is_on for one in await place.store.rules.list()] == [False, True]
        assert await automatic.turn_off("nobody") is None


async def test_a_removed_rule_is_gone_for_good(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB])
        assert await automatic.remove(rule.id)
        assert not await automatic.remove(rule.id)
        assert automatic.rules == ()
    assert await place.store.rules.list() == []


@pytest.mark.parametrize(("hour", "day", "span"), [(2, 50, "an hour"), (50, 2, "a day")])
async def test_hitting_a_ceiling_turns_the_rule_off_and_says_so(place: Place, hour: int, day: int, span: str) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB], per_hour=hour, per_day=day)
        for _ in range(2):
            await place.capture("more")
            await place.released()
        await place.capture("too much")
        off = await changed(automatic, place.events, rule.id, note="Turned off")
        assert f"ceiling of 2 messages {span}" in off.note
        assert not off.is_on
        assert off.released == 2
        assert place.outbox.queued.empty()
    assert [one.note for one in await place.store.rules.list()] == [off.note]


async def test_a_rule_does_not_follow_its_profile_to_another_account(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB])
        (profile,) = place.profiles.list()
        place.profiles.save(msgspec.structs.replace(profile, port=profile.port + 1), old_name=profile.name)
        await place.capture("one")
        off = await changed(automatic, place.events, rule.id, note="Turned off")
        assert "another server or account" in off.note
        assert place.outbox.queued.empty()


async def test_a_ceiling_counts_what_went_before_a_restart(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB], per_hour=1)
        await place.capture("one")
        await place.released()
    async with place.rules() as automatic:
        await place.capture("two")
        off = await changed(automatic, place.events, rule.id, note="Turned off")
        assert not off.is_on


async def test_an_hour_later_the_ceiling_of_an_hour_is_free_again(place: Place) -> None:
    async with place.rules() as automatic:
        await automatic.add("*", "out", [BOB], per_hour=1)
        await place.capture("one")
        await place.released()
        place.later = HOUR + 1_000_000
        two = await place.capture("two")
        assert (await place.released()).message == two


async def test_a_rule_ends_by_itself_when_nothing_arrives(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB], hours=1)
    place.later = HOUR - 50_000
    async with place.rules() as automatic:
        off = await changed(automatic, place.events, rule.id, note="Ended")
        assert not off.is_on
    assert [one.is_on for one in await place.store.rules.list()] == [False]


async def test_mail_after_the_end_of_a_rule_stays(place: Place) -> None:
    async with place.rules() as automatic:
        await automatic.add("*", "out", [BOB], hours=1)
        await automatic.add("subject:b", "out", [BOB], hours=2)
        place.later = HOUR
        await place.capture("a")
        marker = await place.capture("b")
        assert (await place.released()).message == marker
        assert place.outbox.queued.empty()


async def test_what_a_preflight_stops_is_not_released_and_noted_on_the_rule(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB])
        place.profiles.save(msgspec.structs.replace(place.profiles.list()[0], enabled=False), old_name="out")
        await place.capture("one")
        noted = await changed(automatic, place.events, rule.id, note="not released")
        assert noted.is_on
        assert "switched off" in noted.note
        place.profiles.save(msgspec.structs.replace(place.profiles.list()[0], enabled=True), old_name="out")
        two = await place.capture("two")
        assert (await place.released()).message == two


async def test_a_recipient_who_is_not_allowed_any_more_gets_nothing(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", ["eve@example.test"])
        place.allow("@elsewhere.test")
        await place.capture("one")
        noted = await changed(automatic, place.events, rule.id, note="not released")
        assert "eve@example.test" in noted.note
        assert place.outbox.queued.empty()


async def test_a_profile_that_is_gone_is_noted(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB])
        place.profiles.remove("out")
        await place.capture("one")
        assert "no profile" in (await changed(automatic, place.events, rule.id, note="not released")).note


async def test_two_rules_send_a_recipient_one_copy(place: Place) -> None:
    async with place.rules() as automatic:
        await automatic.add("*", "out", [BOB])
        await automatic.add("subject:invoice", "out", [BOB, "carol@example.test"])
        await place.capture("invoice")
        first, second = await place.released(), await place.released()
        assert [one.address for one in first.recipients] == [BOB]
        assert [one.address for one in second.recipients] == ["carol@example.test"]


async def test_a_flood_that_outruns_the_events_hides_no_match(place: Place) -> None:
    async with place.rules() as automatic:
        await automatic.add("subject:needle", "out", [BOB])
        await asyncio.gather(*(place.capture("needle" if number == 700 else "hay") for number in range(1500)))
        assert (await place.released()).subject == "needle"
        assert place.outbox.queued.empty()


async def test_a_fault_with_one_message_does_not_end_automatic_release(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    preflight = place.releasing.preflight
    faults = [RuntimeError("secret text"), StoreError("The disk is full")]

    async def faulty(message: str, wishes: Wishes) -> Preflight | None:
        if faults:
            raise faults.pop(0)
        return await preflight(message, wishes)

    monkeypatch.setattr(place.releasing, "preflight", faulty)
    async with place.rules() as automatic:
        await automatic.add("*", "out", [BOB])
        for _ in range(3):
            await place.capture("one")
        await place.released()
    assert "RuntimeError" in caplog.text
    assert "secret text" not in caplog.text


async def test_a_rule_is_off_though_the_disk_cannot_be_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(rule: Rule) -> None:
        raise StoreError("The disk is full")

    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB])
        monkeypatch.setattr(place.store.rules, "update", full)
        with pytest.raises(StoreError):
            await automatic.turn_off(rule.id)
        assert automatic.rules_on == ()


async def test_changes_are_told(place: Place) -> None:
    async with place.rules() as automatic:
        with place.events.subscribe() as subscription:
            rule = await automatic.add("*", "out", [BOB])
            await automatic.turn_off(rule.id)
            await automatic.remove(rule.id)
            told = [await subscription.next() for _ in range(3)]
    assert told == [RulesChanged()] * 3
