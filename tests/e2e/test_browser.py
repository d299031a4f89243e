"""The inbox in a real browser: what only a browser does. Needs Chromium on PATH."""

import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mailsluice.capture import now
from mailsluice_web.filters import ago
from tests.e2e.chromium import NEEDED, PHONE
from tests.program import Program

pytestmark = NEEDED


def mail(subject: str, body: str = "Hello", content_type: str = "text/plain") -> bytes:
    return (
        f"From: Ada <ada@example.test>\r\nTo: bob@example.test\r\nSubject: {subject}\r\n"
        f"Content-Type: {content_type}; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


def send(program: Program, *subjects: str) -> list[str]:
    return [program.send(mail(subject)) for subject in subjects]


def open_inbox(page: Page, program: Program, path: str = "") -> None:
    page.goto(program.url + path)
    expect(page.locator("#live")).to_have_text("Live")


def test_new_mail_joins_the_open_list(page: Page, program: Program, complaints: list[str]) -> None:
    open_inbox(page, program)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing captured yet")
    send(program, "First", "Second")
    expect(page.locator("a.row .subject")).to_have_text(["Second", "First"])
    expect(page).to_have_title("(2) Mailsluice")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")
    expect(page.locator("#announcement")).to_have_text(re.compile("new message"))
    assert complaints == []


def test_selection_focus_and_open_message_outlive_new_mail(page: Page, program: Program) -> None:
    send(program, "Old")
    open_inbox(page, program)
    page.get_by_role("link", name="Old").click()
    expect(page.locator("#subject")).to_have_text("Old")
    page.evaluate("document.querySelector('#subject').dataset.kept = 'yes'")
    send(program, "New")
    expect(page.locator("a.row")).to_have_count(2)
    expect(page.locator("a.row[aria-current=true] .subject")).to_have_text("Old")
    expect(page.locator("a.row", has_text="Old")).to_be_focused()
    expect(page.locator("#subject[data-kept]")).to_be_visible()
    expect(page).to_have_title("(1) Old · Mailsluice")


def test_keys_move_through_list_and_views(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("Three")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("One")
    expect(page.locator("a.row", has_text="One")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("#subject")).to_have_text("Two")
    page.keyboard.press("3")
    expect(page.locator(".tabs [aria-current]")).to_have_text("Source")
    expect(page).to_have_url(re.compile("/source$"))
    page.keyboard.press("u")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")


def test_fast_keys_end_at_the_last_message(page: Page, program: Program) -> None:
    send(program, *(f"Message {number}" for number in range(12)))
    open_inbox(page, program)
    for _ in range(10):
        page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("Message 2")
    expect(page.locator("a.row[aria-current=true] .subject")).to_have_text("Message 2")
    expect(page).to_have_title(re.compile("Message 2 · Mailsluice$"))


def test_deleting_goes_on_from_there(page: Page, program: Program, complaints: list[str]) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("Two")
    page.keyboard.press("#")
    expect(page.locator("a.row .subject")).to_have_text(["Three", "One"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")
    assert page.url == program.url
    expect(page.locator("a.row", has_text="One")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("One")
    assert complaints == []


def test_delete_all_empties_every_open_page(context: BrowserContext, program: Program) -> None:
    send(program, "One", "Two")
    page, other = context.new_page(), context.new_page()
    for one in (page, other):
        open_inbox(one, program)
    page.get_by_role("link", name="Delete all").click()
    expect(page.get_by_role("dialog")).to_contain_text("2 messages")
    page.get_by_role("button", name="Delete").click()
    for one in (page, other):
        expect(one.get_by_role("heading", level=1)).to_have_text("Nothing captured yet")
        expect(one.locator("a.row")).to_have_count(0)


def test_mark_all_read_takes_every_dot_away(page: Page, program: Program) -> None:
    send(program, "One", "Two")
    open_inbox(page, program)
    page.get_by_role("button", name="Mark all read").click()
    expect(page.locator(".unread")).to_have_count(0)
    expect(page).to_have_title("Mailsluice")


def test_a_lost_connection_is_told_and_made_up_for(page: Page, start: Program.Starter, tmp_path: Path) -> None:
    database = str(tmp_path / "mail.db")
    first = start("-d", database)
    open_inbox(page, first)
    first.stop()
    expect(page.locator("#live")).to_have_text("Reconnecting…")
    second = start("-d", database, "-l", f"127.0.0.1:{first.web_port}")
    send(second, "Meanwhile")
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.locator("a.row .subject")).to_have_text(["Meanwhile"])


def test_back_and_forward_show_what_was_there(page: Page, program: Program) -> None:
    send(program, "One", "Two")
    open_inbox(page, program)
    page.get_by_role("link", name="One").click()
    expect(page.locator("#subject")).to_have_text("One")
    page.get_by_role("link", name="Two").click()
    expect(page.locator("#subject")).to_have_text("Two")
    page.go_back()
    expect(page.locator("#subject")).to_have_text("One")
    expect(page.locator("a.row[aria-current=true] .subject")).to_have_text("One")
    expect(page).to_have_title("One · Mailsluice")
    page.go_forward()
    expect(page.locator("#subject")).to_have_text("Two")
    page.reload()
    expect(page.locator("#subject")).to_have_text("Two")


def test_ten_tabs_share_one_stream_and_all_stay_live(context: BrowserContext, program: Program) -> None:
    pages = [context.new_page() for _ in range(10)]
    for page in pages:
        open_inbox(page, program)
    send(program, "For everybody")
    for page in pages:
        expect(page.locator("a.row .subject")).to_have_text(["For everybody"])


@pytest.fixture
def tracker() -> Iterator[tuple[str, threading.Event]]:
    """Somebody else's web server: an image's address, and whether anything was ever asked of it."""
    asked = threading.Event()

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/1.gif", asked
        server.shutdown()


def test_a_mail_runs_no_script_and_loads_nothing_before_a_click(
    page: Page, program: Program, tracker: tuple[str, threading.Event]
) -> None:
    image, asked = tracker
    hostile = (
        f'<h2>Invoice</h2><img src="{image}" onerror="top.hit = 1"><script>top.hit = 1</script>'
        '<form action="/messages/deletion" method="post"><button>Pay</button></form>'
    )
    id = program.send(mail("Hostile", hostile, "text/html"))
    open_inbox(page, program, f"messages/{id}")
    frame = page.frame_locator("iframe")
    expect(frame.locator("h2")).to_have_text("Invoice")
    frame.get_by_role("button", name="Pay").click()
    expect(page.locator("#remote")).to_contain_text("Not loaded: 1 image from 127.0.0.1")
    assert page.evaluate("window.hit") is None
    assert program.api("messages")["total"] == 1
    assert not asked.is_set()
    page.get_by_role("link", name="Load it").click()
    expect(page.locator("#remote")).to_contain_text("Loaded: 1 image from 127.0.0.1")
    assert asked.wait(15)
    assert page.evaluate("window.hit") is None


def test_a_mails_own_images_are_shown_in_its_frame(page: Page, program: Program, complaints: list[str]) -> None:
    raw = (
        b"Subject: Inline\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
        b'Content-Type: text/html\r\n\r\n<p>Logo <img alt="Logo" src="cid:logo@x"></p>\r\n--b\r\n'
        b"Content-Type: image/gif\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
        b"R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\r\n--b--\r\n"
    )
    open_inbox(page, program, f"messages/{program.send(raw)}")
    image = page.frame_locator("iframe").get_by_alt_text("Logo")
    expect(image).to_have_js_property("naturalWidth", 1)
    assert complaints == []


def test_pages_work_without_javascript(browser: Browser, program: Program) -> None:
    send(program, "One", "Two")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(program.url)
        page.get_by_role("link", name="One").click()
        expect(page.locator("#subject")).to_have_text("One")
        page.get_by_role("link", name="Transcript").click()
        expect(page.locator(".transcript")).to_contain_text("C: DATA")
        page.locator("#pane").get_by_role("button", name="Delete", exact=True).click()
        expect(page.locator("a.row .subject")).to_have_text(["Two"])
        page.get_by_role("button", name="Mark all read").click()
        expect(page.locator(".unread")).to_have_count(0)
        expect(page.locator("#live")).to_be_hidden()


@pytest.mark.parametrize("subject", ["Short", "x" * 990, "ご注文の確認" * 60, "=?utf-8?b?2KrYo9mD2YrYrw==?="])
def test_nothing_is_wider_than_a_phone(browser: Browser, program: Program, subject: str) -> None:
    id = program.send(mail(subject, "https://example.test/" + "y" * 500))
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        for path in ("", f"messages/{id}", f"messages/{id}/headers", f"messages/{id}/transcript"):
            open_inbox(page, program, path)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_on_a_phone_list_and_message_take_turns(browser: Browser, program: Program) -> None:
    send(program, "One")
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        open_inbox(page, program)
        page.get_by_role("link", name="One").click()
        expect(page.locator("#messages")).to_be_hidden()
        expect(page.locator("#pane")).to_be_focused()
        page.get_by_role("link", name="Inbox", exact=True).click()
        expect(page.locator("#messages")).to_be_visible()
        expect(page.locator("#pane")).to_have_css("clip-path", "inset(50%)")  # kept for its heading


def test_a_list_grows_as_it_is_scrolled_and_stays_long(page: Page, program: Program) -> None:
    send(program, *(f"Message {number}" for number in range(120)))
    open_inbox(page, program)
    rows = page.locator("a.row")
    expect(rows).to_have_count(50)
    page.locator("#older").scroll_into_view_if_needed()
    expect(rows).to_have_count(100)
    send(program, "Newest")
    expect(rows.first).to_contain_text("Newest")
    assert rows.count() >= 100


def test_every_target_is_large_enough(page: Page, program: Program) -> None:
    (id,) = send(program, "One")
    open_inbox(page, program, f"messages/{id}")
    targets = ".bar :is(a, button), .list :is(a, button), .message-head :is(.btn, .tabs a)"
    sizes = page.eval_on_selector_all(
        targets,
        "all => all.filter(one => one.checkVisibility())"
        ".map(one => [one.getBoundingClientRect().width, one.offsetHeight, one.outerHTML])",
    )
    assert len(sizes) > 10
    for width, height, html in sizes:
        assert min(width, height) >= 24, html


def test_the_page_tells_times_as_the_server_does(browser: Browser, program: Program) -> None:
    with browser.new_context(timezone_id="Asia/Tokyo") as context:
        page = context.new_page()
        open_inbox(page, program)
        present = now()
        for minutes in (0, 1, 59, 60, 1439, 1440, 2879, 2880, 10_079):
            time = present - minutes * 60_000_000
            told = page.evaluate(
                "([time, now]) => relative(new Date(time), new Date(now))", [time // 1000, present // 1000]
            )
            assert told == ago(time, now=present)
