import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mailsluice.errors import Refusal, StoreError
from mailsluice.release import Release
from tests.gmail import STALL, FakeGmail
from tests.outbox.workplace import BOB, RAW, SECOND, Workplace, full_disk
from tests.smarthost import APP_PASSWORD, USER


async def released(place: Workplace, *to: str, **changes: Any) -> Release:
    """A release after its first attempt, with the profile's fields changed."""
    profile = await place.add_profile(**changes)
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile, *to)])
        (release,) = await outbox.wait([draft.id], seconds=10)
        assert place.journal.record(release.id) == release
        return release


async def test_a_release_is_delivered_once_with_its_final_line(place: Workplace) -> None:
    release = await released(place)
    (message,) = place.gmail.delivered
    assert (message.raw, message.recipients, message.sender) == (RAW, (BOB,), USER)
    assert (release.state, release.attempts, release.accepted) == ("delivered", 1, (BOB,))
    assert release.reply
    assert message.session in release.reply.text
    assert "C: AUTH PLAIN ****" in release.transcript
    assert place.journal.ledger == [("work", place.clock(), 1)]


async def test_each_step_is_recorded_before_it_is_taken(place: Workplace) -> None:
    seen = []

    def before(release: Release) -> None:
        seen.append((release.state, release.is_past_dot, place.gmail.connections, len(place.gmail.delivered)))

    place.journal.before = before
    await released(place)
    assert seen == [
        ("queued", False, 0, 0),
        ("sending", False, 0, 0),
        ("sending", True, 1, 0),
        ("delivered", False, 1, 1),
    ]
    assert [release.state for release in place.changes] == ["queued", "sending", "sending", "delivered"]


async def test_a_known_id_is_not_queued_twice(place: Workplace) -> None:
    profile = await place.add_profile()
    draft = place.draft(profile)
    async with place.open() as outbox:
        (one, same), (other,) = await asyncio.gather(outbox.add([draft, draft]), outbox.add([draft]))
        assert one.id == same.id == other.id
        await outbox.wait([one.id], seconds=10)
        (again,) = await outbox.add([draft])
        assert again.state == "delivered"
        place.clock.advance(60)
        await outbox.wait([one.id], seconds=10)
    assert len(place.gmail.delivered) == 1


async def test_who_hangs_up_while_it_is_queued_has_queued_it(place: Workplace) -> None:
    profile = await place.add_profile()
    draft, raw = place.draft(profile)
    async with place.open() as outbox:
        asking = asyncio.create_task(outbox.add([(draft, raw)]))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    async with place.open() as outbox:
        (release,) = await outbox.wait([draft.id], seconds=10)
    assert release.state == "delivered"
    assert len(place.gmail.delivered) == 1


async def test_what_cannot_be_recorded_is_not_queued(place: Workplace) -> None:
    profile = await place.add_profile()
    place.journal.before = full_disk
    async with place.open() as outbox:
        with pytest.raises(StoreError):
            await outbox.add([place.draft(profile)])
    assert place.gmail.connections == 0


async def test_a_batch_goes_over_one_connection_at_the_profile_s_pace(gmail: FakeGmail, tmp_path: Path) -> None:
    place = Workplace(gmail, tmp_path, runs=True)
    profile = await place.add_profile(pace=3.0)
    async with place.open() as outbox:
        releases = await outbox.add([place.draft(profile, f"r{number}@example.com") for number in range(5)])
        ended = await outbox.wait([one.id for one in releases], seconds=20)
        assert [one.state for one in ended] == ["delivered"] * 5
    assert (gmail.auth_attempts, gmail.connections, len(gmail.delivered)) == (1, 1, 5)
    assert [message.recipients[0][:2] for message in gmail.delivered] == ["r0", "r1", "r2", "r3", "r4"]
    times = [one.changed for one in place.journal.history if one.state == "sending" and not one.is_past_dot]
    assert all(later - earlier >= 3 * SECOND for earlier, later in pairwise(times))
    assert "same" not in ended[0].transcript[0]
    assert ended[1].transcript[0].strip().startswith("(over the connection")
    assert not any("AUTH" in line for line in ended[1].transcript)


async def test_the_connection_ends_with_quit_when_nothing_more_is_due(place: Workplace) -> None:
    profile = await place.add_profile()
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        await outbox.wait([draft.id], seconds=10)
        assert place.turns.of("work").locked()
        place.clock.advance(3)
        await place.gmail.closed()
    assert place.commands("QUIT")


async def test_a_session_that_died_idle_is_dialled_once_more(place: Workplace) -> None:
    profile = await place.add_profile()
    async with place.open() as outbox:
        (first,) = await outbox.add([place.draft(profile)])
        await outbox.wait([first.id], seconds=10)
        place.gmail.knobs.idle = 0.01
        place.clock.advance(1.5)
        (second,) = await outbox.add([place.draft(profile)])
        (release,) = await outbox.wait([second.id], seconds=10)
    assert (release.state, release.attempts) == ("delivered", 1)
    assert len(place.gmail.delivered) == 2


