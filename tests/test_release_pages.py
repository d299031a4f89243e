"""The dialog in which a message is released: what it shows and holds back, and that it sends once what it showed."""

import json

import msgspec
import pytest
from bs4 import BeautifulSoup

from tests.gmail import FakeGmail
from tests.inbox import one, words
from tests.outgoing import BOB, MAIL, PROGRAM_INSIDE, add_profile
from tests.release_pages import DIALOG, Pages, values
from tests.smarthost import USER

CAPTURED = ("customer@shop.test", "boss@shop.test")


@pytest.fixture
async def ready(pages: Pages, gmail: FakeGmail) -> Pages:
    """Pages with a profile through which mail can leave."""
    await add_profile(pages.sandbox, gmail)
    return pages


def button(page: BeautifulSoup) -> bool:
    """Whether the release can be made as the dialog stands."""
    return not one(page, "#release-button").has_attr("disabled")


def findings(page: BeautifulSoup) -> str:
    return words(one(page, "#findings"))


async def settle(pages: Pages, count: int = 1) -> list[str]:
    """The states of all releases, once they are settled."""
    ids = [release.id for _, release in await pages.sandbox.store.journal.list(limit=100)]
    assert len(ids) == count
    return [release.state for release in await pages.sandbox.outbox.wait(ids, seconds=20)]


async def test_without_a_profile_the_dialog_leads_to_one(pages: Pages) -> None:
    page = await pages.dialog(await pages.capture(MAIL))
    assert "There is no profile yet" in words(one(page, "dialog[data-open]"))
    assert page.select("a[href='/profiles/new']")


async def test_a_locked_dialog_shows_the_locked_pane(pages: Pages) -> None:
    id = await pages.capture(MAIL)
    pages.client.headers["X-Mailsluice-Token"] = "wrong"
    response = await pages.client.get(f"/messages/{id}/releases/new", headers=DIALOG)
    assert (response.status_code, response.headers["HX-Retarget"]) == (401, "#pane")
    del pages.client.headers["X-Mailsluice-Token"]
    response = await pages.client.get(f"/messages/{id}/releases/new", headers=DIALOG)
    assert "Releasing is locked" in response.text
    assert "It sends real mail, so the key is needed" in response.text


@pytest.mark.parametrize(
    "path", ["messages/{id}/preflights", "messages/{id}/releases", "releases/{id}/copies", "releases/{id}/attempts"]
)
async def test_nothing_is_released_without_the_token(ready: Pages, gmail: FakeGmail, path: str) -> None:
    id = await ready.capture(MAIL)
    form = values(await ready.dialog(id))
    del ready.client.headers["X-Mailsluice-Token"]
    current = {"HX-Current-URL": f"http://localhost:8025/messages/{id}"}
    response = await ready.client.post("/" + path.format(id=id), data=form, headers=current)
    assert response.status_code == 401
    assert f'hx-get="/messages/{id}"' in response.text
    assert await ready.sandbox.store.journal.list(limit=1) == []
    assert gmail.delivered == []


async def test_the_dialog_suggests_the_account_and_only_offers_the_captured_recipients(ready: Pages) -> None:
    page = await ready.dialog(await ready.capture(MAIL, recipients=CAPTURED))
    form = values(page)
    assert (form["profile"], form["to"]) == ("work", USER)
    assert [words(pick) for pick in page.select(".pick bdi")] == list(CAPTURED)
    assert button(page)
    assert one(page, "#release-button").has_attr("data-first")
    assert words(one(page, ".sheet-head .quoted")) == "Hello"
    assert "- Bcc: boss@shop.test" in one(page, ".diff").get_text()
    assert "byte for byte" in words(page)


async def test_what_was_shown_is_what_goes_byte_for_byte(ready: Pages, gmail: FakeGmail) -> None:
    id = await ready.capture(MAIL)
    page = await ready.dialog(id)
    download = await ready.client.get(str(one(page, "a[download]")["href"]))
    response = await ready.client.post(f"/messages/{id}/releases", data=values(page))
    assert response.status_code == 200
    assert response.headers["HX-Retarget"] == "#pane"
    assert response.headers["HX-Push-Url"] == f"/messages/{id}/releases"
    assert "Releases (1)" in response.text
    assert await settle(ready) == ["delivered"]
    assert [mail.recipients for mail in gmail.delivered] == [(USER,)]
    assert gmail.delivered[0].raw == download.content
    kept = await ready.client.get(f"/releases/{(await ready.sandbox.store.journal.list(limit=1))[0][1].id}.eml")
    assert kept.content == download.content
    assert kept.headers["Content-Disposition"] == 'attachment; filename="Hello.eml"'


