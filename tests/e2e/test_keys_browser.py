"""Keys in the browser: what they act on, what they leave alone, and how they are switched off."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.chromium import NEEDED
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.program import Program

pytestmark = NEEDED

MAIL = (
    b"From: Ada <ada@example.test>\r\nTo: bob@example.test\r\nSubject: Sign in\r\nContent-Type: text/html\r\n\r\n"
    b"<p>Your verification code is <b>482913</b>.</p>\r\n"
    b'<p><a href="%sreadyz?token=8f3a9c2e71d04b55">Sign in</a></p>\r\n'
)


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    """One that may read what was copied."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    return context


def copied(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_a_code_is_copied_from_the_list_and_from_the_message(page: Page, program: Program) -> None:
    program.send(MAIL % program.url.encode())
    send(program, "Plain")
    open_inbox(page, program)
    expect(page.get_by_role("button", name="Copy the code 482913")).to_be_visible()
    page.get_by_role("link", name="Sign in Your").focus()
    page.keyboard.press("c")
    expect(page.locator("#announcement")).to_have_text("Copied")
    assert copied(page) == "482913"
    page.evaluate("navigator.clipboard.writeText('')")
    page.keyboard.press("Enter")
    expect(page.locator("#subject")).to_have_text("Sign in")
    page.locator("#pane").focus()
    page.keyboard.press("c")
    page.wait_for_function("navigator.clipboard.readText().then((text) => text === '482913')")
    page.get_by_role("link", name="Plain").click()
    expect(page.locator("#subject")).to_have_text("Plain")
    page.keyboard.press("c")
    expect(page.locator("#announcement")).to_have_text("There is no code in it.")


def test_the_link_of_a_mail_opens_in_a_tab_that_knows_nothing_of_ours(page: Page, program: Program) -> None:
    program.send(MAIL % program.url.encode())
    open_inbox(page, program)
    expect(page.locator("#messages .act")).to_be_visible()
    page.locator("a.row").focus()
    with page.context.expect_page() as opened:
        page.keyboard.press("l")
    opened.value.wait_for_url(re.compile("/readyz"))
    assert opened.value.evaluate("[opener, document.referrer]") == [None, ""]


def test_a_message_is_marked_as_unread_and_read_again(page: Page, program: Program) -> None:
    send(program, "One")
    open_inbox(page, program)
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("One")
    expect(page.locator(".unread")).to_have_count(0)
    page.keyboard.press("s")
    expect(page.locator(".unread")).to_have_count(1)
    page.keyboard.press("s")
    expect(page.locator(".unread")).to_have_count(0)


def test_a_message_is_exported_by_a_key(page: Page, program: Program) -> None:
    (id,) = send(program, "One")
    open_inbox(page, program, f"messages/{id}")
    with page.expect_download() as download:
        page.keyboard.press("e")
    assert download.value.suggested_filename.endswith(".eml")


def test_keys_are_left_alone_in_fields_and_with_modifiers(page: Page, program: Program) -> None:
    send(program, "One")
    open_inbox(page, program)
    page.locator("#q").press_sequentially("j#")
    expect(page.locator("#q")).to_have_value("j#")
    page.locator("#q").fill("")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+j")
    page.keyboard.press("Control+j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")
    expect_rows(page, "One")


def test_keys_that_are_switched_off_do_nothing_and_can_still_be_looked_at(
    context: BrowserContext, program: Program
) -> None:
    send(program, "One")
    page, other = context.new_page(), context.new_page()
    for one in (page, other):
        open_inbox(one, program)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Keyboard shortcuts").uncheck()
    page.get_by_role("button", name="Close").click()
    for one in (page, other):
        one.bring_to_front()
        one.keyboard.press("j")
        one.keyboard.press("?")
        expect(one.get_by_role("heading", level=1)).to_have_text("Choose a message")
        expect(one.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Keys", exact=True).click()
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("They are switched off in the settings.")
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")


def test_the_sheet_fits_a_low_window_and_is_scrolled_by_keys(page: Page, program: Program) -> None:
    page.set_viewport_size({"width": 640, "height": 400})
    open_inbox(page, program)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet.get_by_role("button", name="Close")).to_be_in_viewport()
    sheet.get_by_role("region", name="All keys").focus()
    page.keyboard.press("End")
    expect(sheet.get_by_text("these keys")).to_be_in_viewport()


def test_a_key_for_what_a_message_has_not_says_so_and_stays(page: Page, program: Program) -> None:
    (id,) = send(program, "One")
    open_inbox(page, program, f"messages/{id}/source")
    page.locator("a.row").focus()
    for key, words in (("o", "There is no HTML in it."), ("c", "There is no code in it.")):
        page.keyboard.press(key)
        expect(page.locator("#announcement.spoken")).to_have_text(words)
    expect(page).to_have_url(f"{program.url}messages/{id}/source")


def test_o_opens_the_html_in_a_tab_from_any_view_wherever_the_focus_is(page: Page, program: Program) -> None:
    id = program.send(MAIL % b"http://localhost/")
    (plain,) = send(program, "Plain")
    open_inbox(page, program, f"messages/{id}/source")
    page.locator("#pane").focus()
    with page.expect_popup() as tab:
        page.keyboard.press("o")
    expect(tab.value).to_have_url(f"{program.url}messages/{id}/body")
    open_inbox(page, program, f"messages/{plain}/source")
    page.locator("#pane").focus()
    page.keyboard.press("o")
    expect(page.locator("#announcement.spoken")).to_have_text("There is no HTML in it.")


def test_what_a_stopped_server_cannot_do_is_said_and_the_mark_stays(page: Page, program: Program) -> None:
    _, newest = send(program, "One", "Two")
    open_inbox(page, program, f"messages/{newest}")
    program.stop()
    page.keyboard.press("j")
    expect(page.locator("#announcement.spoken")).to_have_text("Mailsluice does not answer. Nothing was done.")
    expect(page.locator("a.row[aria-current=true] .subject")).to_have_text("Two")


def test_back_returns_the_focus_to_the_row_that_was_open(page: Page, program: Program) -> None:
    send(program, "One", "Two")
    open_inbox(page, program)
    for name in ("One", "Two"):
        page.locator("a.row", has_text=name).click()
        expect(page.locator("#subject")).to_have_text(name)
    page.locator("#pane").focus()
    page.go_back()
    expect(page.locator("#subject")).to_have_text("One")
    expect(page.locator("a.row", has_text="One")).to_be_focused()
    page.locator("#subject").click()
    page.go_back()
    expect(page.locator("#subject")).to_have_count(0)
    expect(page.locator("a.row", has_text="One")).to_be_focused()