async def test_two_profiles_are_served_side_by_side(place: Workplace) -> None:
    place.gmail.add_account("eve@gmail.com", app_password=APP_PASSWORD)
    first, second = await place.add_profile(), await place.add_profile(name="other", user="eve@gmail.com")
    place.gmail.fail_next("greeting", STALL)
    async with place.open() as outbox:
        (stuck,) = await outbox.add([place.draft(first)])
        while not place.gmail.connections:
            await asyncio.sleep(0)
        (other,) = await outbox.add([place.draft(second, sender="eve@gmail.com")])
        (release,) = await outbox.wait([other.id], seconds=10)
        assert release.state == "delivered"
        assert place.journal.record(stuck.id).state == "sending"


async def test_two_releases_of_one_message_at_once_each_go_once(gmail: FakeGmail, tmp_path: Path) -> None:
    place = Workplace(gmail, tmp_path, runs=True)
    profile = await place.add_profile()
    drafts = [place.draft(profile, message="m"), place.draft(profile, message="m")]
    async with place.open() as outbox:
        await asyncio.gather(*(outbox.add([draft]) for draft in drafts))
        ended = await outbox.wait([draft.id for draft, _ in drafts], seconds=10)
    assert [one.state for one in ended] == ["delivered", "delivered"]
    assert len(gmail.delivered) == 2


# What is asked before each attempt


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"allow": ("@corp.test",)}, "not among the recipients"),
        ({"port": 2525}, "another server or account"),
        ({"user": "eve@gmail.com"}, "another server or account"),
    ],
)
async def test_a_profile_that_changed_since_sends_nothing(
    place: Workplace, changes: dict[str, Any], words: str
) -> None:
    draft = place.draft(await place.add_profile())
    await place.add_profile(**changes)
    async with place.open() as outbox:
        await outbox.add([draft])
        (release,) = await outbox.wait([draft[0].id], seconds=10)
    assert release.state == "failed"
    assert words in release.note
    assert place.gmail.connections == 0


async def test_a_profile_that_is_gone_sends_nothing(place: Workplace) -> None:
    draft = place.draft(await place.add_profile())
    place.profiles.remove("work")
    async with place.open() as outbox:
        await outbox.add([draft])
        (release,) = await outbox.wait([draft[0].id], seconds=10)
    assert (release.state, "no profile work" in release.note) == ("failed", True)


async def test_a_broken_profiles_file_puts_it_off(place: Workplace) -> None:
    draft = place.draft(await place.add_profile())
    text = place.profiles.path.read_text()
    place.profiles.path.write_text("[profiles")
    async with place.open() as outbox:
        await outbox.add([draft])
        (release,) = await outbox.wait([draft[0].id], seconds=10)
        assert (release.state, release.due) == ("queued", place.clock() + 30 * SECOND)
        assert "line 1" in release.note
        place.profiles.path.write_text(text)
        place.clock.advance(31)
        (release,) = await outbox.wait([draft[0].id], seconds=10)
        assert release.state == "delivered"


async def test_our_own_listener_is_no_smarthost(place: Workplace) -> None:
    profile = await place.add_profile()
    async with place.open(own_addresses=lambda: (f"localhost:{profile.port}",)) as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        (release,) = await outbox.wait([draft.id], seconds=10)
    assert release.state == "failed"
    assert "this Mailsluice itself" in release.note
    assert place.gmail.connections == 0


async def test_a_day_s_limit_makes_the_next_one_wait_until_there_is_room(gmail: FakeGmail, tmp_path: Path) -> None:
    place = Workplace(gmail, tmp_path)
    profile = await place.add_profile(daily_limit=3, pace=0.0)
    began = place.clock()
    async with place.open() as outbox:
        (one,) = await outbox.add([place.draft(profile, "a@x.test", "b@x.test")])
        await outbox.wait([one.id], seconds=10)
        place.clock.advance(3600)
        (two,) = await outbox.add([place.draft(profile, "c@x.test", "d@x.test")])
        (waiting,) = await outbox.wait([two.id], seconds=10)
        assert (waiting.state, waiting.due) == ("queued", began + 86_400 * SECOND)
        assert "limit" in waiting.note
        quota = await outbox.quota(profile)
        assert (quota.used, quota.limit, quota.left) == (2, 3, 1)
        place.clock.advance(86_400 - 3600 + 1)
        (release,) = await outbox.wait([two.id], seconds=10)
        assert (release.state, release.note) == ("delivered", "")


async def test_more_recipients_than_a_day_allows_are_never_sent_to(place: Workplace) -> None:
    release = await released(place, "a@x.test", "b@x.test", daily_limit=1)
    assert (release.state, place.gmail.connections) == ("failed", 0)
    assert "2 recipients" in release.note


async def test_at_most_ten_thousand_can_wait(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailsluice.relay.outbox._MOST_OPEN", 2)
    profile = await place.add_profile()
    async with place.turns.of("work"), place.open() as outbox:
        await outbox.add([place.draft(profile), place.draft(profile)])
        with pytest.raises(Refusal, match="can wait at once"):
            await outbox.add([place.draft(profile)])
    assert len(place.journal.records) == 2
