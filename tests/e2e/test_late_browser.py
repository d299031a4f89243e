"""What a first look loads, and what comes later, with its first use."""

from playwright.sync_api import CDPSession, Page, Route, expect

from tests.e2e.chromium import NEEDED
from tests.e2e.inbox_page import open_inbox, send
from tests.e2e.ticking import expect_selected, row
from tests.program import Program

pytestmark = NEEDED


def test_a_first_look_loads_less_than_70_kilobytes(page: Page, program: Program) -> None:
    send(program, *(f"Message {number}" for number in range(50)))
    sizes: list[int] = []
    watcher: CDPSession = page.context.new_cdp_session(page)
    watcher.send("Network.enable")
    watcher.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    open_inbox(page, program)
    assert 30_000 < sum(sizes) < 70_000, sizes
    assert len(sizes) <= 17


def test_what_is_ticked_before_the_selection_is_there_is_selected(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three", "Four")
    held: list[Route] = []
    page.route("**/select.js", lambda route: held.append(route))
    open_inbox(page, program)
    with page.expect_request("**/select.js"):
        row(page, "Four").locator(".tickbox").click()
    row(page, "Two").locator(".tickbox").click(modifiers=["Shift"])
    held[0].continue_()
    expect_selected(page, "Four", "Three", "Two")
    expect(page.locator("#announcement")).to_have_text("3 selected")


def test_what_is_typed_before_completion_is_there_is_completed(page: Page, program: Program) -> None:
    send(program, "One")
    held: list[Route] = []
    page.route("**/complete.js", lambda route: held.append(route))
    open_inbox(page, program)
    with page.expect_request("**/complete.js"):
        page.locator("#q").focus()
    page.keyboard.type("is:unr")
    held[0].continue_()
    expect(page.get_by_role("option", name="is:unread")).to_be_visible()
