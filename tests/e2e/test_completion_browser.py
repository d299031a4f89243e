"""Completion in the search box, and the mailbox switch beside it, in a real browser. Needs Chromium on PATH."""

import re
from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.chromium import NEEDED, PHONE
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.program import Program

pytestmark = NEEDED

OFFERS = "#offers [role=option]"


def offered(page: Page, *terms: str) -> None:
    expect(page.locator(f"{OFFERS} code")).to_have_text([*terms])
    expect(page.get_by_role("combobox", name="Search messages")).to_have_attribute("aria-expanded", "true")


def closed(page: Page) -> None:
    expect(page.get_by_role("combobox", name="Search messages")).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#completions")).to_be_hidden()


def test_an_operator_and_its_value_are_completed_by_keys(page: Page, program: Program, complaints: list[str]) -> None:
    send(program, "Invoice", "Lunch")
    open_inbox(page, program)
    page.keyboard.press("/")
    expect(page.locator(OFFERS).first).to_have_text("from: who wrote it")
    page.keyboard.type("fr")
    offered(page, "from:")
    page.keyboard.press("Tab")
    offered(page, "from:ada@example.test")
    expect(page.locator("#q")).to_have_value("from:")
    expect_rows(page, "Lunch", "Invoice")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#q")).to_have_attribute("aria-activedescendant", "offer-1")
    expect(page.get_by_role("option", selected=True)).to_have_text(re.compile("from:ada@example.test"))
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_have_value("from:ada@example.test ")
    expect(page).to_have_url(re.compile(r"q=from%3Aada%40example.test"))
    page.keyboard.type("lunch")
    expect_rows(page, "Lunch")
    closed(page)
    assert complaints == []


def test_escape_closes_the_offers_first_and_leaves_second(page: Page, program: Program) -> None:
    send(program, "Invoice")
    open_inbox(page, program)
    page.keyboard.press("/")
    page.keyboard.type("in")
    offered(page, "mailbox:", "mailbox:inbox")
    page.keyboard.press("Escape")
    closed(page)
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("in")
    page.keyboard.press("ArrowDown")
    offered(page, "mailbox:", "mailbox:inbox")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#q")).not_to_be_focused()


def test_enter_searches_for_what_was_typed_unless_an_offer_was_chosen(page: Page, program: Program) -> None:
    send(program, "Form to fill in", "Lunch")
    open_inbox(page, program)
    page.keyboard.press("/")
    page.keyboard.type("to")
    offered(page, "to:")
    page.keyboard.press("Enter")
    expect_rows(page, "Form to fill in")
    expect(page.locator("a.row")).to_be_focused()
    closed(page)


def test_tab_leaves_where_nothing_is_to_be_completed(page: Page, program: Program) -> None:
    open_inbox(page, program)
    page.locator("#q").focus()
    expect(page.locator(OFFERS).first).to_be_visible()
    page.keyboard.press("Tab")
    closed(page)
    expect(page.locator("#q")).not_to_be_focused()
    expect(page.locator("#q")).to_have_value("")


def test_arrows_go_round_and_back_to_what_was_typed(page: Page, program: Program) -> None:
    open_inbox(page, program)
    page.locator("#q").press_sequentially("be")
    offered(page, "before:")
    for selected in (1, 0, 1):
        page.keyboard.press("ArrowUp")
        expect(page.get_by_role("option", selected=True)).to_have_count(selected)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#q")).not_to_have_attribute("aria-activedescendant", re.compile(""))
    expect(page.locator("#q")).to_have_value("be")


def test_an_offer_is_taken_by_the_mouse_within_a_query(page: Page, program: Program) -> None:
    send(program, "Invoice", "Lunch")
    open_inbox(page, program)
    page.locator("#q").fill("is:un lunch")
    page.locator("#q").evaluate(
        "box => { box.setSelectionRange(5, 5); box.dispatchEvent(new InputEvent('input', { bubbles: true })) }"
    )
    page.get_by_role("option", name="is:unread").click()
    expect(page.locator("#q")).to_have_value("is:unread lunch")
    expect(page.locator("#q")).to_be_focused()
    expect_rows(page, "Lunch")


