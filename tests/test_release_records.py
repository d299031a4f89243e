"""Releases as pages tell them: the list, the record, those of a message, the chip in the inbox, what can be done."""

import msgspec
import pytest

from mailsluice.capture import new_id, now
from mailsluice.relay.secret import Secret
from mailsluice.release import RecipientReply, Release
from mailsluice.reply import Reply
from mailsluice.rule import Rule
from mailsluice_web.outcomes import STATES, chip, headline
from tests.gmail import FakeGmail
from tests.inbox import links, one, words
from tests.outgoing import MAIL, add_profile
from tests.release_pages import DIALOG, NO, OK, REFUSED, Pages, keep, record, values
from tests.smarthost import USER

SENT = ("S: 220 ready", "C: MAIL FROM:<ada@gmail.com>", "S: 550 5.1.1 no")


def refused(**changes: object) -> Release:
    eve = RecipientReply("eve@example.com", "refused", NO)
    fields = {"state": "refused", "recipients": (eve,), "reply": NO, "verdict": REFUSED, "transcript": SENT}
    return msgspec.structs.replace(record(), **{**fields, **changes})


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (record(), "Released"),
        (record(state="sending"), "Sending…"),
        (record(state="queued", reply=None), "Waiting"),
        (record(state="deferred"), "Waiting to try again"),
        (record(state="partly"), "Partly"),
        (refused(), "Refused 550"),
        (record(state="failed", reply=Reply(535, "5.7.8", "no")), "Failed 535"),
        (record(state="failed", reply=None), "Failed"),
        (record(state="unknown"), "Unknown"),
        (record(state="cancelled"), "Cancelled"),
    ],
)
def test_a_state_is_one_word_with_the_code_of_a_no(release: Release, expected: str) -> None:
    assert chip(release) == expected
    assert headline(release)
    assert release.state in STATES


async def test_the_list_of_messages_shows_the_newest_release_of_each(pages: Pages) -> None:
    first, second, third = [await pages.capture(MAIL) for _ in range(3)]
    await keep(pages.sandbox, refused(message=first), record(message=first))
    await keep(pages.sandbox, refused(message=second))
    await keep(pages.sandbox, record(message=third, state="cancelled"))
    page = await pages.whole("/")
    chips = {str(row["href"])[-22:]: [words(one) for one in row.select(".chip")] for row in page.select("a.row")}
    assert chips == {first: ["Released"], second: ["Refused 550"], third: []}


async def test_without_releases_the_page_says_how_to_make_one(pages: Pages) -> None:
    page = await pages.page("/releases")
    assert "Nothing was released yet" in words(one(page, "#releases"))


async def test_the_list_is_open_to_read_and_names_state_profile_and_recipients(pages: Pages) -> None:
    await keep(pages.sandbox, refused(subject="<b>Bold</b>"))
    del pages.client.headers["X-Mailsluice-Token"]
    row = one(await pages.page("/releases"), ".release-row")
    assert not row.select("b")
    for text in ("Refused 550", "<b>Bold</b>", "work → eve@example.com", "550 5.1.1 The email account"):
        assert text in words(row)


async def test_the_list_is_filtered_by_state_and_profile(pages: Pages) -> None:
    await keep(pages.sandbox, refused(), record(), record(profile="other", subject="Else"))
    page = await pages.page("/releases")
    states = links(page, "nav[aria-label=States] a")
    assert set(states) == {"All 3", "Released 2", "Refused 1"}
    assert len((await pages.page(states["Released 2"])).select(".release-row")) == 2
    profiles = links(page, "nav[aria-label=Profiles] a")
    both = (await pages.page(profiles["other"])).select(".release-row")
    assert ["Else" in words(row) for row in both] == [True]
    none = await pages.page("/releases?state=unknown&profile=other")
    assert "No release fits" in words(none)
    assert len((await pages.page("/releases?state=nonsense&before=x")).select(".release-row")) == 3


