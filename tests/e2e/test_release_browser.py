"""Releases in a real browser against the fake Gmail: two keys send a mail, and everything in between is told."""

import re
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from mailsluice.relay.profile import Profile
from tests.e2e.chromium import NEEDED, PHONE, REFUSALS, leave
from tests.gmail import FakeGmail, in_thread
from tests.smarthost import APP_PASSWORD, USER
from tests.unlocked import Served, served

pytestmark = NEEDED

PASSWORD = {"MAILSLUICE_PROFILE_WORK_PASSWORD": APP_PASSWORD}
MAIL = "From: Ada <ada@gmail.com>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{text}\r\n"


@pytest.fixture
def forgiven() -> str:
    return REFUSALS


@pytest.fixture(autouse=True)
def nothing_complains(complaints: list[str], context: BrowserContext, pages: Served) -> Iterator[None]:
    yield
    leave(context)
    assert complaints == []


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with in_thread() as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD)
        yield gmail


@pytest.fixture
def pages(tmp_path: Path, gmail: FakeGmail) -> Iterator[Served]:
    with served(tmp_path, PASSWORD) as pages:
        pages.sandbox.profiles.save(
            Profile(
                name="work",
                preset="custom",
                host="localhost",
                port=gmail.starttls_port,
                security="starttls",
                ca_file=gmail.ca_file,
                user=USER,
                pace=0.0,
                default=True,
            ),
            by_hand=True,
        )
        yield pages


@pytest.fixture
def page(context: BrowserContext, pages: Served) -> Page:
    """A page of somebody who opened the link of the console."""
    page = context.new_page()
    page.goto(pages.link)
    return page


def capture(pages: Served, subject: str = "Lunch", *, text: str = "Hello", to: str = "bob@example.test") -> None:
    host, _, port = pages.sandbox.smtp_addresses[0].rpartition(":")
    with smtplib.SMTP(host, int(port)) as client:
        client.sendmail("ada@gmail.com", [to], MAIL.format(to=to, subject=subject, text=text))


def open_message(page: Page, pages: Served, subject: str = "Lunch") -> None:
    page.goto(pages.url)
    page.get_by_role("link", name=subject).click()
    expect(page.locator("#subject")).to_have_text(subject)


def chip(page: Page, subject: str = "Lunch") -> str:
    return f"a.row:has-text('{subject}') .chip"