def test_half_a_term_is_not_called_wrong_while_it_is_typed(page: Page, program: Program) -> None:
    send(program, "Invoice")
    open_inbox(page, program)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#q").press_sequentially("is:unre")
    offered(page, "is:unread")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile("q=is%3Aunread"))
    expect_rows(page, "Invoice")
    assert [url for url in asked if re.search(r"/\?q=is(%3A)?(u|un|unr|unre)?$", url)] == []
    page.locator("#q").fill("has:")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_have_text("Not understood")


def test_typing_goes_on_while_offers_are_slow_or_fail(page: Page, program: Program) -> None:
    send(program, "Invoice")
    page.route("**/completions*", lambda route: route.fulfill(status=503, body="<p>no</p>"))
    open_inbox(page, program)
    page.locator("#q").press_sequentially("invoice")
    expect_rows(page, "Invoice")
    closed(page)
    page.unroute("**/completions*")
    page.route("**/completions*", lambda route: None)  # never answered
    page.locator("#q").press_sequentially(" fro")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_have_text("0 found")
    closed(page)


def test_words_that_are_being_composed_are_left_alone(page: Page, program: Program) -> None:
    open_inbox(page, program)
    session = page.context.new_cdp_session(page)
    page.locator("#q").press_sequentially("f")
    session.send("Input.imeSetComposition", {"text": "r", "selectionStart": 1, "selectionEnd": 1})
    expect(page.locator("#q")).to_have_value("fr")
    closed(page)
    session.send("Input.insertText", {"text": "r"})
    offered(page, "from:")


def test_the_mailbox_switch_stands_in_the_bar_and_is_used_by_keys(page: Page, program: Program) -> None:
    send(program, "Lunch")
    open_inbox(page, program)
    expect(page.locator("#mailboxes")).to_have_count(0)
    send(program, "Order", user="shop")
    switch = page.get_by_role("banner").locator("#mailboxes summary")
    expect(switch).to_have_text("Mailbox: All")
    switch.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="All mailboxes unread: 2")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("link", name="shop unread: 1")).to_be_focused()
    page.keyboard.press("Enter")
    expect_rows(page, "Order")
    expect(switch).to_have_text("Mailbox: shop")
    page.locator("#q").press_sequentially("order")
    expect(page).to_have_url(re.compile(r"q=order&mailbox=shop$"))
    page.go_back()
    page.go_back()
    expect(switch).to_have_text("Mailbox: All")
    expect_rows(page, "Order", "Lunch")


def test_the_browser_tells_its_time_zone(browser: Browser, program: Program) -> None:
    with browser.new_context(timezone_id="Pacific/Kiritimati") as context:
        page = context.new_page()
        open_inbox(page, program)
        first = {str(cookie.get("name")): cookie.get("value") for cookie in context.cookies()}
        page.reload()
    assert first == {"mailsluice-zone": "Pacific/Kiritimati"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("is_phone", [False, True])
def test_bar_offers_and_chips_are_for_everyone(browser: Browser, program: Program, scheme: Any, is_phone: bool) -> None:
    send(program, "Lunch")
    send(program, "Order", user="shop")
    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
    viewport: Any = PHONE if is_phone else {"width": 1280, "height": 800}
    with browser.new_context(color_scheme=scheme, viewport=viewport) as context:
        page = context.new_page()
        open_inbox(page, program, "?q=-subject:x+(from:ada+OR+tag:y)+lunch")
        page.evaluate(axe)
        assert violations(page) == []
        page.locator("#q").fill("")
        expect(page.locator(OFFERS)).to_have_count(8)
        page.keyboard.press("ArrowDown")
        assert violations(page) == []
        page.keyboard.press("Escape")
        page.locator("#mailboxes summary").click()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def violations(page: Page) -> list[str]:
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
    found = page.evaluate("axe.run({ include: ['.bar', '#messages'] })")["violations"]
    return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]]
