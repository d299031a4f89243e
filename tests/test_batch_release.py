"""Releases of many at once: one look at all of them, one yes, and nothing sent that was not shown."""

import asyncio
from typing import Any

import msgspec
import pytest
from bs4 import BeautifulSoup

from tests.gmail import FakeGmail
from tests.inbox import one, words
from tests.outgoing import BOB, MAIL, PROGRAM_INSIDE, add_profile
from tests.release_pages import DIALOG, Pages, keep, record, values
from tests.smarthost import USER

CAROL = "carol@example.com"
STRANGER = "stranger@shop.test"


@pytest.fixture
async def ready(pages: Pages, gmail: FakeGmail) -> Pages:
    """Pages with a profile through which mail can leave."""
    await add_profile(pages.sandbox, gmail)
    return pages


async def dialog(pages: Pages, *ids: str, status: int = 200, **query: Any) -> BeautifulSoup:
    """The dialog over these messages, as the selection opens it."""
    params = {"id": list(ids), **query}
    response = await pages.client.get("/selection/releases/new", params=params, headers=DIALOG)
    assert response.status_code == status, response.text
    return BeautifulSoup(response.text, "html.parser")


async def look(pages: Pages, page: BeautifulSoup, **changes: str) -> BeautifulSoup:
    """The dialog for what was changed in it."""
    found: BeautifulSoup = await pages.post("/selection/preflights", values(page) | changes, target="dialog#release")
    return found


async def settle(pages: Pages) -> dict[str, tuple[str, ...]]:
    """The subject of each release, and who got it, once all are settled."""
    ids = [release.id for _, release in await pages.sandbox.store.journal.list(limit=0)]
    found = await pages.sandbox.outbox.wait(ids, seconds=20)
    assert {release.state for release in found} <= {"delivered"}
    return {release.subject: release.accepted for release in found}


def mail(subject: str) -> bytes:
    return MAIL.replace(b"Subject: Hello", f"Subject: {subject}".encode())


def button(page: BeautifulSoup) -> str:
    """What the button says, or nothing while it is off."""
    found = one(page, "#release-button")
    return "" if found.has_attr("disabled") else words(found)


async def test_messages_go_to_the_account_itself_unless_somebody_else_is_chosen(ready: Pages, gmail: FakeGmail) -> None:
    ids = [await ready.capture(mail(subject)) for subject in ("one", "two", "three")]
    page = await dialog(ready, *ids)
    assert button(page) == "Release 3 messages"
    await ready.post("/selection/releases", values(page))
    assert await settle(ready) == dict.fromkeys(("one", "two", "three"), (USER,))
    assert len(gmail.delivered) == 3
    assert all(b"X-Original-To: bob@example.test" in one.raw for one in gmail.delivered)


async def test_each_goes_to_its_own_captured_recipients(ready: Pages) -> None:
    first = await ready.capture(mail("one"), recipients=(BOB,))
    second = await ready.capture(mail("two"), recipients=(BOB, CAROL))
    page = await look(ready, await dialog(ready, first, second), whom="captured")
    assert words(one(page, "#receivers summary")) == "2 recipients, 3 copies in all"
    await ready.post("/selection/releases", values(page))
    assert await settle(ready) == {"one": (BOB,), "two": (BOB, CAROL)}


async def test_all_go_to_typed_addresses(ready: Pages) -> None:
    ids = [await ready.capture(mail(subject)) for subject in ("one", "two")]
    page = await look(ready, await dialog(ready, *ids), whom="typed", to=f"{BOB}, {CAROL}")
    await ready.post("/selection/releases", values(page))
    assert await settle(ready) == dict.fromkeys(("one", "two"), (BOB, CAROL))


