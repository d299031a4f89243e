"""The views of a message in a real browser: finding in the source, copying, printing, neighbours on a phone."""

import re
import smtplib

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.chromium import PHONE
from tests.e2e.inbox_page import open_inbox, send
from tests.program import Program, deliver

LARGE = b"From: Ada <ada@example.test>\r\nTo: bob@example.test\r\nSubject: Large\r\n\r\n" + b"".join(
    b"line %07d %s\r\n" % (number, b"x" * 60) for number in range(20_000)
)
LETTER = (
    b"From: Ada <ada@example.test>\r\nTo: bob@example.test\r\nSubject: Letter\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <b>Bob</b></p>\r\n"
)


def capture(program: Program, mail: bytes) -> str:
    with smtplib.SMTP("127.0.0.1", program.smtp_port, timeout=30) as client:
        return deliver(client, mail, "ada@example.test", ("bob@example.test", "eve@example.test"))


def test_what_is_found_in_a_large_source_comes_into_view(page: Page, program: Program, complaints: list[str]) -> None:
    id = capture(program, LARGE)
    open_inbox(page, program, f"messages/{id}/source")
    field = page.get_by_role("searchbox", name="Find in the source")
    field.fill("LINE 0001")
    field.press("Enter")
    expect(page.locator(".finder [role=status]")).to_have_text("1 of 1,000")
    expect(page.locator("#here")).to_be_in_viewport()
    expect(field).to_be_focused()
    expect(page).to_have_url(re.compile("find=LINE"))
    page.get_by_role("link", name="Next match").click()
    expect(page.locator(".finder [role=status]")).to_have_text("2 of 1,000")
    expect(page.locator("#here")).to_be_in_viewport()
    here, body = page.locator("#here").bounding_box(), page.locator(".body").bounding_box()
    assert here
    assert body
    line = page.evaluate("parseFloat(getComputedStyle(document.querySelector('pre.source')).lineHeight)")
    above = here["y"] - (line - here["height"]) / 2 - body["y"]
    assert above / line == pytest.approx(round(above / line), abs=0.05), "a line is cut at the top"
    page.go_back()
    expect(page.locator(".finder [role=status]")).to_have_text("1 of 1,000")
    assert complaints == []


def test_enter_goes_to_the_next_match_and_shift_enter_back(page: Page, program: Program) -> None:
    id = capture(program, LARGE)
    open_inbox(page, program, f"messages/{id}/source")
    field = page.get_by_role("searchbox", name="Find in the source")
    field.fill("line 001999")
    for keys, said in (
        ("Enter", "1 of 10"),
        ("Shift+Enter", "1 of 10"),
        ("Enter", "2 of 10"),
        ("Enter", "3 of 10"),
        ("Shift+Enter", "2 of 10"),
    ):
        field.press(keys)
        expect(page.locator(".finder [role=status]")).to_have_text(said)
        expect(page.locator("#here")).to_be_in_viewport()
        expect(field).to_be_focused()
    field.fill("line 0019998")
    expect(page.locator(".finder [role=status]")).to_be_hidden()
    expect(page.get_by_role("link", name="Next match")).to_be_hidden()
    expect(page.locator("#here")).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    field.press("Enter")
    expect(page.locator(".finder [role=status]")).to_be_visible()
    expect(page.locator(".finder [role=status]")).to_have_text("1 of 1")


