"""Many messages released at once in a real browser: one dialog, one yes, and a page that tells how far they are."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.chromium import NEEDED, PHONE
from tests.e2e.desk import BOB, MAIL, Desk
from tests.smarthost import USER

pytestmark = NEEDED

OPEN = """(address) => {
  const link = Object.assign(document.createElement("a"), {href: address, textContent: "Release the chosen"})
  link.setAttribute("hx-get", address)
  link.setAttribute("hx-target", "#modal")
  document.querySelector("#pane").append(link)
  htmx.process(link)
}"""


def mail(subject: str) -> bytes:
    return MAIL.replace(b"Your order", subject.encode())


def capture(desk: Desk, *subjects: str, to: str = BOB) -> list[str]:
    return [desk.capture(mail(subject), to=(to,)) for subject in subjects]


def open_dialog(desk: Desk, *ids: str) -> Locator:
    """The dialog over these messages, as a link of the inbox opens it."""
    desk.page.goto(desk.pages.url)
    address = "/selection/releases/new?" + "&".join(f"id={id}" for id in ids)
    desk.page.evaluate(OPEN, address)
    desk.page.get_by_role("link", name="Release the chosen").click()
    dialog = desk.page.get_by_role("dialog", name="Release")
    expect(dialog).to_be_visible()
    return dialog


def progress(page: Page) -> Locator:
    return page.locator("#batch-text")


def test_enter_releases_what_is_clean_and_the_page_tells_how_it_goes(desk: Desk) -> None:
    desk.set_up()
    open_dialog(desk, *capture(desk, "one", "two", "three"))
    expect(desk.page.get_by_role("button", name="Release 3 messages")).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    expect(progress(desk.page)).to_be_focused()
    expect(progress(desk.page)).to_have_text("3 of 3 accepted")
    expect(desk.page).to_have_url(re.compile(r"/releases\?batch=\w{22}$"))
    desk.page.reload()
    expect(progress(desk.page)).to_have_text("3 of 3 accepted")
    assert [one.recipients for one in desk.gmail.delivered] == [(USER,)] * 3


def test_the_end_is_announced_to_who_does_not_look(desk: Desk) -> None:
    desk.set_up(pace=0.2)
    open_dialog(desk, *capture(desk, "one", "two", "three", "four"))
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#announcement")).to_have_text("4 of 4 accepted")


def test_each_recipient_is_named_before_each_gets_his_own(desk: Desk) -> None:
    desk.set_up()
    ids = (
        capture(desk, "one") + capture(desk, "two", to="carol@example.com") + capture(desk, "three", to="eve@shop.test")
    )
    dialog = open_dialog(desk, *ids)
    dialog.get_by_label("Each to its captured recipients").check()
    expect(dialog.get_by_role("button", name="Release 2 messages")).to_be_enabled()
    dialog.get_by_text("1 message: eve@shop.test is not among").click()
    expect(dialog.get_by_role("link", name="three")).to_have_attribute("href", f"/messages/{ids[2]}")
    dialog.get_by_text("2 recipients, 2 copies in all").click()
    expect(dialog.locator("#receivers li")).to_have_text([re.compile(BOB), re.compile("carol@example.com")])
    dialog.get_by_role("button", name="Release 2 messages").click()
    expect(progress(desk.page)).to_have_text("2 of 2 accepted")
    assert sorted(one.recipients for one in desk.gmail.delivered) == [(BOB,), ("carol@example.com",)]


def test_what_is_typed_is_checked_while_it_is_typed(desk: Desk) -> None:
    desk.set_up()
    dialog = open_dialog(desk, *capture(desk, "one", "two"))
    dialog.get_by_label("All to these").check()
    expect(dialog.get_by_role("button", name="Release 2 messages")).to_be_disabled()
    dialog.get_by_label("Recipients", exact=True).press_sequentially("bob@example")
    dialog.get_by_label("Recipients", exact=True).press_sequentially(".com")
    expect(dialog.get_by_label("Recipients", exact=True)).to_be_focused()
    expect(dialog.get_by_role("button", name="Release 2 messages")).to_be_enabled()
    dialog.get_by_role("button", name="Release 2 messages").click()
    expect(progress(desk.page)).to_have_text("2 of 2 accepted")


def test_a_message_that_is_deleted_meanwhile_is_told_and_nothing_goes(desk: Desk) -> None:
    desk.set_up()
    ids = capture(desk, "one", "two")
    dialog = open_dialog(desk, *ids)
    desk.pages.ask(desk.pages.sandbox.delete([ids[0]]))
    dialog.get_by_role("button", name="Release 2 messages").click()
    expect(dialog.get_by_role("alert").first).to_contain_text("1 message was deleted. Look again.")
    assert desk.gmail.delivered == []
    dialog.get_by_role("button", name="Release 1 message").click()
    expect(progress(desk.page)).to_have_text("1 of 1 accepted")


def test_what_has_not_gone_can_be_cancelled(desk: Desk) -> None:
    desk.set_up(pace=60.0)
    open_dialog(desk, *capture(desk, "one", "two", "three"))
    desk.page.keyboard.press("Enter")
    expect(progress(desk.page)).to_have_text("1 of 3 accepted, 2 to go")
    desk.page.get_by_role("button", name="Cancel 2 that have not gone").click()
    expect(progress(desk.page)).to_have_text("1 of 3 accepted, 2 cancelled")
    expect(desk.page.get_by_role("button", name="that have not gone")).to_have_count(0)
    expect(progress(desk.page)).to_be_focused()


def test_the_dialog_has_an_address_and_fits_a_phone(desk: Desk) -> None:
    desk.set_up()
    ids = capture(desk, "one", "two")
    desk.page.set_viewport_size(PHONE)
    desk.page.goto(f"{desk.pages.url}selection/releases/new?id={ids[0]}&id={ids[1]}")
    expect(desk.page.get_by_role("heading", level=1, name="Release 2 messages")).to_be_visible()
    assert desk.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    desk.page.get_by_role("button", name="Release 2 messages").click()
    expect(progress(desk.page)).to_have_text("2 of 2 accepted")


def test_five_hundred_messages_fit_into_one_address(desk: Desk) -> None:
    desk.set_up()
    ids = capture(desk, "one")
    dialog = open_dialog(desk, *ids, *[f"{number:022}" for number in range(499)])
    expect(dialog.get_by_role("button", name="Release 1 message")).to_be_enabled()
    expect(dialog).to_contain_text("499 messages were deleted meanwhile.")