async def test_where_nobody_is_typed_nobody_is_suggested(ready: Pages) -> None:
    id = await ready.capture(mail("one"))
    await keep(ready.sandbox, record(recipients=(msgspec.structs.replace(record().recipients[0], address=BOB),)))
    page = await look(ready, await dialog(ready, id), whom="typed", to=" ")
    assert button(page) == ""
    assert "Nobody is named to get it" in words(one(page, "#findings"))
    await ready.post("/selection/releases", values(page), status=422)


async def test_what_cannot_go_is_named_with_its_link_and_stays(ready: Pages) -> None:
    good = await ready.capture(mail("good"), recipients=(BOB,))
    bad = await ready.capture(mail("bad"), recipients=(STRANGER,))
    page = await look(ready, await dialog(ready, good, bad), whom="captured")
    assert button(page) == "Release 1 message"
    stop = one(page, ".finding.stop")
    assert words(one(stop, "summary")).startswith("Stop: 1 message:")
    assert (words(one(stop, "a")), one(stop, "a")["href"]) == ("bad", f"/messages/{bad}")
    assert STRANGER not in words(one(page, "#receivers"))
    await ready.post("/selection/releases", values(page))
    assert await settle(ready) == {"good": (BOB,)}


async def test_an_address_can_be_allowed_in_the_dialog(ready: Pages) -> None:
    ids = [await ready.capture(mail(subject), recipients=(STRANGER,)) for subject in ("one", "two")]
    page = await look(ready, await dialog(ready, *ids), whom="captured")
    assert words(one(page, ".finding.stop .btn")) == f"Allow {STRANGER}"
    assert button(await look(ready, page, allow=STRANGER)) == "Release 2 messages"


async def test_the_same_thing_is_said_once_with_how_many_it_is_about(ready: Pages) -> None:
    ids = [await ready.capture(mail("good").replace(b"Subject: good\r\n", b"")) for _ in range(2)]
    page = await dialog(ready, *ids, await ready.capture(mail("three")))
    (warning,) = page.select(".finding.warning")
    assert words(one(warning, "summary")) == "Warning: 2 messages: The mail has no subject."
    assert len(warning.select("a")) == 2
    (change,) = [found for found in page.select(".changes summary") if "Bcc" in words(found)]
    assert words(change).startswith("All 3 messages: Bcc will be removed")


async def test_a_doubtful_message_stays_unless_the_user_insists(ready: Pages) -> None:
    doubtful = await ready.capture(PROGRAM_INSIDE)
    page = await dialog(ready, doubtful, await ready.capture(mail("good")))
    assert button(page) == "Release 1 message"
    assert "Gmail blocks setup.exe" in words(one(page, ".finding.doubt"))
    page = await look(ready, page, override="1")
    assert button(page) == "Release 2 messages"
    progress = await ready.post("/selection/releases", values(page))
    assert {words(row) for row in progress.select(".release-row .subject")} == {"good", "A program"}


async def test_what_is_left_of_the_day_is_compared_with_what_all_of_them_need(pages: Pages, gmail: FakeGmail) -> None:
    await add_profile(pages.sandbox, gmail, daily_limit=2)
    page = await dialog(pages, *[await pages.capture(mail(subject)) for subject in ("one", "two", "three")])
    assert "This needs 3 of the 2 recipients a day" in words(one(page, "#findings"))
    assert "This needs 3; 2 of 2 are left today" in words(one(page, ".sheet-foot"))


async def test_what_was_chosen_since_is_shown_before_it_is_sent(ready: Pages) -> None:
    page = await dialog(ready, await ready.capture(mail("one")))
    form = values(page) | {"whom": "typed", "to": BOB}
    again = await ready.post("/selection/releases", form, status=422)
    assert "Checked what you chose" in words(one(again, "#release-error"))
    assert await ready.sandbox.store.journal.list(limit=0) == []
    await ready.post("/selection/releases", values(again))
    assert await settle(ready) == {"one": (BOB,)}


