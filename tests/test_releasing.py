"""What a preflight says of the circumstances: other releases, profiles that are switched off, our own listeners."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from mailsluice.errors import Refusal
from mailsluice.relay.profile import Profile
from mailsluice.release import Finding, RecipientReply, Release
from mailsluice.releasing import Preflight, Wishes
from mailsluice.releasing.recipients import typed_recipients
from tests.outgoing import BOB, MAIL, Desk
from tests.released import make_release
from tests.smarthost import USER

CAROL = "carol@example.com"


async def preflight(desk: Desk, message: str, *to: str, **wishes: Any) -> Preflight:
    found = await desk.sandbox.releasing.preflight(message, Wishes(to=to, **wishes))
    assert found
    return found


def of(found: Sequence[Finding], code: str) -> Finding | None:
    return next((one for one in found if one.code == code), None)


async def standing(desk: Desk, message: str, state: str, *to: RecipientReply) -> Release:
    """A release of the message through nobody's profile, so that nothing becomes of it."""
    release = make_release(message=message, state=state, recipients=to)
    await desk.sandbox.store.journal.add([(release, MAIL)])
    return release


@pytest.mark.parametrize("state", ["queued", "deferred", "sending"])
async def test_a_release_under_way_to_the_same_recipient_is_a_doubt_and_to_others_a_warning(
    desk: Desk, state: str
) -> None:
    message = await desk.capture(MAIL)
    await standing(desk, message, state, RecipientReply("bob@Example.com"), RecipientReply("d@example.com"))
    await standing(desk, message, "delivered", RecipientReply("e@example.com", "accepted"))
    same, other = await preflight(desk, message, CAROL, BOB), await preflight(desk, message, CAROL)
    assert [one.code for one in same.doubts] == ["under-way"]
    assert [one.code for one in other.warnings] == ["under-way"]
    assert not other.doubts
    with pytest.raises(Refusal, match="under way"):
        await desk.sandbox.releasing.release([same], origin="api")


async def test_a_release_is_no_doubt_of_itself(desk: Desk) -> None:
    message = await desk.capture(MAIL)
    first = await preflight(desk, message, BOB)
    async with desk.sandbox.turns.of("work"):
        (queued,) = await desk.sandbox.releasing.release([first], origin="page")
        again = await preflight(desk, message, BOB, stamp=first.stamp)
        assert again.is_clean
        assert [one.id for one in await desk.sandbox.releasing.release([again], origin="page")] == [queued.id]
        assert (await preflight(desk, message, BOB)).doubts


async def copied(desk: Desk, state: str, *to: str, by: RecipientReply) -> Preflight:
    release = await standing(desk, await desk.capture(MAIL), state, by)
    found = await desk.sandbox.releasing.preflight_copy(release.id, Wishes(profile="work", to=to))
    assert found
    return found


async def test_sending_again_what_may_have_been_sent_is_a_doubt(desk: Desk) -> None:
    waiting = RecipientReply(BOB)
    found = of((await copied(desk, "unknown", BOB, by=waiting)).doubts, "may-have-been-sent")
    assert found
    assert found.text == "This may have been sent already: look in Sent first."
    assert (await copied(desk, "unknown", by=waiting)).doubts
    assert not (await copied(desk, "unknown", CAROL, by=waiting)).doubts


async def test_sending_again_to_who_has_it_is_a_warning(desk: Desk) -> None:
    accepted = RecipientReply(BOB, "accepted")
    assert of((await copied(desk, "delivered", BOB, CAROL, by=accepted)).warnings, "sent-before")
    assert not (await copied(desk, "delivered", CAROL, by=accepted)).warnings
    assert (await copied(desk, "refused", BOB, by=RecipientReply(BOB, "refused"))).is_clean


@pytest.mark.parametrize("is_default", [True, False])
async def test_a_profile_that_is_switched_off_is_named_instead_of_asked_for(desk: Desk, is_default: bool) -> None:
    switch(desk, "work", enabled=False, default=is_default)
    if is_default:
        for name in ("other", "third"):
            add_another(desk, name)
    found = await preflight(desk, await desk.capture(MAIL), BOB)
    assert found.profile.name == "work"
    assert [one.code for one in found.stops] == ["profile-disabled"]


async def test_of_several_profiles_that_could_be_meant_one_must_be_chosen(desk: Desk) -> None:
    add_another(desk, "other")
    with pytest.raises(Refusal, match="choose one"):
        await preflight(desk, await desk.capture(MAIL), BOB)


def switch(desk: Desk, name: str, **changes: Any) -> Profile:
    profile = desk.sandbox.profiles.get(name)
    assert profile
    return desk.sandbox.profiles.save(msgspec.structs.replace(profile, **changes), old_name=name, by_hand=True)


def add_another(desk: Desk, name: str) -> None:
    desk.sandbox.profiles.save(Profile(name=name, host="mail.example.net", port=587, user=f"{name}@example.com"))


async def test_a_release_to_ourselves_is_stopped_before_it_is_queued(desk: Desk) -> None:
    sandbox = desk.sandbox
    port = int(sandbox.smtp_addresses[0].rpartition(":")[2])
    switch(desk, "work", port=port)
    found = of((await preflight(desk, await desk.capture(MAIL), BOB)).stops, "ourselves")
    assert found
    assert "this Mailsluice itself" in found.text


async def test_a_reply_to_that_is_there_already_is_told_to_stay(desk: Desk) -> None:
    message = await desk.capture(b"Reply-To: desk@shop.test\r\n" + MAIL)
    wished = await preflight(desk, message, BOB, adds_reply_to=True)
    assert of(wished.findings, "reply-to-kept")
    assert not of((await preflight(desk, message, BOB)).findings, "reply-to-kept")
    without = await preflight(desk, await desk.capture(MAIL), BOB, adds_reply_to=True)
    assert not of(without.findings, "reply-to-kept")
    assert of(without.findings, "reply-to-added")


async def test_a_profile_that_is_switched_off_keeps_its_last_recipients(desk: Desk) -> None:
    message = await desk.capture(MAIL)
    await desk.release(message)
    switch(desk, "work", enabled=False)
    assert (await preflight(desk, message)).recipients == (BOB,) != (USER,)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a@x.test b@y.test", ["a@x.test", "b@y.test"]),
        ("a@x.test\r\nb@y.test;c@z.test", ["a@x.test", "b@y.test", "c@z.test"]),
        ("Ada <a@x.test>\nBob <b@y.test>", ["a@x.test", "b@y.test"]),
        ("Ada\n <a@x.test>", ["a@x.test"]),
        ('"Doe, Jane" <j@x.test>, b@y.test', ["j@x.test", "b@y.test"]),
        ("a@x.test <a@x.test>", ["a@x.test"]),
        ("Ada <a@x.test> b@y.test", ["Ada <a@x.test> b@y.test"]),
        ("Bob@X.test bob@x.test Bob@x.TEST", ["Bob@X.test", "bob@x.test"]),
        ("a@bücher.test", ["a@xn--bcher-kva.test"]),
        ("x" * 400, ["x" * 319 + "…"]),
        (" \n", []),
    ],
)
def test_recipients_are_read_as_people_type_them(typed: str, meant: list[str]) -> None:
    assert [*typed_recipients([typed])] == meant
