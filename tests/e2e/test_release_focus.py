"""Where the focus is while a release is looked at and told of: no key sends what nobody has seen."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from mailsluice.errors import Refusal
from tests.e2e.chromium import NEEDED, PHONE
from tests.e2e.desk import BOB, MAIL, Desk, Office
from tests.smarthost import USER

pytestmark = NEEDED

LATER = "temporary@example.com"
UNFILLED = MAIL.replace(b"Hello\r\n", b"Hello {{name}}\r\n")
GROWN = "document.documentElement.style.fontSize = '200%'"


def button(desk: Desk) -> Locator:
    return desk.page.get_by_role("button", name="Release 1 message")


def outcome(desk: Desk) -> Locator:
    return desk.page.locator("[data-outcome]").first


def put_off(desk: Desk) -> str:
    """A release that is deferred, its card open; its id."""
    release = desk.release(desk.capture(), LATER)
    expect(desk.card.get_by_role("button", name="Cancel it")).to_be_visible()
    return release.id


def test_after_a_release_the_focus_is_on_what_came_of_it(desk: Desk) -> None:
    desk.set_up()
    desk.release(desk.capture(), USER)
    expect(outcome(desk)).to_be_focused()
    expect(outcome(desk)).to_have_text("Accepted by smtp.gmail.com")


def test_after_a_release_the_page_asks_at_once_what_became_of_it(desk: Desk) -> None:
    desk.set_up()
    desk.look(desk.capture(), USER)
    desk.page.evaluate(
        """document.body.addEventListener("messages", ({detail}) => { if (detail) document.body.dataset.asked = "" })"""
    )
    button(desk).click()
    expect(desk.page.locator("body[data-asked]")).to_have_count(1)
    expect(desk.page.get_by_role("dialog")).to_have_count(0)


def test_after_cancelling_enter_sends_nothing(desk: Desk) -> None:
    desk.set_up()
    put_off(desk)
    desk.card.get_by_role("button", name="Cancel it").press("Enter")
    expect(desk.card.locator(".chip")).to_have_text("Cancelled")
    expect(outcome(desk)).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.card.get_by_role("button", name="Try again")).to_be_visible()
    expect(desk.card.locator(".chip")).to_have_text("Cancelled")


def test_a_button_that_goes_while_it_has_the_focus_does_not_become_one_that_sends(desk: Desk) -> None:
    desk.set_up()
    id = put_off(desk)
    desk.card.get_by_role("button", name="Cancel it").focus()
    desk.pages.ask(desk.pages.sandbox.outbox.cancel(id))
    expect(desk.card.locator(".chip")).to_have_text("Cancelled")
    expect(outcome(desk)).to_be_focused()


@pytest.mark.parametrize("is_record", [False, True], ids=["card", "record"])
def test_why_it_could_not_be_done_stays_though_the_page_refreshes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, is_record: bool
) -> None:
    async def refuse(id: str) -> None:
        raise Refusal("It is being sent at this moment.")

    desk.set_up()
    put_off(desk)
    place = desk.open_record() if is_record else desk.card
    monkeypatch.setattr(desk.pages.sandbox.outbox, "cancel", refuse)
    place.get_by_role("button", name="Cancel it").click()
    expect(place.get_by_role("alert")).to_have_text("It is being sent at this moment.")
    with desk.page.expect_response(lambda response: "/releases" in response.url and response.ok):
        desk.capture()
    expect(place.get_by_role("alert")).to_have_text("It is being sent at this moment.")
    monkeypatch.undo()
    place.get_by_role("button", name="Cancel it").click()
    expect(place.locator(".chip").first).to_have_text("Cancelled")
    expect(place.get_by_role("alert")).to_have_count(0)


def test_a_click_counts_while_the_page_refreshes(desk: Desk) -> None:
    desk.set_up()
    put_off(desk)
    place = desk.open_record()
    address = desk.page.url
    held: list[Route] = []
    desk.page.route(address, lambda route: held.append(route))
    with desk.page.expect_request(address):
        desk.capture()
    place.get_by_role("button", name="Cancel it").click()
    expect(place.locator(".chip").first).to_have_text("Cancelled")
    for route in held:
        route.continue_()


def test_the_profile_is_chosen_by_arrow_keys(desk: Desk) -> None:
    desk.set_up()
    others = [desk.set_up(name=f"{desk.name}-{number}", default=False) for number in (2, 3)]
    desk.look(desk.capture())
    field = desk.page.get_by_label("Through")
    field.focus()
    for other in others:
        with desk.page.expect_response(re.compile("/preflights$")):
            field.press("ArrowDown")
        expect(field).to_be_focused()
        expect(field).to_have_value(other.name)
    expect(desk.page.locator("#checking")).to_be_hidden()
    for other in others:
        desk.pages.sandbox.profiles.remove(other.name)


def test_tab_from_an_edited_field_goes_to_the_next_one(desk: Desk) -> None:
    desk.set_up()
    desk.look(desk.capture(to=[BOB, "eve@example.com"]))
    field = desk.page.get_by_label("To", exact=True)
    field.fill("carol@example.com")
    with desk.page.expect_response(re.compile("/preflights$")):
        field.press("Tab")
    expect(desk.page.locator(".pick", has_text=BOB)).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(field).to_have_value(f"carol@example.com\n{BOB}")
    expect(desk.page.locator(".pick", has_text="eve@example.com")).to_be_focused()


def test_what_is_typed_is_checked_while_it_is_typed(desk: Desk) -> None:
    desk.set_up()
    desk.look(desk.capture())
    expect(desk.page.locator("#findings")).to_contain_text("Nothing stands in the way.")
    field = desk.page.get_by_label("To", exact=True)
    field.fill("eve@elsewhere.test")
    expect(desk.page.locator("#checking")).to_be_visible()
    expect(desk.page.locator("#findings")).to_contain_text("eve@elsewhere.test is not among the recipients")
    expect(desk.page.locator("#checking")).to_be_hidden()
    expect(field).to_be_focused()
    expect(button(desk)).to_be_disabled()


def test_what_was_typed_last_is_asked_for_before_it_goes(desk: Desk) -> None:
    desk.set_up()
    message = desk.capture()
    desk.look(message)
    desk.page.route("**/preflights", lambda route: None)  # it does not come in time
    desk.page.get_by_label("To", exact=True).fill(BOB)
    button(desk).click()
    expect(desk.page.locator("#release-error")).to_have_text("Checked what you typed: release it now?")
    expect(button(desk)).to_be_focused()
    assert desk.gmail.delivered == []
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    assert desk.record(message).accepted == (BOB,)


def test_back_closes_the_dialog(desk: Desk) -> None:
    desk.set_up()
    message = desk.capture()
    desk.page.goto(desk.pages.url)
    desk.page.locator("a.row").first.click()
    desk.page.get_by_role("link", name="Release…").click()
    expect(desk.page.get_by_role("dialog", name="Release")).to_be_visible()
    desk.page.go_back()
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    assert message not in desk.page.url


def test_a_warning_has_the_focus_and_enter_does_not_pass_it(desk: Desk) -> None:
    desk.set_up()
    message = desk.capture(UNFILLED)
    dialog = desk.look(message)
    expect(desk.page.locator("#findings")).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(dialog).to_contain_text("{{name}}")
    expect(button(desk)).to_be_enabled()
    assert desk.pages.ask(desk.pages.sandbox.store.journal.count_of(message)) == 0


def test_without_an_answer_the_dialog_says_that_nothing_was_sent(desk: Desk, office: Office) -> None:
    desk.set_up()
    message = desk.capture()
    desk.look(message)
    for path in ("**/preflights", "**/releases"):
        desk.page.route(path, lambda route: route.abort())
    desk.page.get_by_label("To", exact=True).fill(BOB)
    line = desk.page.locator("#unanswered")
    expect(line).to_have_text("Mailsluice does not answer. Nothing was sent.")
    expect(desk.page.locator("#checking")).to_have_text("Not checked.")
    button(desk).click()
    expect(line).to_contain_text("As far as is known nothing was sent")
    expect(line).to_be_focused()
    desk.page.unroute_all()
    button(desk).click()
    expect(desk.page.locator("#release-error")).to_have_text("Checked what you typed: release it now?")
    expect(line).to_be_hidden()
    assert [one for one in office.take_complaints() if "Failed to fetch" not in one] == []


def fits(page: Page, *selectors: str) -> None:
    for selector in selectors:
        assert page.eval_on_selector(selector, "one => one.scrollWidth <= one.clientWidth"), selector


@pytest.mark.parametrize("width", [1280, PHONE["width"]])
def test_letters_of_twice_the_size_fit(desk: Desk, width: int) -> None:
    desk.set_up()
    desk.page.set_viewport_size({"width": width, "height": 800})
    message = desk.capture(UNFILLED)
    desk.look(message)
    desk.page.evaluate(GROWN)
    fits(desk.page, "html", ".bar", "#pane", "#release", ".sheet-body", ".sheet-foot")
    box = button(desk).bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 800
    for path in ("releases", "profiles", f"profiles/{desk.name}", "rules"):
        desk.page.goto(desk.pages.url + path)
        expect(desk.page.locator("#pane h1").first).to_be_visible()
        desk.page.evaluate(GROWN)
        fits(desk.page, "html", ".bar", "#pane")


def test_every_view_of_a_released_message_is_whole_on_a_phone(desk: Desk) -> None:
    desk.set_up()
    desk.page.set_viewport_size(PHONE)
    desk.release(desk.capture(), USER)
    tabs = desk.page.locator(".tabs a[id]")
    expect(tabs.last).to_have_text("Releases (1)")
    for tab in tabs.all():
        tab.scroll_into_view_if_needed()
        box = tab.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