async def test_what_changed_meanwhile_is_said_and_nothing_goes(ready: Pages, gmail: FakeGmail) -> None:
    ids = [await ready.capture(mail(subject)) for subject in ("one", "two", "three")]
    page = await dialog(ready, *ids)
    await ready.sandbox.delete([ids[0]])
    again = await ready.post("/selection/releases", values(page), status=422)
    assert "1 message was deleted. Look again." in words(one(again, "#release-error"))
    assert button(again) == "Release 2 messages"
    page = await look(ready, again, whom="captured")
    await ready.sandbox.releasing.allow("work", "bob@example.test")
    again = await ready.post("/selection/releases", values(page), status=422)
    assert "2 messages can go now." in words(one(again, "#release-error"))
    changed = msgspec.structs.replace(ready.sandbox.profiles.list()[0], sender_address="other@gmail.com")
    ready.sandbox.profiles.save(changed, old_name="work")
    again = await ready.post("/selection/releases", values(again), status=422)
    assert "The account or its server is another one now." in words(one(again, "#release-error"))
    assert await ready.sandbox.store.journal.list(limit=0) == []
    assert gmail.delivered == []


async def test_a_forged_form_sends_nothing(ready: Pages) -> None:
    page = await dialog(ready, await ready.capture(mail("one")))
    for changes in ({"seen": "{}"}, {"seen": "no"}, {"asked": ""}, {"account": ""}, {"stamp": ""}, {"ids": ""}):
        await ready.post("/selection/releases", values(page) | changes, status=422)
    assert await ready.sandbox.store.journal.list(limit=0) == []


async def test_a_form_that_is_sent_twice_sends_once(ready: Pages, gmail: FakeGmail) -> None:
    form = values(await dialog(ready, *[await ready.capture(mail(subject)) for subject in ("one", "two")]))
    answers = await asyncio.gather(*[ready.post("/selection/releases", form) for _ in range(3)])
    await settle(ready)
    answers.append(await ready.post("/selection/releases", form))
    assert {one(answer, "#batch")["data-batch"] for answer in answers} == {form["stamp"].partition(".")[2]}
    assert len(gmail.delivered) == 2


async def test_a_form_that_went_and_was_changed_begins_anew(ready: Pages, gmail: FakeGmail) -> None:
    page = await dialog(ready, await ready.capture(mail("one")))
    await ready.post("/selection/releases", values(page))
    await settle(ready)
    page = await look(ready, page, whom="typed", to=BOB)
    again = await ready.post("/selection/releases", values(page), status=422)
    assert "This was released already" in words(one(again, "#release-error"))
    await ready.post("/selection/releases", values(again))
    await settle(ready)
    assert [mail.recipients for mail in gmail.delivered] == [(USER,), (BOB,)]


async def test_all_that_a_search_found_is_released_and_nothing_that_came_later(ready: Pages) -> None:
    ids = [await ready.capture(mail(subject)) for subject in ("invoice 1", "other", "invoice 2")]
    newest = (await ready.sandbox.store.list_messages(limit=1))[0].key
    await ready.capture(mail("invoice 3"))
    page = await dialog(ready, all="1", q="invoice", upto=str(newest))
    assert button(page) == "Release 2 messages"
    assert values(page)["ids"] == f"{ids[0]},{ids[2]}"
    assert button(await dialog(ready, all="1")) == "Release 4 messages"
    await ready.post("/selection/releases", values(page))
    assert set(await settle(ready)) == {"invoice 1", "invoice 2"}


async def test_a_choice_that_cannot_be_released_is_refused(ready: Pages) -> None:
    assert "Choose the messages" in words(await dialog(ready, status=422))
    assert "Choose the messages" in words(await dialog(ready, "nonsense", status=422))
    assert "deleted meanwhile" in words(await dialog(ready, "0" * 22, status=422))
    many = [f"{number:022}" for number in range(501)]
    assert "More than 500" in words(await dialog(ready, *many, status=422))


