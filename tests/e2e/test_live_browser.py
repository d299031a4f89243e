"""The open inbox follows what happens to the mail, in many tabs, hidden ones and such that slept, and asks little."""

import json
import smtplib
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.e2e.chromium import NEEDED
from tests.e2e.inbox_page import expect_rows, mail, open_inbox, send
from tests.program import Program, deliver

pytestmark = NEEDED

# Playwright's pages all believe that they are looked at.
UNSEEN = """
  let isHidden = false
  Object.defineProperty(document, "hidden", { get: () => isHidden })
  Object.defineProperty(document, "visibilityState", { get: () => isHidden ? "hidden" : "visible" })
  document.hasFocus = () => !isHidden
  window.hide = (hidden) => {
    isHidden = hidden
    document.dispatchEvent(new Event("visibilitychange"))
  }
"""
NOTIFYING = """
  window.notified = []
  window.Notification = class extends EventTarget {
    static permission = "granted"
    constructor(title, options) {
      super()
      Object.assign(this, options, { title })
      notified.push(this)
    }
    close() {}
  }
"""
# Wait until arrivals were told, and what follows from it is done.
HEARD = """
async () => {
  await new Promise((resolve) => {
    new BroadcastChannel("mailsluice").addEventListener("message", ({ data }) => data.arrived && resolve())
  })
  for (let turn = 0; turn < 3; turn++) await navigator.locks.query()
}
"""
SHIFTS = """
  window.shifts = []
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const moved = entry.sources.map(({ node }) => node?.parentElement?.closest("#messages") ? "list" : node?.nodeName)
      shifts.push([entry.value, ...moved])
    }
  }).observe({ type: "layout-shift", buffered: true })
"""


@pytest.fixture
def asked(page: Page) -> list[str]:
    """What the page asked the server for since it was opened."""
    urls: list[str] = []

    def note(request: Request) -> None:
        if request.resource_type == "fetch":
            urls.append(request.url)

    page.on("request", note)
    return urls


def api(program: Program, method: str, path: str, content: Any) -> None:
    status, answer = program.request(method, f"/api/v1/{path}", body=json.dumps(content).encode())
    assert status == 200, answer


def settled(page: Page) -> None:
    """Wait until the list knows the newest event and nothing is planned."""
    page.evaluate(
        """async () => {
          while (planned || isBehind()) await new Promise(requestAnimationFrame)
        }"""
    )


def test_a_burst_of_a_thousand_costs_a_handful_of_requests(page: Page, program: Program, asked: list[str]) -> None:
    open_inbox(page, program)
    with smtplib.SMTP("127.0.0.1", program.smtp_port, timeout=30) as client:
        for number in range(1000):
            deliver(client, mail(f"Message {number}"), "ada@example.test", ("bob@example.test",))
    expect(page.locator("#found")).to_have_text("1,000 messages, 1,000 unread")
    expect(page.locator("a.row .subject").first).to_have_text("Message 999")
    settled(page)
    assert len(asked) <= 10


def test_what_the_page_knows_is_not_asked_for(page: Page, program: Program, asked: list[str]) -> None:
    (id,) = send(program, "Old")
    open_inbox(page, program)
    send(program, "New")
    expect_rows(page, "New", "Old")
    settled(page)
    assert [url.removeprefix(program.url).partition("?")[0] for url in asked] == ["messages"]
    page.evaluate("wake()")
    with page.expect_response("**/messages*"):
        api(program, "PUT", "messages", {"IDs": [id], "Read": True})
    settled(page)
    assert len(asked) == 2


def test_what_others_do_appears(page: Page, program: Program) -> None:
    first, second = send(program, "One", "Two")
    open_inbox(page, program)
    expect(page.locator(".unread")).to_have_count(2)
    api(program, "PUT", "messages", {"IDs": [first], "Read": True})
    expect(page.locator(".unread")).to_have_count(1)
    expect(page).to_have_title("(1) Mailsluice")
    api(program, "PUT", "tags", {"IDs": [first], "Tags": ["urgent"]})
    expect(page.locator(f"#message-{first} .tag")).to_contain_text("urgent")
    api(program, "DELETE", "messages", {"IDs": [second]})
    expect_rows(page, "One")
    expect(page).to_have_title("Mailsluice")


def test_the_oldest_leave_the_open_list_when_there_are_too_many(page: Page, start: Program.Starter) -> None:
    program = start("-d", ":memory:", "--max", "3")
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    send(program, "Four")
    expect_rows(page, "Four", "Three", "Two")


def test_the_place_in_the_list_outlives_new_mail(page: Page, program: Program) -> None:
    send(program, *(f"Message {number}" for number in range(60)))
    open_inbox(page, program)
    page.evaluate("document.querySelector('#messages').style.overflowAnchor = 'none'")  # as Safari has it
    row = page.locator("a.row", has_text="Message 30").first
    row.scroll_into_view_if_needed()
    row.focus()
    before = row.bounding_box()
    send(program, "New")
    expect(page.locator("a.row .subject").first).to_have_text("New")
    expect(row).to_be_focused()
    after = row.bounding_box()
    assert before
    assert after
    assert abs(after["y"] - before["y"]) <= 1


