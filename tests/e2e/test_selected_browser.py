"""What is done to selected messages in a real browser, with scripts and without. Needs Chromium on PATH."""

import io
import json
import mailbox as mailboxes
import re
import zipfile
from contextlib import closing

from playwright.sync_api import Browser, Page, expect

from tests.e2e.chromium import NEEDED
from tests.e2e.desk import MAIL, Desk
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.e2e.ticking import expect_selected, row, tick
from tests.program import Program

pytestmark = NEEDED


def test_a_key_deletes_the_selection_and_not_the_open_message(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three", "Four", "Five")
    open_inbox(page, program)
    row(page, "Four").locator("a.row").click()
    expect(page.locator("#subject")).to_have_text("Four")
    tick(page, "One", "Three")
    page.keyboard.press("#")
    expect_rows(page, "Five", "Four", "Two")
    expect(page.locator("#undo form:visible")).to_contain_text("2 messages deleted")
    expect(page.locator("#subject")).to_have_text("Four")
    expect_selected(page)
    page.keyboard.press("z")
    expect_rows(page, "Five", "Four", "Three", "Two", "One")
    expect_selected(page)


def test_after_a_deletion_from_the_bar_the_row_that_took_the_place_has_the_focus(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three", "Four", "Five")
    open_inbox(page, program)
    tick(page, "Four", "Three")
    page.locator("#selection").get_by_role("button", name="Delete").press("Enter")
    expect_rows(page, "Five", "Two", "One")
    expect(row(page, "Two").locator("a.row")).to_be_focused()


def test_deleting_the_open_message_with_others_leaves_a_blank_pane(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    row(page, "Two").locator("a.row").click()
    expect(page.locator("#subject")).to_have_text("Two")
    tick(page, "Two", "One")
    page.locator("#selection").get_by_role("button", name="Delete").click()
    expect_rows(page, "Three")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")
    expect(page).to_have_url(program.url)


def test_one_key_marks_as_read_and_then_as_unread(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    tick(page, "One", "Two")
    page.keyboard.press("s")
    expect(page.locator("a.row.unread .subject")).to_have_text(["Three"])
    expect(page.locator("#selection").get_by_role("button", name="Mark unread")).to_be_visible()
    expect(page.locator("#selection").get_by_role("button", name="Mark read")).to_be_hidden()
    page.keyboard.press("s")
    expect(page.locator("a.row.unread")).to_have_count(3)
    expect_selected(page, "Two", "One")


def test_the_focus_stays_on_the_button_that_turns_into_its_contrary(page: Page, program: Program) -> None:
    send(program, "One", "Two")
    open_inbox(page, program)
    tick(page, "Two")
    page.locator("#selection").get_by_role("button", name="Pin", exact=True).press("Enter")
    expect(row(page, "Two").locator(".pinned")).to_be_visible()
    expect(page.locator("#selection").get_by_role("button", name="Unpin")).to_be_focused()


def test_a_tag_is_taken_from_all_that_have_it(page: Page, program: Program) -> None:
    ids = send(program, "One", "Two")
    program.request("PUT", "/api/v1/tags", body=json.dumps({"IDs": ids, "Tags": ["late"]}).encode())
    open_inbox(page, program)
    tick(page, "One", "Two")
    page.locator("#selection").get_by_role("button", name="Tags").click()
    expect(page.get_by_label("Add", exact=True)).to_be_focused()
    page.get_by_role("button", name="Remove the tag late").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#undo")).to_have_text("Tag late removed from 2 messages")
    expect(page.locator(".row .tag")).to_have_count(0)
    expect_selected(page, "Two", "One")


def test_the_selected_are_saved_as_one_file(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    tick(page, "One", "Three")
    page.keyboard.press("e")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as .eml files in a zip").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".eml")]) == 2
    expect_selected(page, "Three", "One")


def test_the_selected_are_released_together_and_then_selected_no_more(desk: Desk) -> None:
    desk.set_up()
    for subject in (b"One", b"Two", b"Three"):
        desk.capture(MAIL.replace(b"Your order", subject))
    page = desk.page
    page.goto(desk.pages.url)
    tick(page, "One", "Three")
    page.keyboard.press("r")
    page.get_by_role("dialog").get_by_role("button", name="Release 2 messages").click()
    expect(page.locator("#batch-text")).to_have_text("2 of 2 accepted")
    assert sorted(re.findall(rb"Subject: (\w+)", one.raw)[0] for one in desk.gmail.delivered) == [b"One", b"Three"]
    page.goto(desk.pages.url)
    expect_selected(page)


def test_without_scripts_ticks_bring_the_bar_and_its_buttons_work(browser: Browser, program: Program) -> None:
    send(program, "One", "Two", "Three")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(program.url + "?q=subject%3Ao")
        tick(page, "One", "Two")
        expect(page.locator(".list-head")).to_be_hidden()
        page.locator("#selection").get_by_role("button", name="Mark read").click()
        expect(page).to_have_url(program.url + "?q=subject%3Ao")
        expect(page.locator("a.row.unread")).to_have_count(0)
        tick(page, "One", "Two")
        page.locator("#selection").get_by_role("button", name="Tags").click()
        page.get_by_label("Add", exact=True).fill("late")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator(".row .tag")).to_have_text(["Tag: late", "Tag: late"])
        tick(page, "One")
        page.locator("#selection").get_by_role("button", name="Delete").click()
        expect_rows(page, "Two")
        page.locator("#undo").get_by_role("button", name="Undo").click()
        expect(page.locator("a.row .subject")).to_contain_text(["Two", "One"])


def test_all_that_match_are_selected_without_scripts(browser: Browser, program: Program) -> None:
    send(program, *(f"Bill {number}" for number in range(52)), "Other")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(program.url + "?q=bill")
        page.get_by_role("link", name="Older messages").click()
        expect_rows(page, "Bill 1", "Bill 0")
        tick(page, "Bill 1")
        page.get_by_label("All 52 that match").check()
        page.locator("#selection").get_by_role("button", name="Delete").click()
        page.goto(program.url)
        expect_rows(page, "Other")


def test_all_that_match_are_selected_on_a_page_of_older_messages(page: Page, program: Program) -> None:
    send(program, *(f"Message {number}" for number in range(52)))
    page.goto(program.url)
    older = page.locator("#older a").get_attribute("href")
    open_inbox(page, program, str(older).lstrip("/"))
    page.get_by_role("checkbox", name="Select all that are shown").click()
    page.get_by_role("button", name="Select all 52 messages").click()
    expect(page.locator("#selection .selected")).to_have_text("52 selected")
    send(program, "Later")
    page.locator("#selection").get_by_role("button", name="Delete").click()
    expect(page.locator("#undo")).to_contain_text("52 messages deleted")
    page.goto(program.url)
    expect_rows(page, "Later")


def test_an_mbox_is_saved_without_scripts(browser: Browser, program: Program) -> None:
    send(program, "One", "Two")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(program.url)
        tick(page, "Two")
        page.locator("#export summary").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Export as mbox").click()
        with closing(mailboxes.mbox(download.value.path())) as found:
            assert [one["Subject"] for one in found] == ["Two"]


def test_all_that_match_are_looked_at_before_they_are_released(desk: Desk) -> None:
    desk.set_up()
    for number in range(52):
        desk.capture(MAIL.replace(b"Your order", b"Order %d" % number))
    page = desk.page
    page.goto(desk.pages.url)
    page.get_by_role("checkbox", name="Select all that are shown").click()
    page.get_by_role("button", name="Select all 52 messages").click()
    page.locator("#selection .release").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Release 52 messages")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#selection .selected")).to_have_text("52 selected")