async def test_the_list_goes_on_page_by_page_and_refreshes_where_it_stands(pages: Pages) -> None:
    await keep(pages.sandbox, *(record(subject=f"Number {number}") for number in range(60)))
    first = await pages.page("/releases?state=delivered")
    assert len(first.select(".release-row")) == 50
    older = links(first, ".older a")["Older releases"]
    second = await pages.page(older)
    assert [words(row) for row in second.select(".release-row .subject")] == [f"Number {n}" for n in range(9, -1, -1)]
    live = str(one(second, "#releases")["hx-get"])
    assert set(live.split("?")[1].split("&")) == set(older.split("?")[1].split("&"))
    part = await pages.get(live, target="div#releases")
    assert len(part.select(".release-row")) == 10
    assert not part.select("article")


async def test_a_record_tells_everything_word_for_word(pages: Pages) -> None:
    message = await pages.capture(MAIL)
    release = refused(message=message, original_message_id="old@shop.test", note="Found no way.")
    await keep(pages.sandbox, release)
    page = await pages.page(f"/releases/{release.id}")
    assert words(one(page, ".reply")) == str(NO)
    text = words(page)
    for fact in (
        "Refused by smtp.gmail.com",
        REFUSED.meaning,
        REFUSED.remedy,
        "Found no way.",
        "eve@example.com refused",
        "smtp.gmail.com:587",
        release.message_id,
        "old@shop.test",
    ):
        assert fact in text
    assert words(one(page, "#record-transcript .refusal")) == SENT[2]
    assert links(page, "dl a")["Open the captured message"] == f"/messages/{message}/releases"
    await pages.sandbox.delete([message])
    assert "deleted meanwhile" in words(await pages.page(f"/releases/{release.id}"))


async def test_hostile_replies_and_addresses_stay_text(pages: Pages) -> None:
    evil = "<img src=x onerror=alert(1)>"
    release = refused(
        message=await pages.capture(MAIL),
        reply=Reply(550, "", evil),
        recipients=(RecipientReply(evil, "refused", Reply(550, "", evil)),),
        transcript=(f"S: 550 {evil}",),
        note=evil,
        profile=evil,
        subject=evil,
    )
    await keep(pages.sandbox, release)
    for path in ("/releases", f"/releases/{release.id}", f"/messages/{release.message}/releases"):
        page = await pages.whole(path)
        assert not page.select("img")
        assert evil in page.get_text()


async def test_there_is_no_such_release(pages: Pages) -> None:
    for path in (f"/releases/{new_id()}", f"/releases/{new_id()}.eml", "/releases/x"):
        await pages.page(path, status=404)
    for noun in ("cancellation", "attempts", "settlement"):
        await pages.post(f"/releases/{new_id()}/{noun}", status=404)


async def test_the_releases_of_a_message_are_a_view_of_it(pages: Pages) -> None:
    message = await pages.capture(MAIL)
    assert "Releases" not in words(one(await pages.page(f"/messages/{message}"), ".tabs"))
    partly = record(
        message=message,
        state="partly",
        recipients=(
            RecipientReply("bob@example.com", "accepted", OK),
            RecipientReply("eve@example.com", "refused", NO),
        ),
    )
    await keep(pages.sandbox, partly, record())
    page = await pages.page(f"/messages/{message}")
    assert links(page, ".tabs a[id]")["Releases (1)"] == f"/messages/{message}/releases"
    card = one(await pages.page(f"/messages/{message}/releases"), ".release-card")
    for text in ("Partly", "Accepted for 1 of 2 recipients", "eve@example.com refused", str(NO), str(OK)):
        assert text in words(card)
    assert links(card, "a")["Record"] == f"/releases/{partly.id}"
    part = await pages.get(f"/messages/{message}/releases", target="ol#message-releases")
    assert len(part.select(".release-card")) == 1
    assert not part.select(".tabs")


async def test_an_unknown_outcome_waits_for_the_user(pages: Pages) -> None:
    release = record(state="unknown", reply=None, recipients=(RecipientReply("bob@example.com"),), is_past_dot=True)
    await keep(pages.sandbox, release)
    page = await pages.page(f"/releases/{release.id}")
    assert f"Look in the Sent folder of {USER}" in words(page)
    assert [words(button) for button in page.select(".release-actions .btn")] == [
        "It is there",
        "It is not there: send again",
        "Send again as new…",
    ]
    page = await pages.post(f"/releases/{release.id}/settlement", target="article#record")
    assert "Released" in words(one(page, "h1"))
    again = await pages.post(f"/releases/{release.id}/settlement", target="article#record", status=422)
    assert again.select("[role=alert]")


