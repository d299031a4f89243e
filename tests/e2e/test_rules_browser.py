"""A rule of automatic release in a real browser: made, shown while it is on, at work over SMTP, ended."""

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mailsluice.relay.profile import draft_profile
from tests.e2e.chromium import NEEDED, PHONE, REFUSALS, watch
from tests.gmail import FakeGmail, in_thread
from tests.unlocked import Served, served

pytestmark = NEEDED

USER, PASSWORD = "ada@gmail.com", "abcdefghijklmnop"
BOB = "bob@example.com"


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with in_thread() as gmail:
        gmail.add_account(USER, app_password=PASSWORD)
        yield gmail


@pytest.fixture
def pages(tmp_path: Path, gmail: FakeGmail) -> Iterator[Served]:
    with served(tmp_path, {"MAILSLUICE_PROFILE_MINE_PASSWORD": PASSWORD}) as pages:
        profile = draft_profile(
            name="mine",
            user=USER,
            host=gmail.host,
            port=gmail.starttls_port,
            security="starttls",
            ca_file=gmail.ca_file,
            allow=BOB,
            by_hand=True,
        )
        pages.sandbox.profiles.save(profile, by_hand=True)
        yield pages


@pytest.fixture
def page(browser: Browser, pages: Served) -> Iterator[Page]:
    complaints: list[str] = []
    with browser.new_context() as context:
        context.set_default_timeout(15_000)
        watch(context, complaints, forgiven=REFUSALS)
        page = context.new_page()
        page.goto(pages.link)
        page.goto(f"{pages.url}rules")
        yield page
    assert complaints == []


def send(pages: Served, subject: str) -> None:
    port = int(pages.sandbox.smtp_addresses[0].rpartition(":")[2])
    with smtplib.SMTP("127.0.0.1", port) as client:
        text = f"From: app@example.test\r\nTo: customer@example.org\r\nSubject: {subject}\r\n\r\nHello.\r\n"
        client.sendmail("app@example.test", ["customer@example.org"], text)


def make(page: Page, query: str = "subject:invoice") -> None:
    page.get_by_label("Which mail").fill(query)
    page.get_by_label("Copies go to").fill(BOB)
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator(".rule .chip")).to_have_text("On")


def test_a_rule_sends_what_matches_and_nothing_else(page: Page, pages: Served, gmail: FakeGmail) -> None:
    make(page)
    send(pages, "Lunch")
    send(pages, "Your invoice")
    expect(page.locator(".rule")).to_contain_text("1 message; at most 10 an hour")
    page.get_by_role("button", name="Turn off").click()
    expect(page.locator(".rule .chip")).to_have_text("Off")
    with page.expect_response(lambda response: "/rules/list" in response.url):
        send(pages, "Your second invoice")
    expect(page.locator(".rule")).to_contain_text("1 message; at most 10 an hour")


def test_the_fake_gmail_gets_the_copy_for_the_recipients_of_the_rule(
    page: Page, pages: Served, gmail: FakeGmail
) -> None:
    make(page, "*")
    send(pages, "Your invoice")
    page.goto(f"{pages.url}releases")
    expect(page.get_by_role("main").get_by_role("listitem")).to_contain_text("Released")
    (message,) = gmail.delivered
    assert b"Subject: Your invoice" in message.raw
    assert b"customer@example.org" in message.raw
    assert message.recipients == (BOB,)


def test_the_bar_says_so_while_a_rule_is_on(page: Page, pages: Served) -> None:
    make(page)
    page.goto(pages.url)
    expect(page.locator("#notice")).to_contain_text("Automatic release is on")
    page.locator("#notice").get_by_role("link").click()
    page.get_by_role("button", name="Turn off").click()
    expect(page.locator(".rule .chip")).to_have_text("Off")
    page.goto(pages.url)
    expect(page.locator("#notice")).not_to_contain_text("Automatic release")


def test_a_ceiling_is_told_on_the_open_page(page: Page, pages: Served) -> None:
    page.get_by_text("Ends after 8 hours").click()
    page.get_by_label("Messages an hour").fill("1")
    make(page)
    send(pages, "One invoice")
    send(pages, "Another invoice")
    expect(page.locator(".rule")).to_contain_text("Turned off at its ceiling of 1 message an hour")
    expect(page.locator(".rule .chip")).to_have_text("Off")
    expect(page.locator("#notice")).to_contain_text("Automatic release was turned off: at its ceiling of 1 message")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#notice")).not_to_contain_text("Automatic release")


def test_what_is_wrong_stands_at_its_field_and_has_the_focus(page: Page) -> None:
    page.get_by_label("Which mail").fill("before:garbage")
    page.get_by_label("Copies go to").fill(BOB)
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator("#query-error")).to_contain_text("no date that can be read")
    expect(page.get_by_label("Which mail")).to_be_focused()
    expect(page.get_by_label("Copies go to")).to_have_value(BOB)


def test_nothing_sticks_out_on_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    make(page, "subject:" + "invoice" * 20)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("document.querySelector('#pane').scrollWidth") <= PHONE["width"]