async def test_the_bytes_of_a_preflight_open_only_to_who_knows_their_digest(ready: Pages) -> None:
    page = await ready.dialog(await ready.capture(MAIL))
    address = str(one(page, "a[download]")["href"])
    digest = values(page)["digest"]
    response = await ready.client.get(address.replace(digest, "0" * 64))
    assert response.status_code == 404


async def test_a_double_click_is_one_release(ready: Pages, gmail: FakeGmail) -> None:
    id = await ready.capture(MAIL)
    form = values(await ready.dialog(id))
    for _ in range(2):
        await ready.post(f"/messages/{id}/releases", form)
    assert await settle(ready) == ["delivered"]
    assert len(gmail.delivered) == 1


async def test_a_recipient_who_is_not_allowed_is_a_stop_with_the_remedy_beside_it(ready: Pages) -> None:
    id = await ready.capture(MAIL)
    form = values(await ready.dialog(id)) | {"to": "eve@elsewhere.test"}
    page = await ready.post(f"/messages/{id}/preflights", form)
    assert "eve@elsewhere.test is not among the recipients" in findings(page)
    assert not button(page)
    await ready.post(f"/messages/{id}/releases", values(page), status=422)
    allow = json.loads(str(one(page, ".finding.stop button")["hx-vals"]))
    assert allow == {"allow": "eve@elsewhere.test"}
    page = await ready.post(f"/messages/{id}/preflights", values(page) | allow)
    assert button(page)
    assert "eve@elsewhere.test" in ready.sandbox.profiles.list()[0].allow
    assert await ready.sandbox.store.journal.list(limit=1) == []


async def test_a_doubt_is_released_only_by_who_insists(ready: Pages, gmail: FakeGmail) -> None:
    id = await ready.capture(PROGRAM_INSIDE)
    page = await ready.dialog(id)
    assert "setup.exe" in findings(page)
    assert not button(page)
    await ready.post(f"/messages/{id}/releases", values(page), status=422)
    page = await ready.post(f"/messages/{id}/preflights", values(page) | {"override": "1"})
    assert button(page)
    await ready.post(f"/messages/{id}/releases", values(page))
    assert len(await settle(ready)) == 1


async def test_what_was_typed_since_is_checked_and_asked_for_first(ready: Pages) -> None:
    id = await ready.capture(MAIL)
    form = values(await ready.dialog(id))
    page = await ready.post(f"/messages/{id}/releases", form | {"to": "eve@elsewhere.test"}, status=422)
    assert "look at what stands in the way" in words(one(page, "#release-error"))
    assert not button(page)
    page = await ready.post(f"/messages/{id}/releases", form | {"to": BOB}, status=422)
    assert words(one(page, "#release-error")) == "Checked what you typed: release it now?"
    assert one(page, "#release-button").has_attr("data-first")
    assert await ready.sandbox.store.journal.list(limit=1) == []
    await ready.post(f"/messages/{id}/releases", values(page))
    assert len(await settle(ready)) == 1


async def test_bytes_that_changed_meanwhile_are_shown_again_first(ready: Pages) -> None:
    id = await ready.capture(MAIL)
    form = values(await ready.dialog(id)) | {"digest": "0" * 64}
    page = await ready.post(f"/messages/{id}/releases", form, status=422)
    assert "no longer what was shown" in words(one(page, "#release-error"))
    assert await ready.sandbox.store.journal.list(limit=1) == []
    await ready.post(f"/messages/{id}/releases", values(page))
    assert len(await settle(ready)) == 1


@pytest.mark.parametrize("seen", ["[]", "nonsense", "[1]"])
async def test_a_warning_that_was_not_shown_holds_the_release_back(ready: Pages, seen: str) -> None:
    id = await ready.capture(MAIL.replace(b"Hello\r\n", b"Hello {{name}}\r\n"))
    page = await ready.dialog(id)
    assert "{{name}}" in findings(page)
    await ready.post(f"/messages/{id}/releases", values(page) | {"seen": seen}, status=422)
    assert await ready.sandbox.store.journal.list(limit=1) == []


async def test_an_account_that_was_changed_meanwhile_is_not_written_through(ready: Pages) -> None:
    id = await ready.capture(MAIL)
    form = values(await ready.dialog(id))
    profile = ready.sandbox.profiles.list()[0]
    changed = msgspec.structs.replace(profile, sender_address="other@gmail.com", aliases=("third@gmail.com",))
    ready.sandbox.profiles.save(changed, old_name=profile.name)
    page = await ready.post(f"/messages/{id}/releases", form, status=422)
    assert "no longer what was shown" in words(page)