def test_a_message_is_copied_as_a_whole(
    context: BrowserContext, page: Page, program: Program, complaints: list[str]
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    id = capture(program, LETTER)
    open_inbox(page, program, f"messages/{id}")
    for name, said, start in (
        ("Copy as .eml", ".eml copied", "From: Ada"),
        ("Copy the HTML", "HTML copied", "<p>Hello"),
        ("Copy the text", "Text copied", "Hello Bob"),
    ):
        page.locator("#copies > summary").click()
        page.get_by_role("link", name=name).click()
        expect(page.locator("#announcement")).to_have_text(said)
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(start) or start in copied
    assert complaints == []


def test_only_the_message_is_printed(page: Page, program: Program) -> None:
    id = capture(program, LETTER)
    open_inbox(page, program, f"messages/{id}/text")
    page.set_viewport_size({"width": 794, "height": 1123})
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".facts").get_by_text("received")).to_be_visible()
    for shown in ("#subject", ".facts", "pre.text"):
        expect(page.locator(shown).first).to_be_visible()
    for hidden in (".bar", ".list", ".actions", ".tabs", ".oddities"):
        expect(page.locator(hidden).first).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_on_a_phone_the_head_leaves_the_screen_to_the_message(page: Page, program: Program) -> None:
    page.set_viewport_size(PHONE)
    id = capture(
        program, LETTER.replace(b"To: bob@example.test", b"To: Bob Miller <bob@example.test>, eve@example.test")
    )
    page.goto(f"{program.url}messages/{id}/transcript")
    head, tabs = page.locator(".message-head").bounding_box(), page.locator(".tabs").bounding_box()
    assert head
    assert head["height"] < 320
    assert tabs
    assert tabs["height"] < 50
    expect(page.locator("#view-transcript")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(page.get_by_text("Envelope", exact=True)).to_be_hidden()
    fold = page.locator("#all-facts summary")
    expect(fold).to_contain_text("More", use_inner_text=True)
    fold.click()
    expect(fold).to_have_text("Less", use_inner_text=True)
    expect(page.get_by_text("Envelope", exact=True)).to_be_visible()
    page.locator("#view-text").click()
    expect(page.get_by_text("Envelope", exact=True)).to_be_visible()


def test_an_envelope_that_names_somebody_else_is_told_in_the_line_of_the_fold(page: Page, program: Program) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{program.url}messages/{capture(program, LETTER)}/text")
    fold = page.locator("#all-facts summary")
    expect(fold.get_by_text("Envelope differs")).to_be_in_viewport(ratio=1)
    size = fold.bounding_box()
    assert size
    assert size["height"] < 30
    fold.click()
    expect(page.get_by_text("Envelope", exact=True)).to_be_visible()


def test_warnings_unfold(page: Page, program: Program) -> None:
    id = capture(program, LETTER)
    open_inbox(page, program, f"messages/{id}")
    fold = page.locator(".oddities details")
    expect(fold.locator("li").first).to_be_hidden()
    fold.locator("summary").click()
    expect(fold.locator("li").first).to_be_visible()
    expect(fold.get_by_role("link").first).to_have_attribute("href", re.compile("^https://www.rfc-editor.org/"))


def test_a_desk_goes_from_message_to_message_in_the_view_that_was_chosen(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    page.set_viewport_size({"width": 1280, "height": 800})
    open_inbox(page, program)
    page.locator("a.row").nth(1).click()
    page.get_by_role("link", name="Source", exact=True).click()
    expect(page.locator("#view-source")).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Older message").click()
    expect(page.locator("#subject")).to_have_text("One")
    expect(page.locator("#view-source")).to_have_attribute("aria-current", "page")
    for key, subject in (("k", "Two"), ("k", "Three"), ("j", "Two")):
        page.keyboard.press(key)
        expect(page.locator("#subject")).to_have_text(subject)
        expect(page.locator("#view-source")).to_have_attribute("aria-current", "page")
    expect(page).to_have_url(re.compile("/messages/[^/]+/source$"))
    expect(page.locator("a.row[hx-get*=source]")).to_have_count(0)
    page.go_back()
    expect(page.locator("#subject")).to_have_text("Three")
    page.locator("a.row").nth(2).click()
    expect(page.locator("#subject")).to_have_text("One")
    expect(page.locator("#view-text")).to_have_attribute("aria-current", "page")


def test_a_phone_goes_from_message_to_message(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    page.set_viewport_size({"width": 390, "height": 844})
    open_inbox(page, program)
    page.locator("a.row").nth(1).click()
    expect(page.locator("#subject")).to_have_text("Two")
    page.get_by_role("link", name="Older message").click()
    expect(page.locator("#subject")).to_have_text("One")
    expect(page.get_by_role("link", name="Older message")).to_have_count(0)
    page.get_by_role("link", name="Newer message").click()
    expect(page.locator("#subject")).to_have_text("Two")
