"""The journal's promises: what was queued, how far it came, what was sent and what is parked."""

import asyncio
import os

import msgspec
import pytest

from mailsluice.capture import new_id, now
from mailsluice.gmail.verdict import Verdict
from mailsluice.release import Parking, RecipientReply, Release, State
from mailsluice.reply import Reply
from mailsluice.store import Store
from tests.released import RAW, make_release
from tests.test_store import make_capture

HOUR = 3600 * 1_000_000
VERDICT = Verdict("limit", "The limit is reached.", "Wait a day.", "https://example.com/", 60, 86400, "day")


async def changed(store: Store, release: Release, state: State, **changes: object) -> Release:
    later = msgspec.structs.replace(release, state=state, changed=now(), **changes)
    await store.journal.update(later)
    return later


async def queued(store: Store, **changes: object) -> Release:
    release = make_release(**changes)
    await store.journal.add([(release, RAW)])
    return release


async def test_a_record_comes_back_whole(store: Store) -> None:
    recipients = (
        RecipientReply("ada@example.com", "accepted", Reply(250, "2.1.5", "OK x")),
        RecipientReply("bob@example.com", "refused", Reply(550, "5.1.1", "No\nsuch ünit")),
    )
    release = make_release(
        recipients=recipients,
        due=5,
        subject="Grüße 🦀",
        message_id="new@x",
        original_message_id="old@x",
        is_to_me=True,
        origin="rule",
        rule="r",
        copy_of="c",
        attempts=3,
        is_past_dot=True,
        reply=Reply(250, "2.0.0", "OK"),
        verdict=VERDICT,
        note="a note",
        transcript=("C: EHLO x", "S: 250 y"),
    )
    assert await store.journal.add([(release, RAW)]) == [release]
    assert await store.journal.get(release.id) == release


@pytest.mark.parametrize(
    "raw",
    [b"", RAW, b"a" * (700 << 10), os.urandom(3 << 20), os.urandom(256 << 10)],
    ids=["empty", "small", "compressible", "many pieces", "one piece"],
)
async def test_the_bytes_of_a_release_come_back_exactly(store: Store, raw: bytes) -> None:
    release = make_release()
    await store.journal.add([(make_release(), b"other"), (release, raw), (make_release(), b"another")])
    assert await store.journal.source(release.id) == raw


async def test_what_is_unknown_is_none(store: Store) -> None:
    assert await store.journal.get("nothing") is None
    assert await store.journal.source("nothing") is None
    assert await store.journal.add([]) == []


async def test_a_release_that_is_known_is_not_queued_twice(store: Store) -> None:
    release = await queued(store)
    sent = await changed(store, release, "delivered")
    other = make_release()
    stored = await store.journal.add([(other, RAW), (msgspec.structs.replace(release, subject="x"), b"other bytes")])
    assert stored == [other, sent]
    assert await store.journal.source(release.id) == RAW
    assert await store.journal.open() == [other]


async def test_two_that_add_one_release_at_once_get_the_same_record(store: Store) -> None:
    release = make_release()
    twin = msgspec.structs.replace(release, subject="the second")
    one, two = await asyncio.gather(
        store.journal.add([(release, RAW)]), store.journal.add([(twin, b"x" * 5000), (twin, b"y")])
    )
    assert one == [release]
    assert two == [release, release]
    assert await store.journal.source(release.id) == RAW


async def test_an_update_replaces_the_record(store: Store) -> None:
    release = await queued(store)
    failed = await changed(store, release, "failed", note="no", reply=Reply(535, "5.7.8", "no"), attempts=1)
    assert await store.journal.get(release.id) == failed


async def test_updates_are_kept_in_the_order_of_the_calls(store: Store) -> None:
    release = await queued(store)
    steps = [msgspec.structs.replace(release, attempts=number) for number in range(50)]
    await asyncio.gather(*(store.journal.update(step) for step in steps))
    assert await store.journal.get(release.id) == steps[-1]


async def test_an_update_of_a_release_that_was_never_added_is_an_error(store: Store) -> None:
    with pytest.raises(LookupError):
        await store.journal.update(make_release(), sent=3)
    assert await store.journal.sent_since("home", 0) == []


async def test_what_goes_on_by_itself_is_open_and_the_oldest_comes_first(store: Store) -> None:
    first, second, third, fourth = [await queued(store) for _ in range(4)]
    second = await changed(store, second, "sending")
    await changed(store, third, "unknown")
    fourth = await changed(store, fourth, "deferred", due=now() + HOUR)
    assert await store.journal.open() == [first, second, fourth]
    first = await changed(store, await changed(store, first, "failed"), "queued")
    assert await store.journal.open() == [first, second, fourth]