async def test_to_me_keeps_the_typed_recipients_for_later(ready: Pages, gmail: FakeGmail) -> None:
    id = await ready.capture(MAIL, recipients=CAPTURED)
    form = values(await ready.dialog(id)) | {"to": BOB}
    page = await ready.post(f"/messages/{id}/preflights", form | {"to_me": "1"})
    assert not page.select("textarea")
    assert values(page)["to"] == BOB
    assert "+ X-Original-To: boss@shop.test" in one(page, ".diff").get_text()
    back = {name: value for name, value in values(page).items() if name != "to_me"}
    assert values(await ready.post(f"/messages/{id}/preflights", back))["to"] == BOB
    await ready.post(f"/messages/{id}/releases", values(page))
    assert await settle(ready) == ["delivered"]
    assert [mail.recipients for mail in gmail.delivered] == [(USER,)]


async def test_m_opens_it_to_me_and_suggests_somebody_when_switched_off(ready: Pages) -> None:
    id = await ready.capture(MAIL)
    page = await ready.dialog(id, to_me="1")
    assert one(page, "#to-me").has_attr("checked")
    form = {name: value for name, value in values(page).items() if name != "to_me"}
    assert values(await ready.post(f"/messages/{id}/preflights", form))["to"] == USER


async def test_captured_recipients_join_by_a_click(ready: Pages) -> None:
    id = await ready.capture(MAIL, recipients=CAPTURED)
    page = await ready.dialog(id)
    everybody = json.loads(str(one(page, "#pick-all")["hx-vals"]))
    page = await ready.post(f"/messages/{id}/preflights", values(page) | everybody)
    assert values(page)["to"].splitlines() == [USER, *CAPTURED]
    assert not page.select(".pick")


async def test_nobody_is_a_stop_and_not_the_suggestion(ready: Pages) -> None:
    id = await ready.capture(MAIL)
    page = await ready.post(f"/messages/{id}/preflights", values(await ready.dialog(id)) | {"to": " \r\n"})
    assert "Nobody is named to get it" in findings(page)
    assert not button(page)
    await ready.post(f"/messages/{id}/releases", values(page), status=422)
    assert await ready.sandbox.store.journal.list(limit=1) == []


async def test_another_profile_suggests_its_own_account(ready: Pages, gmail: FakeGmail) -> None:
    await add_profile(ready.sandbox, gmail, name="other", sender_address="grace@gmail.com", user="grace@gmail.com")
    id = await ready.capture(MAIL)
    form = values(await ready.dialog(id))
    other = "other" if form["profile"] == "work" else "work"
    page = await ready.post(f"/messages/{id}/preflights", form | {"profile": other})
    assert values(page)["to"] == {"other": "grace@gmail.com", "work": USER}[other]
    typed = await ready.post(f"/messages/{id}/preflights", form | {"profile": other, "to": BOB})
    assert values(typed)["to"] == BOB


async def test_a_profile_that_is_gone_begins_the_dialog_anew(ready: Pages) -> None:
    id = await ready.capture(MAIL)
    form = values(await ready.dialog(id)) | {"profile": "gone"}
    for path in ("preflights", "releases"):
        page = await ready.post(f"/messages/{id}/{path}", form, status=422)
        assert "There is no profile" in words(one(page, "#release-error"))
        assert values(page)["profile"] == "work"


async def test_hostile_text_stays_text(ready: Pages) -> None:
    evil = "</textarea><script>alert(1)</script>'\"@shop.test"
    id = await ready.capture(MAIL.replace(b"Hello", b"<script>alert(2)</script>", 1), recipients=(evil,))
    form = values(await ready.dialog(id))
    page = await ready.post(f"/messages/{id}/preflights", form | {"to": evil})
    assert not page.select("script")
    assert "</textarea><script>" in one(page, "textarea").get_text()


async def test_a_deleted_message_says_so_instead_of_a_dialog(ready: Pages) -> None:
    id = await ready.capture(MAIL)
    form = values(await ready.dialog(id))
    await ready.sandbox.delete([id])
    for response in (
        await ready.client.get(f"/messages/{id}/releases/new", headers=DIALOG),
        await ready.client.post(f"/messages/{id}/preflights", data=form),
        await ready.client.post(f"/messages/{id}/releases", data=form),
    ):
        assert (response.status_code, response.headers["HX-Retarget"]) == (404, "#pane")
        assert "This message was deleted" in response.text


async def test_opened_by_its_address_it_is_a_page(ready: Pages) -> None:
    id = await ready.capture(MAIL)
    page = await ready.get(f"/messages/{id}/releases/new")
    assert words(one(page, "dialog[open] h1")) == "Release"
    again = await ready.post(f"/messages/{id}/preflights", values(page), target="dialog#release")
    assert words(one(again, "h1")) == "Release"