async def test_what_waits_is_cancelled_where_it_stands(pages: Pages, gmail: FakeGmail) -> None:
    await add_profile(pages.sandbox, gmail)
    gmail.knobs.stall_at = "greeting"
    message = await pages.capture(MAIL)
    for _ in range(2):
        await pages.post(f"/messages/{message}/releases", values(await pages.dialog(message)) | {"override": "1"})
    (_, second), _ = await pages.sandbox.store.journal.list(limit=2)
    view = await pages.get(f"/messages/{message}/releases")
    assert [words(button) for button in view.select(f"#release-{second.id} .release-actions .btn")] == ["Cancel it"]
    target = f"li#release-{second.id}"
    card = one(await pages.post(f"/releases/{second.id}/cancellation", target=target), "li.release-card")
    assert (card["id"], words(one(card, ".chip"))) == (f"release-{second.id}", "Cancelled")
    again = await pages.post(f"/releases/{second.id}/cancellation", target=target, status=422)
    assert again.select("li.release-card [role=alert]")


async def test_a_parked_profile_is_shown_and_tried_again(pages: Pages, gmail: FakeGmail) -> None:
    profile = await add_profile(pages.sandbox, gmail)
    await pages.sandbox.vault.keep(profile, Secret("wrongwrongwrongw"))
    message = await pages.capture(MAIL)
    await pages.post(f"/messages/{message}/releases", values(await pages.dialog(message)))
    ((_, release),) = await pages.sandbox.store.journal.list(limit=2)
    (failed,) = await pages.sandbox.outbox.wait([release.id], seconds=20)
    assert chip(failed) == "Failed 535"
    assert failed.verdict
    line = one(await pages.page("/releases"), ".parked")
    assert f"work is parked until you act. {failed.verdict.meaning}" in words(line)
    assert "is tried again now" in words(await pages.post(str(one(line, "form")["action"])))
    assert not (await pages.page("/releases")).select(".parked")


async def test_send_again_as_new_is_the_same_dialog_over_the_kept_bytes(pages: Pages, gmail: FakeGmail) -> None:
    profile = await add_profile(pages.sandbox, gmail)
    release = record(route=profile.binding, recipients=(RecipientReply("bob@example.com", "accepted", OK),))
    await keep(pages.sandbox, release, raw=b"Subject: Your order\r\nX-Kept: yes\r\n\r\nHello\r\n")
    response = await pages.client.get(f"/releases/{release.id}/copies/new", headers=DIALOG)
    page = pages._read(response, 200)
    assert "Send again as new" in words(one(page, "dialog h2"))
    form = values(page)
    assert form["to"] == "bob@example.com"
    await pages.post(f"/releases/{release.id}/preflights", form)
    response = await pages.client.post(f"/releases/{release.id}/copies", data=form)
    new = response.headers["HX-Push-Url"].rpartition("/")[2]
    assert new != release.id
    (copy,) = await pages.sandbox.outbox.wait([new], seconds=20)
    assert (copy.state, copy.copy_of) == ("delivered", release.id)
    assert b"X-Kept: yes" in gmail.delivered[0].raw


async def test_automatic_release_is_told_on_every_page(pages: Pages) -> None:
    rule = Rule(
        id=new_id(),
        query="<b>",
        profile="work",
        route=("", 0, "", "", ""),
        recipients=(USER,),
        created=now(),
        ends=now() + 10**9,
    )
    pages.sandbox.automatic.rules = (rule, msgspec.structs.replace(rule, is_on=False, query="off"))
    for path in ("/", "/releases"):
        notice = one(await pages.whole(path), ".notice.automatic")
        assert words(notice) == f"Automatic release is on: <b> to {USER} . Rules"
        assert one(notice, "a")["href"] == "/rules"
    pages.sandbox.automatic.rules = ()
    assert not (await pages.whole("/")).select(".notice")
