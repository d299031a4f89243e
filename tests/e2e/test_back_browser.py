"""Back, Forward and a reload in the inbox: what is open, what is marked in the list and what has the focus are one."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.chromium import NEEDED
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.e2e.ticking import row
from tests.program import Program

pytestmark = NEEDED


def expect_at(page: Page, subject: str) -> None:
    """This message is open, its row is the current one, and has the focus."""
    expect(page.locator("#subject")).to_have_text(subject)
    expect(page.locator("a.row[aria-current] .subject")).to_have_text([subject])
    expect(row(page, subject).locator("a.row")).to_be_focused()


def press_and_read(page: Page, key: str, *subjects: str) -> None:
    for subject in subjects:
        page.keyboard.press(key)
        expect(page.locator("#subject")).to_have_text(subject)


def test_back_and_forward_take_the_focus_to_the_row_of_the_open_message(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    press_and_read(page, "j", "Three", "Two")
    page.go_back()
    expect_at(page, "Three")
    page.keyboard.press("x")
    expect(page.locator(".item:has(.tickbox :checked) .subject")).to_have_text(["Three"])
    page.keyboard.press("Escape")
    page.go_forward()
    expect_at(page, "Two")


def test_back_brings_the_row_of_the_open_message_to_a_search_that_it_has_left(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three", "Four")
    open_inbox(page, program, "?q=is:unread")
    press_and_read(page, "j", "Four", "Three")
    page.reload()
    expect_rows(page, "Three", "Two", "One")
    page.go_back()
    expect_at(page, "Four")
    expect_rows(page, "Four", "Three", "Two", "One")
    press_and_read(page, "j", "Three")


def test_what_was_read_in_a_search_stays_in_it_until_one_leaves_it(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program, "?q=is:unread")
    press_and_read(page, "j", "Three", "Two", "One")
    expect(page.locator("#found")).to_have_text("0 found")
    expect_rows(page, "Three", "Two", "One")
    expect(page.get_by_label("Select all that are shown")).to_have_count(0)
    press_and_read(page, "k", "Two", "Three")
    page.locator("#q").fill("is:unread O")
    expect(page.locator("#found")).to_have_text("0 found")
    expect_rows(page)


@pytest.mark.parametrize("query", ["", "?q=message"])
def test_a_reload_keeps_the_row_of_the_open_message_in_sight(page: Page, program: Program, query: str) -> None:
    ids = send(program, *(f"Message {number}" for number in range(70)))
    open_inbox(page, program, f"messages/{ids[5]}/text{query}")
    expect(page.locator("a.row[aria-current] .subject")).to_have_text("Message 5")
    expect(page.locator("a.row[aria-current]")).to_be_in_viewport(ratio=0.9)
    press_and_read(page, "j", "Message 4")


def test_keys_at_either_end_of_the_list_ask_for_nothing(page: Page, program: Program) -> None:
    send(program, "One", "Two")
    open_inbox(page, program)
    press_and_read(page, "j", "Two")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    steps = page.evaluate("history.length")
    page.keyboard.press("k")
    page.keyboard.press("k")
    press_and_read(page, "j", "One")
    page.keyboard.press("j")
    page.keyboard.press("Tab")
    assert page.evaluate("history.length") == steps + 1
    assert len([url for url in asked if re.search(r"/messages/\w{22}$", url)]) == 1


def test_a_focused_row_at_the_top_stays_in_sight_through_a_burst(page: Page, program: Program) -> None:
    send(program, *(f"Old {number}" for number in range(5)))
    open_inbox(page, program)
    row(page, "Old 3").locator("a.row").focus()
    send(program, "New")
    expect(row(page, "New")).to_be_in_viewport(ratio=0.9)
    send(program, *(f"More {number}" for number in range(40)))
    expect(row(page, "More 39")).to_have_count(1)
    expect(row(page, "Old 3").locator("a.row")).to_be_focused()
    expect(row(page, "Old 3").locator("a.row")).to_be_in_viewport(ratio=0.9)


def test_enter_on_a_search_that_nobody_answered_goes_to_its_first_row(page: Page, program: Program) -> None:
    send(program, "Lunch", *(f"Tea {number}" for number in range(55)))
    open_inbox(page, program)
    page.route("**/?q=*", lambda route: route.abort())
    page.evaluate("hear({ state: 'lost' })")
    page.locator("#q").fill("lunch")
    page.locator("#q").press("Enter")
    expect(page.locator("#announcement.spoken")).to_be_visible()
    page.unroute("**/?q=*")
    late: list[Route] = []
    page.route(re.compile("/messages[?](?!.*q=lunch)"), lambda route: late.append(route))
    with page.expect_request(re.compile("/messages[?](?!.*q=lunch)")):
        page.evaluate("refresh(); hear({ ...newest, state: 'live' })")
    expect(row(page, "Lunch").locator("a.row")).to_be_focused()
    with page.expect_response(re.compile("/messages[?].*q=lunch")):
        late[0].continue_()
    expect_rows(page, "Lunch")
    expect(row(page, "Lunch").locator("a.row")).to_be_focused()


def test_enter_on_a_search_that_finds_nothing_stays_in_the_box(page: Page, program: Program) -> None:
    send(program, "Lunch")
    open_inbox(page, program)
    page.locator("#q").fill("nothing")
    page.locator("#q").press("Enter")
    expect(page.locator("#found")).to_have_text("0 found")
    expect(page.locator("#q")).to_be_focused()
