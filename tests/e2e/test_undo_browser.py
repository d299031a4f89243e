"""Deleting and taking it back in a real browser: the bar, the keys and the focus. Needs Chromium on PATH."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.chromium import NEEDED, PHONE
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.program import Program

pytestmark = NEEDED


def delete(program: Program, id: str) -> None:
    assert program.request("POST", f"/messages/{id}/deletion")[0] == 303


def open_row(page: Page, subject: str) -> None:
    page.locator("a.row", has_text=subject).click()
    expect(page.locator("#subject")).to_have_text(subject)


def test_one_deletion_after_the_other_is_taken_back_newest_first(
    page: Page, program: Program, complaints: list[str]
) -> None:
    send(program, "One", "Two", "Three", "Four")
    open_inbox(page, program)
    open_row(page, "Three")
    page.keyboard.press("#")
    expect_rows(page, "Four", "Two", "One")
    page.keyboard.press("#")
    expect_rows(page, "Four", "One")
    expect(page.locator("#undo form:visible")).to_have_count(1)
    expect(page.locator("#undo form:visible")).to_contain_text("1 message deleted, and 1 before")
    page.keyboard.press("z")
    expect_rows(page, "Four", "Two", "One")
    expect(page.locator("#undo")).to_contain_text("1 message is back")
    page.keyboard.press("z")
    expect_rows(page, "Four", "Three", "Two", "One")
    expect(page.locator("#undo form")).to_have_count(0)
    assert complaints == []


def test_keys_pressed_without_waiting_delete_two_and_bring_both_back(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three", "Four")
    open_inbox(page, program)
    open_row(page, "Three")
    for key in "##":
        page.keyboard.press(key)
    expect_rows(page, "Four", "One")
    for key in "zz":
        page.keyboard.press(key)
    expect_rows(page, "Four", "Three", "Two", "One")
    expect(page.locator("#subject")).to_have_text("Three")
    for key in "##zz":
        page.keyboard.press(key)
    expect(page.locator("#undo")).to_have_text("1 message is back")
    expect_rows(page, "Four", "Three", "Two", "One")
    expect(page.locator("#subject")).to_have_text("Three")


def test_a_key_that_is_held_down_deletes_one_message(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    open_row(page, "Three")
    for _ in range(5):
        page.keyboard.down("#")
    page.keyboard.up("#")
    expect_rows(page, "Two", "One")
    expect(page.locator("a.row", has_text="Two")).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")


def test_a_page_that_is_loaded_anew_still_has_the_way_back(page: Page, program: Program) -> None:
    ids = send(program, "One", "Two", "Three")
    open_inbox(page, program)
    open_row(page, "Three")
    page.keyboard.press("#")
    expect_rows(page, "Two", "One")
    page.reload()
    expect(page.locator("#undo form:visible")).to_contain_text("1 message deleted")
    delete(program, ids[0])
    open_inbox(page, program, "profiles")
    expect(page.locator("#undo form:visible")).to_contain_text("1 message deleted, and 1 before")
    open_inbox(page, program)
    page.keyboard.press("z")
    expect_rows(page, "Two", "One")
    page.keyboard.press("z")
    expect_rows(page, "Three", "Two", "One")


def test_the_way_back_comes_with_a_page_that_was_left_and_goes_on_time(page: Page, program: Program) -> None:
    send(program, "One", "Two")
    page.clock.install()
    page.goto(program.url)
    page.goto(program.url + "sessions")
    delete(program, program.api("messages")["messages"][0]["ID"])
    page.go_back()
    expect(page.locator("#undo form")).to_be_visible()
    page.clock.run_for(10_000)
    expect(page.locator("#undo form")).to_have_count(0)


def test_the_bar_says_no_more_of_earlier_deletions_than_can_be_taken_back(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    page.clock.install()
    page.goto(program.url)
    open_row(page, "Three")
    page.keyboard.press("#")
    expect_rows(page, "Two", "One")
    page.keyboard.press("#")
    expect_rows(page, "One")
    expect(page.locator("#undo form:visible p")).to_have_text("1 message deleted, and 1 before")
    earlier = page.locator("#undo form").last.element_handle()
    # The server's clock went on by less than the page's, so the page is told again how much time is left.
    page.evaluate("bar => { bar.dataset.left = 3000; delete bar.dataset.fading; letFade() }", earlier)
    page.clock.run_for(4_000)
    expect(page.locator("#undo form:visible p")).to_have_text("1 message deleted")


def test_all_is_taken_back_without_javascript(browser: Browser, program: Program) -> None:
    send(program, "One", "Two", "Three")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        for subject in ("Three", "Two"):
            page.goto(program.url)
            page.get_by_role("link", name=subject).click()
            page.locator(".message-head").get_by_role("button", name="Delete", exact=True).click()
        page.goto(program.url + "releases")
        page.get_by_role("button", name="Undo").click()
        expect_rows(page, "Two", "One")
        page.get_by_role("button", name="Undo").click()
        expect_rows(page, "Three", "Two", "One")


@pytest.mark.parametrize(
    ("key", "found"),
    [("p", "#pin [aria-pressed=true]"), ("t", "#add-tag:focus"), ("#", "#undo form ~ form")],
)
def test_the_row_that_is_outlined_after_a_deletion_answers_keys(
    page: Page, program: Program, complaints: list[str], key: str, found: str
) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    open_row(page, "Two")
    page.keyboard.press("#")
    expect(page.locator("a.row", has_text="One")).to_be_focused()
    page.keyboard.press(key)
    expect(page.locator(found)).to_be_attached()
    if key == "#":
        expect_rows(page, "Three")
        expect(page.locator("a.row", has_text="Three")).to_be_focused()
    else:
        expect(page.locator("#subject")).to_have_text("One")
    assert complaints == []


def test_the_row_that_is_outlined_after_a_deletion_is_released_by_key(page: Page, program: Program) -> None:
    id, _ = send(program, "One", "Two")
    open_inbox(page, program)
    open_row(page, "Two")
    with page.expect_request(re.compile(f"/messages/{id}/releases/new$")):
        page.keyboard.press("#")
        page.keyboard.press("r")


def test_what_came_back_is_open_and_has_the_focus(page: Page, program: Program, complaints: list[str]) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    open_row(page, "Two")
    address = page.url
    page.keyboard.press("#")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")
    page.keyboard.press("z")
    expect(page.locator("#subject")).to_have_text("Two")
    expect(page.locator("a.row[aria-current=true]")).to_contain_text("Two")
    expect(page.locator("a.row", has_text="Two")).to_be_focused()
    expect(page).to_have_url(address)
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("One")
    assert complaints == []


def test_a_message_deleted_elsewhere_says_so_at_once_and_can_be_taken_back(
    page: Page, program: Program, complaints: list[str]
) -> None:
    _, id, _ = send(program, "One", "Two", "Three")
    open_inbox(page, program)
    open_row(page, "Two")
    delete(program, id)
    expect(page.get_by_role("heading", level=1)).to_have_text("This message was deleted")
    expect_rows(page, "Three", "One")
    expect(page.locator("#pane")).to_be_focused()
    page.keyboard.press("#")
    page.keyboard.press("z")
    expect(page.locator("#subject")).to_have_text("Two")
    expect_rows(page, "Three", "Two", "One")
    expect(page.locator("a.row", has_text="Two")).to_be_focused()
    delete(program, id)
    expect(page.get_by_role("heading", level=1)).to_have_text("This message was deleted")
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("One")
    assert complaints == []


def test_a_message_deleted_in_one_tab_and_taken_back_follows_in_the_other(
    context: BrowserContext, program: Program
) -> None:
    send(program, "One", "Two")
    page, other = context.new_page(), context.new_page()
    for one in (page, other):
        open_inbox(one, program)
        open_row(one, "Two")
    page.keyboard.press("#")
    expect(other.get_by_role("heading", level=1)).to_have_text("This message was deleted")
    expect(other.locator("#undo form")).to_have_count(0)
    page.keyboard.press("z")
    expect(other.locator("#subject")).to_have_text("Two")


def test_a_message_that_retention_took_away_cannot_be_taken_back(page: Page, start: Program.Starter) -> None:
    program = start("-d", ":memory:", "--max", "1")
    send(program, "One")
    open_inbox(page, program)
    open_row(page, "One")
    page.get_by_role("link", name="Source").focus()
    send(program, "Two")
    expect(page.get_by_role("heading", level=1)).to_have_text("This message was deleted")
    expect(page.locator("#pane")).to_be_focused()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    expect_rows(page, "Two")


def test_on_a_phone_what_came_back_is_shown(browser: Browser, program: Program) -> None:
    send(program, "One", "Two")
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        open_inbox(page, program)
        page.get_by_role("link", name="Two").click()
        page.locator("#pane").get_by_role("button", name="Delete", exact=True).click()
        expect_rows(page, "One")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#subject")).to_be_visible()
        expect(page.locator("#pane")).to_be_focused()