def test_a_half_typed_search_outlives_new_mail(page: Page, program: Program) -> None:
    send(program, "Old")
    open_inbox(page, program)
    page.locator("#q").press_sequentially("from:")
    page.keyboard.press("ArrowLeft")
    send(program, "New")
    expect_rows(page, "New", "Old")
    page.keyboard.press("End")
    page.keyboard.type("ada ne")
    expect(page.locator("#q")).to_have_value("from:ada ne")
    expect_rows(page, "New")


def test_a_hidden_page_asks_for_nothing_and_catches_up_when_shown(
    page: Page, program: Program, asked: list[str]
) -> None:
    page.add_init_script(UNSEEN)
    open_inbox(page, program)
    page.evaluate("hide(true)")
    send(program, "One", "Two", "Three")
    expect(page).to_have_title("(3) Mailsluice")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/static/favicon-unread.svg")
    assert asked == []
    page.evaluate("hide(false)")
    expect_rows(page, "Three", "Two", "One")
    settled(page)
    assert len(asked) == 1
    page.get_by_role("button", name="Mark all read").click()
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/static/favicon.svg")


def test_a_page_that_was_frozen_catches_up(page: Page, context: BrowserContext, program: Program) -> None:
    open_inbox(page, program)
    controls = context.new_cdp_session(page)
    controls.send("Page.setWebLifecycleState", {"state": "frozen"})
    send(program, "Meanwhile")
    controls.send("Page.setWebLifecycleState", {"state": "active"})
    expect_rows(page, "Meanwhile")


def test_a_page_that_is_gone_back_to_catches_up(page: Page, program: Program) -> None:
    open_inbox(page, program)
    page.goto("about:blank")
    send(program, "Meanwhile")
    page.go_back()
    expect_rows(page, "Meanwhile")


def test_without_shared_workers_a_page_follows_by_itself(page: Page, program: Program) -> None:
    page.add_init_script("delete window.SharedWorker")
    open_inbox(page, program)
    send(program, "New")
    expect_rows(page, "New")


def test_after_sleep_a_silent_connection_is_replaced(page: Page, program: Program) -> None:
    page.add_init_script("""
      delete window.SharedWorker
      window.connections = []
      window.EventSource = class extends EventSource {
        constructor(path) {
          super(path)
          connections.push(this)
        }
      }
    """)
    open_inbox(page, program)
    page.evaluate("wake()")
    assert page.evaluate("connections.length") == 1
    page.evaluate("const then = Date.now; Date.now = () => then() + 60_000")
    page.evaluate("wake()")
    assert page.evaluate("connections.map((one) => one.readyState === EventSource.CLOSED)") == [True, False]
    send(program, "New")
    expect_rows(page, "New")


@pytest.fixture
def tabs(context: BrowserContext, program: Program) -> Callable[[int], list[Page]]:
    """Hidden pages that want notifications, which they would show to nobody but the test."""

    def open_tabs(number: int) -> list[Page]:
        context.add_init_script(UNSEEN + NOTIFYING + "try { localStorage.notify = 'on' } catch {}")
        pages = [context.new_page() for _ in range(number)]
        for page in pages:
            open_inbox(page, program)
        for page in pages:
            page.evaluate("hide(true)")
        return pages

    return open_tabs


def notified(pages: list[Page]) -> list[list[str]]:
    return [one for page in pages for one in page.evaluate("notified.map((one) => [one.title, one.body, one.tag])")]


def test_one_of_many_hidden_tabs_notifies_once_of_a_burst(tabs: Callable[[int], list[Page]], program: Program) -> None:
    pages = tabs(4)
    page = pages[2]
    page.evaluate(f"void (window.heard = ({HEARD})())")
    send(program, "One", "Two", "Three")
    page.evaluate("heard")
    for one in pages:
        one.evaluate("navigator.locks.query()")
    assert notified(pages) == [["3 new messages", "Ada: Three", "mailsluice"]]


def test_a_notification_opens_its_message(tabs: Callable[[int], list[Page]], program: Program) -> None:
    (page,) = tabs(1)
    page.evaluate(f"void (window.heard = ({HEARD})())")
    send(program, "Hello")
    page.evaluate("heard")
    assert notified([page]) == [["Ada", "Hello", "mailsluice"]]
    page.evaluate("hide(false)")
    page.evaluate("notified[0].dispatchEvent(new Event('click'))")
    expect(page.locator("#subject")).to_have_text("Hello")


def test_who_looks_at_a_tab_is_not_notified(tabs: Callable[[int], list[Page]], program: Program) -> None:
    pages = tabs(2)
    pages[1].evaluate("hide(false)")
    pages[0].evaluate(f"void (window.heard = ({HEARD})())")
    send(program, "Hello")
    pages[0].evaluate("heard")
    assert notified(pages) == []
    expect_rows(pages[1], "Hello")


def test_nothing_shifts_while_the_page_loads_and_mail_arrives(page: Page, program: Program) -> None:
    send(program, *(f"Message {number}" for number in range(20)))
    page.add_init_script(SHIFTS)
    open_inbox(page, program)
    painted = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
    page.evaluate(painted)
    loaded = page.evaluate("shifts")
    assert sum(shift[0] for shift in loaded) < 0.01, loaded
    send(program, "New")
    expect(page.locator("a.row .subject").first).to_have_text("New")
    page.evaluate(painted)
    elsewhere = [shift for shift in page.evaluate("shifts") if set(shift[1:]) != {"list"}]
    assert sum(shift[0] for shift in elsewhere) < 0.01, elsewhere
