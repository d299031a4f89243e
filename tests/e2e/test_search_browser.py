"""Search and mailboxes in a real browser: what only a browser does. Needs Chromium on PATH."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.chromium import NEEDED
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.program import Program

pytestmark = NEEDED


def test_typing_searches_and_keys_go_on_through_what_was_found(
    page: Page, program: Program, complaints: list[str]
) -> None:
    send(program, "Invoice 1", "Lunch", "Invoice 2")
    open_inbox(page, program)
    page.keyboard.press("/")
    page.keyboard.type("invoice")
    expect_rows(page, "Invoice 2", "Invoice 1")
    expect(page).to_have_url(re.compile(r"/\?q=invoice$"))
    page.keyboard.press("Enter")
    expect(page.locator("a.row", has_text="Invoice 2")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("Invoice 2")
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("Invoice 1")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(r"/messages/\w+\?q=invoice$"))
    page.reload()
    expect(page.locator("#subject")).to_have_text("Invoice 1")
    expect_rows(page, "Invoice 2", "Invoice 1")
    assert complaints == []


def test_new_mail_joins_a_search_only_if_it_matches(page: Page, program: Program) -> None:
    send(program, "Invoice 1")
    open_inbox(page, program, "?q=invoice")
    send(program, "Lunch", "Invoice 2")
    expect_rows(page, "Invoice 2", "Invoice 1")
    expect(page).to_have_title("(3) invoice · Mailsluice")
    expect(page.locator("#q")).to_have_value("invoice")


def test_a_list_that_is_refreshed_does_not_disturb_who_types(page: Page, program: Program) -> None:
    send(program, "One")
    open_inbox(page, program)
    page.keyboard.press("/")
    page.keyboard.type("on")
    expect(page).to_have_url(re.compile("q=on$"))
    send(program, "Only")
    expect_rows(page, "Only", "One")
    page.keyboard.type("ly")
    expect_rows(page, "Only")
    expect(page.locator("#q")).to_have_value("only")
    expect(page.locator("#q")).to_be_focused()


def test_back_and_forward_go_through_searches(page: Page, program: Program) -> None:
    send(program, "Invoice", "Lunch")
    open_inbox(page, program)
    page.locator("#q").press_sequentially("lunch")
    expect_rows(page, "Lunch")
    page.get_by_role("link", name="leave it out").click()
    expect_rows(page, "Lunch", "Invoice")
    expect(page.locator("#q")).to_have_value("")
    page.go_back()
    expect_rows(page, "Lunch")
    expect(page.locator("#q")).to_have_value("lunch")
    page.go_back()
    expect_rows(page, "Lunch", "Invoice")
    expect(page.locator("#q")).to_have_value("")
    page.go_forward()
    expect_rows(page, "Lunch")


def test_escape_leaves_the_search_and_keeps_it(page: Page, program: Program) -> None:
    send(program, "Invoice", "Lunch")
    open_inbox(page, program)
    page.keyboard.press("/")
    page.keyboard.type("lunch")
    expect_rows(page, "Lunch")
    page.keyboard.press("Escape")
    expect(page.locator("a.row")).to_be_focused()
    expect(page.locator("#q")).to_have_value("lunch")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("nothing")
    expect(page.get_by_role("heading", name="No message matches")).to_be_visible()


def test_a_search_leads_back_from_other_pages(page: Page, program: Program) -> None:
    send(program, "Invoice", "Lunch")
    open_inbox(page, program, "releases")
    page.keyboard.press("/")
    page.keyboard.type("lunch")
    expect_rows(page, "Lunch")
    expect(page.locator("#messages")).to_be_visible()


def test_mailboxes_are_switched_and_stay(page: Page, program: Program, complaints: list[str]) -> None:
    send(program, "Lunch")
    send(program, "Order", user="shop")
    open_inbox(page, program)
    page.locator("#mailboxes summary").click()
    page.get_by_role("link", name="shop").first.click()
    expect_rows(page, "Order")
    expect(page).to_have_url(re.compile(r"/\?mailbox=shop$"))
    expect(page.locator("#mailboxes")).not_to_have_attribute("open", "")
    send(program, "Dinner")
    send(program, "Second order", user="shop")
    expect_rows(page, "Second order", "Order")
    page.locator("#q").press_sequentially("second")
    expect_rows(page, "Second order")
    expect(page).to_have_url(re.compile(r"/\?q=second&mailbox=shop$"))
    page.locator("#mailboxes summary").click()
    send(program, "Third order", user="shop")
    expect(page.get_by_role("link", name="All mailboxes")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="All mailboxes")).to_be_hidden()
    assert complaints == []


def test_a_search_asks_once_for_pane_and_list(page: Page, program: Program) -> None:
    send(program, "Invoice", "Lunch")
    open_inbox(page, program)
    asked: list[str] = []
    other = re.compile("/static/|/completions")
    page.on(
        "request", lambda one: asked.append(one.url.removeprefix(program.url)) if not other.search(one.url) else None
    )
    page.locator("#q").fill("lunch")
    expect_rows(page, "Lunch")
    page.get_by_role("link", name="Clear").click()
    expect_rows(page, "Lunch", "Invoice")
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("Lunch")
    assert asked[:2] == ["?q=lunch", ""]
    assert asked[2].startswith("messages/")


def test_back_empties_a_box_in_which_somebody_typed(page: Page, program: Program) -> None:
    send(program, "One")
    open_inbox(page, program)
    page.locator("#q").press_sequentially("zzzqq")
    expect(page.locator("#found")).to_have_text("0 found")
    page.go_back()
    expect_rows(page, "One")
    expect(page.locator("#q")).to_have_value("")