def test_r_and_enter_release_a_clean_mail_and_the_page_tells_how_it_goes(
    page: Page, pages: Served, gmail: FakeGmail
) -> None:
    capture(pages)
    open_message(page, pages)
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Release")
    expect(dialog.get_by_role("button", name="Release 1 message")).to_be_focused()
    expect(dialog).to_contain_text("Nothing stands in the way.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile("/messages/[0-9A-Za-z]{22}/releases$"))
    expect(page.locator(".tabs [aria-current]")).to_have_text("Releases (1)")
    expect(page.locator(".release-card .chip")).to_have_text("Released")
    expect(page.locator(".release-card .reply")).to_have_text(re.compile(r"250 2\.0\.0 OK"))
    expect(page.locator(chip(page))).to_have_text("Released")
    assert [mail.recipients for mail in gmail.delivered] == [(USER,)]


def test_two_fast_clicks_are_one_release(page: Page, pages: Served, gmail: FakeGmail) -> None:
    capture(pages)
    open_message(page, pages)
    page.keyboard.press("r")
    page.get_by_role("button", name="Release 1 message").dblclick()
    expect(page.locator(".release-card .chip")).to_have_text("Released")
    expect(page.locator(".release-card")).to_have_count(1)
    assert len(gmail.delivered) == 1


def test_m_releases_to_me_and_switches_in_the_dialog(page: Page, pages: Served, gmail: FakeGmail) -> None:
    capture(pages)
    open_message(page, pages)
    page.keyboard.press("m")
    expect(page.get_by_label("To me instead")).to_be_checked()
    expect(page.locator("#to")).to_have_count(0)
    page.keyboard.press("m")
    expect(page.locator("#to")).to_have_value(USER)
    expect(page.get_by_label("To me instead")).not_to_be_checked()
    page.locator("#to").fill("m@example.test")
    page.keyboard.press("m")
    expect(page.locator("#to")).to_have_value("m@example.testm")
    page.get_by_label("To me instead").click()
    expect(page.locator("#to")).to_have_count(0)
    page.locator("#diff summary").click()
    expect(page.locator(".diff .added", has_text="X-Original-To: bob@example.test")).to_be_visible()
    page.get_by_role("button", name="Release 1 message").click()
    expect(page.locator(".release-card .chip")).to_have_text("Released")
    assert [mail.recipients for mail in gmail.delivered] == [(USER,)]


def test_who_is_not_allowed_is_allowed_right_there(page: Page, pages: Served, gmail: FakeGmail) -> None:
    capture(pages)
    open_message(page, pages)
    page.keyboard.press("r")
    page.locator(".pick", has_text="bob@example.test").click()
    release = page.get_by_role("button", name="Release 1 message")
    expect(page.locator("#findings")).to_contain_text("bob@example.test is not among the recipients")
    expect(release).to_be_disabled()
    page.locator("#constant summary").click()
    page.get_by_role("button", name="Allow bob@example.test").click()
    expect(release).to_be_focused()
    expect(page.locator("#constant")).to_have_attribute("open", "")
    page.keyboard.press("Enter")
    expect(page.locator(".release-card .chip")).to_have_text("Released")
    assert [mail.recipients for mail in gmail.delivered] == [(USER, "bob@example.test")]


def test_what_is_typed_and_sent_at_once_is_looked_at_first(page: Page, pages: Served, gmail: FakeGmail) -> None:
    capture(pages)
    open_message(page, pages)
    page.keyboard.press("r")
    page.locator("#to").fill("eve@example.test")
    page.get_by_role("button", name="Release 1 message").click()
    expect(page.locator("#findings")).to_contain_text("eve@example.test is not among the recipients")
    expect(page.get_by_role("dialog", name="Release")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert gmail.delivered == []


def test_other_pages_hear_of_it_at_once(context: BrowserContext, page: Page, pages: Served, gmail: FakeGmail) -> None:
    capture(pages)
    other = context.new_page()
    other.goto(f"{pages.url}releases")
    expect(other.locator("#live")).to_have_text("Live")
    expect(other.get_by_text("Nothing was released yet")).to_be_visible()
    gmail.knobs.stall_at = "auth"
    open_message(page, pages)
    page.keyboard.press("r")
    page.get_by_role("button", name="Release 1 message").click()
    expect(other.locator(".release-row .chip")).to_have_text("Sending…")
    expect(page.locator(chip(page))).to_have_text("Sending…")
    other.locator(".release-row").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Lunch")
    expect(other.locator(".told")).to_contain_text("Being sent to localhost")


def test_a_refused_recipient_is_told_in_the_servers_words(page: Page, pages: Served) -> None:
    capture(pages, to="nosuchuser@example.test")
    open_message(page, pages)
    page.keyboard.press("r")
    page.locator("#to").fill("nosuchuser@example.test")
    page.locator("#to").blur()
    page.get_by_role("button", name="Allow nosuchuser@example.test").click()
    page.get_by_role("button", name="Release 1 message").click()
    expect(page.locator(".release-card .chip")).to_have_text("Refused 550")
    expect(page.locator(".release-card .reply")).to_contain_text("550 5.1.1")
    page.locator(".release-card").get_by_role("link", name="Record").click()
    expect(page.locator(".told .meaning")).to_be_visible()
    page.locator("#record-transcript summary").click()
    capture(pages, "Another")
    expect(page.locator("#messages a.row")).to_have_count(2)
    expect(page.locator("#record-transcript")).to_have_attribute("open", "")


def test_without_the_key_r_shows_the_locked_pane_and_goes_on_when_it_is_there(
    context: BrowserContext, pages: Served
) -> None:
    capture(pages)
    page = context.new_page()
    open_message(page, pages)
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=1)).to_have_text("Releasing is locked")
    expect(page.get_by_role("dialog")).to_have_count(0)
    context.new_page().goto(pages.link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Release")
    page.get_by_role("button", name="Release 1 message").click()
    expect(page.locator(".release-card .chip")).to_have_text("Released")


def test_the_dialog_and_the_bar_fit_a_phone(page: Page, pages: Served) -> None:
    page.set_viewport_size(PHONE)
    capture(pages, text="Hello {{first_name}}", to="a-rather-long-address-of-somebody@department.example.test")
    open_message(page, pages)
    page.get_by_role("link", name="Release…").click()
    page.locator(".pick").first.click()
    expect(page.locator("#findings")).to_contain_text("{{first_name}}")
    for selector in ("#release", ".sheet-body", ".bar"):
        assert page.eval_on_selector(selector, "one => one.scrollWidth <= one.clientWidth"), selector
    box = page.get_by_role("button", name="Release 1 message").bounding_box()
    assert box
    assert box["y"] + box["height"] <= PHONE["height"]