async def test_without_a_profile_the_dialog_leads_to_one(pages: Pages) -> None:
    page = await dialog(pages, await pages.capture(MAIL))
    assert "There is no profile yet" in words(page)


@pytest.mark.parametrize("path", ["preflights", "releases", "releases/0000000000000000000000/cancellation"])
async def test_nothing_is_released_without_the_token(ready: Pages, path: str) -> None:
    form = values(await dialog(ready, await ready.capture(MAIL)))
    del ready.client.headers["X-Mailsluice-Token"]
    response = await ready.client.post(f"/selection/{path}", data=form)
    assert (response.status_code, response.headers["HX-Retarget"]) == (401, "#pane")
    assert await ready.sandbox.store.journal.list(limit=0) == []


async def test_a_release_of_many_has_an_address_that_tells_how_far_it_is(pages: Pages) -> None:
    batch = "a" * 22
    states = ("delivered", "delivered", "refused", "queued", "unknown", "cancelled", "partly")
    await keep(pages.sandbox, *[record(state=state, batch=batch) for state in states], record(subject="Another"))
    for page in (await pages.get(f"/releases?batch={batch}"), await pages.whole(f"/releases?batch={batch}")):
        said = words(one(page, "#batch-text"))
        assert said == "2 of 7 accepted, 1 partly accepted, 1 failed, 1 unknown, 1 cancelled, 1 to go"
        assert [(bar["x"], bar["width"]) for bar in page.select("rect")] == [
            ("0", "2"),
            ("2", "2"),
            ("4", "1"),
            ("5", "1"),
        ]
        assert len(page.select(".release-row")) == 7
    page = await pages.get(f"/releases?batch={batch}&state=refused")
    assert len(page.select(".release-row")) == 1
    assert "2 of 7 accepted" in words(page)
    assert "No release fits" in words(await pages.get("/releases?batch=none"))


async def test_what_has_not_gone_is_cancelled_at_once(ready: Pages, gmail: FakeGmail) -> None:
    profile = ready.sandbox.profiles.list()[0]
    page = await dialog(ready, *[await ready.capture(mail(subject)) for subject in ("one", "two", "three")])
    ready.sandbox.profiles.save(msgspec.structs.replace(profile, enabled=False), old_name="work")
    page = await look(ready, page)
    assert button(page) == ""
    ready.sandbox.profiles.save(msgspec.structs.replace(profile, pace=60.0), old_name="work")
    page = await look(ready, page)
    progress = await ready.post("/selection/releases", values(page))
    batch = one(progress, "#batch")["data-batch"]
    ids = [release.id for _, release in await ready.sandbox.store.journal.list(limit=0)]
    await ready.sandbox.outbox.wait(ids, seconds=20)  # the first goes at once, the others a minute apart
    after = await ready.post(f"/selection/releases/{batch}/cancellation", target="div#releases")
    assert words(one(after, "#batch-text")) == "1 of 3 accepted, 2 cancelled"
    assert not after.select("#batch-cancel")
    assert len(gmail.delivered) == 1


async def test_a_release_of_many_is_no_choice_for_the_next_message(ready: Pages) -> None:
    await ready.sandbox.releasing.allow("work", CAROL)
    page = await dialog(ready, await ready.capture(mail("one"), recipients=(CAROL,)))
    await ready.post("/selection/releases", values(await look(ready, page, whom="captured")))
    await settle(ready)
    assert values(await ready.dialog(await ready.capture(MAIL)))["to"] == USER


async def test_each_record_leads_to_those_that_went_with_it(ready: Pages) -> None:
    page = await dialog(ready, await ready.capture(mail("one")))
    await ready.post("/selection/releases", values(page))
    await settle(ready)
    ((_, release),) = await ready.sandbox.store.journal.list(limit=1)
    assert release.batch == values(page)["stamp"].partition(".")[2]
    assert f"/releases?batch={release.batch}" in str(await ready.get(f"/releases/{release.id}"))