async def test_the_list_is_newest_first_and_pages_by_key(store: Store) -> None:
    made = [await queued(store) for _ in range(5)]
    first = await store.journal.list(limit=2)
    second = await store.journal.list(limit=0, before=first[-1][0])
    assert [release for _, release in (*first, *second)] == made[::-1]


async def test_the_list_shows_what_was_asked_for(store: Store) -> None:
    plain = await queued(store)
    work = await queued(store, profile="work", message=plain.message)
    failed = await changed(store, await queued(store, profile="work"), "failed")

    async def found(**given: str) -> list[Release]:
        return [release for _, release in await store.journal.list(limit=10, **given)]  # type: ignore[arg-type]

    assert await found(message=plain.message) == [work, plain]
    assert await found(profile="work") == [failed, work]
    assert await found(profile="work", state="queued") == [work]
    assert await found(state="delivered") == []
    assert await found(profile="work' OR '1'='1") == []


async def test_the_newest_release_of_each_message_is_found_in_one_query(store: Store) -> None:
    first = await queued(store)
    other = await queued(store)
    newer = await queued(store, message=first.message)
    found = await store.journal.newest_of([first.message, other.message, "never released"])
    assert found == {first.message: newer, other.message: other}
    assert await store.journal.newest_of([]) == {}


async def test_releases_of_a_message_and_in_a_state_are_counted(store: Store) -> None:
    release = await queued(store)
    await changed(store, await queued(store, message=release.message), "delivered")
    assert await store.journal.count_of(release.message) == 2
    assert await store.journal.count_of("other") == 0
    assert await store.journal.states() == {"queued": 1, "delivered": 1}


async def test_the_last_recipients_are_those_a_person_chose(store: Store) -> None:
    assert await store.journal.last_recipients("home") == ()
    chosen = (RecipientReply("bob@example.com", "accepted"), RecipientReply("cy@example.com", "refused"))
    await queued(store)
    await queued(store, recipients=chosen)
    await queued(store, rule="a rule")
    await queued(store, is_to_me=True)
    await queued(store, origin="mailpit api")
    await queued(store, profile="work")
    assert await store.journal.last_recipients("home") == ("bob@example.com", "cy@example.com")


async def test_what_a_rule_has_queued_is_counted_by_message(store: Store) -> None:
    moment, rule, message = now(), new_id(), new_id()
    for age in (0, HOUR // 2, 2 * HOUR):
        await queued(store, rule=rule, created=moment - age)
    for _ in range(2):
        await queued(store, rule=rule, message=message)
    await queued(store, rule="another")
    await queued(store)
    assert await store.journal.released_by(rule, moment - HOUR) == 3
    assert await store.journal.released_by(rule, 0) == 4
    assert await store.journal.released_by("", 0) == 0


async def test_what_was_sent_enters_the_ledger_with_the_record(store: Store) -> None:
    release = await queued(store)
    sent = msgspec.structs.replace(release, state="partly", changed=now())
    await store.journal.update(sent, sent=2)
    await store.journal.count_sent("home", 1)
    await store.journal.count_sent("work", 7)
    ledger = await store.journal.sent_since("home", sent.changed)
    assert [recipients for _, recipients in ledger] == [2, 1]
    assert ledger[0][0] == sent.changed
    assert await store.journal.sent_since("home", now() + 1) == []


async def test_the_ledger_forgets_after_two_days(store: Store) -> None:
    moment = now()
    for age in (49 * HOUR, 47 * HOUR, 0):
        release = await queued(store)
        await store.journal.update(msgspec.structs.replace(release, changed=moment - age), sent=1)
    assert [at for at, _ in await store.journal.sent_since("home", 0)] == [moment - 47 * HOUR, moment]


async def test_a_parked_profile_is_known_until_its_parking_ends(store: Store) -> None:
    await store.journal.park("home", Parking(0, VERDICT))
    await store.journal.park("work", Parking(5, VERDICT))
    await store.journal.park("home", Parking(7, VERDICT))
    assert await store.journal.parkings() == {"home": Parking(7, VERDICT), "work": Parking(5, VERDICT)}
    await store.journal.park("home", None)
    await store.journal.park("nobody", None)
    assert await store.journal.parkings() == {"work": Parking(5, VERDICT)}


@pytest.mark.parametrize("everything", [False, True])
async def test_a_release_outlives_its_message(store: Store, everything: bool) -> None:
    capture = make_capture()
    await store.add(capture)
    release = await queued(store, message=capture.id)
    await store.delete(None if everything else [capture.id])
    assert await store.journal.get(release.id) == release
    assert await store.journal.source(release.id) == RAW
