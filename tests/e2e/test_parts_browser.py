"""Parts, attachments and messages inside messages in a browser."""

import smtplib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.attached_mail import FILES, MESSAGE_PART, attached_mail
from tests.e2e.chromium import NEEDED
from tests.program import Program, deliver

pytestmark = NEEDED

NUMBERS = {name: number for number, name in enumerate(FILES, 2)}


@pytest.fixture
def address(program: Program) -> str:
    """Where the message with all attachments is."""
    with smtplib.SMTP("127.0.0.1", program.smtp_port, timeout=30) as client:
        id = deliver(client, attached_mail(), "ada@example.test", ("bob@example.test",))
    return f"{program.url}messages/{id}"


@pytest.fixture(autouse=True)
def quiet(program: Program, complaints: list[str]) -> Iterator[None]:
    """The console hears of nothing while the program runs, not even of pictures that are refused."""
    yield
    assert complaints == []


def is_drawn(page: Page, selector: str) -> bool:
    image = page.locator(selector)
    image.scroll_into_view_if_needed()
    return bool(image.evaluate("async (one) => { await one.decode().catch(() => 0); return one.naturalWidth > 1 }"))


def test_an_attachment_opens_where_it_stands_and_back_leaves_it(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("#attachments summary").click()
    page.locator(".attachment", has_text="photo.png").first.click()
    expect(page.locator(f"#part-{NUMBERS['photo.png']}")).to_be_focused()
    expect(page).to_have_url(f"{address}/parts?part={NUMBERS['photo.png']}")
    expect(page.locator(".pictures img")).to_be_in_viewport()
    assert is_drawn(page, ".pictures img")
    page.go_back()
    expect(page.locator("#view-html")).to_have_attribute("aria-current", "page")


def test_opening_another_part_moves_neither_the_page_nor_the_focus(page: Page, address: str) -> None:
    page.goto(f"{address}/parts")
    line = page.locator(f"#part-{NUMBERS['orders.csv']}")
    line.scroll_into_view_if_needed()
    before = line.bounding_box()
    line.click()
    expect(page.locator(".sheet-table")).to_be_visible()
    expect(line).to_be_focused()
    assert before
    after = line.bounding_box()
    assert after
    assert abs(after["y"] - before["y"]) < 400
    line.press("Enter")
    expect(page.locator(".part")).to_have_count(0)
    expect(line).to_have_attribute("aria-expanded", "false")


def test_a_picture_that_cannot_be_drawn_leaves_its_icon(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("#attachments summary").click()
    assert is_drawn(page, ".attached:has-text('photo.png') img")
    assert not is_drawn(page, ".attached:has-text('damaged.png') img")
    expect(page.locator(".attached", has_text="damaged.png").locator(".thumb .icon")).to_be_visible()
    page.goto(f"{address}/parts?part={NUMBERS['damaged.png']}")
    expect(page.locator(".part .empty")).to_contain_text("damaged")


def test_a_message_inside_is_read_like_any_other_and_left_by_a_key(page: Page, address: str) -> None:
    page.goto(f"{address}/parts?part={MESSAGE_PART}")
    page.get_by_role("link", name="Open this message").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The older one")
    expect(page.frame_locator("iframe").locator("b")).to_have_text("Bob")
    page.keyboard.press("5")
    expect(page.locator("#view-parts")).to_have_attribute("aria-current", "page")
    page.keyboard.press("u")
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything attached")
    expect(page.locator(f"#part-{MESSAGE_PART}")).to_be_focused()


def test_everything_is_reached_without_scripts(browser: Browser, address: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        page.locator("#attachments summary").click()
        page.locator(".attachment", has_text="invite.ics").first.click()
        expect(page.locator(".card h2")).to_have_text("Planning")
        page.locator(f"#part-{MESSAGE_PART}").click()
        page.get_by_role("link", name="Open this message").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The older one")
        page.get_by_role("link", name="The message that it came in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Everything attached")


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    for name in ("photo.png", "invoice.pdf", "orders.csv", "invite.ics", "ada.vcf"):
        page.goto(f"{address}/parts?part={NUMBERS[name]}")
        expect(page.locator(".part")).to_be_visible()
        assert page.evaluate("document.querySelector('.body').scrollWidth <= innerWidth")
