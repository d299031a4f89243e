"""The inbox keeps calm: nothing is cut or jumps, and it says when it shows what is not asked for any more."""

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.e2e.chromium import NEEDED, PHONE
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.program import Program

pytestmark = NEEDED

DESK: ViewportSize = {"width": 1280, "height": 800}


def place(locator: Locator) -> tuple[float, float, float, float]:
    box = locator.bounding_box()
    assert box
    return box["x"], box["y"], box["width"], box["height"]


@pytest.mark.parametrize("viewport", [DESK, PHONE])
def test_no_page_can_be_scrolled_as_a_whole(page: Page, program: Program, viewport: ViewportSize) -> None:
    *_, id = send(program, *(f"Message {number}" for number in range(50)))
    page.set_viewport_size(viewport)
    for path in ("", "?q=nothing", f"messages/{id}", f"messages/{id}/parts", "releases", "profiles", "sessions"):
        page.goto(program.url + path)
        size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert size == [viewport["width"], viewport["height"]], path


def test_what_was_typed_while_nobody_answered_is_searched_for(page: Page, program: Program) -> None:
    send(program, "Lunch", "Dinner")
    open_inbox(page, program)
    page.route("**/?q=*", lambda route: route.abort())
    page.evaluate("hear({ state: 'lost' })")
    page.locator("#q").fill("lunch")
    expect(page.locator("#announcement.spoken")).to_be_visible()
    page.unroute("**/?q=*")
    page.evaluate("hear({ ...newest, state: 'live', id: head().dataset.sequence })")
    expect_rows(page, "Lunch")
    expect(page.locator("#q")).to_have_value("lunch")


def test_what_is_half_typed_dims_what_was_found_before(page: Page, program: Program) -> None:
    send(program, "Lunch", "Dinner")
    open_inbox(page, program, "?q=lunch")
    page.locator("#q").press("End")
    page.locator("#q").press_sequentially(" is:un")
    expect(page.locator(".term")).to_have_css("border-style", "dashed")
    page.locator("#q").press_sequentially("read")
    expect(page.locator(".term")).to_have_count(2)
    expect(page.locator(".term").first).to_have_css("border-style", "solid")


def test_the_parentheses_of_a_group_are_seen(page: Page, program: Program) -> None:
    page.goto(program.url + "?q=-(a+b)+((c+d)+OR+e)")
    for name in (".piece-open:first-child", ".piece-close:last-child"):
        piece = page.locator(name)
        left, _, width, _ = place(piece)
        around, _, room, _ = place(piece.locator(".."))
        assert around <= left
        assert left + width <= around + room


def test_a_subject_has_the_width_that_its_buttons_leave_or_all_of_it(page: Page, program: Program) -> None:
    *_, long, short = send(program, "Your order of three pairs of shoes has left our house in Berlin", "Lunch")
    page.set_viewport_size(DESK)
    page.goto(f"{program.url}messages/{long}")
    assert place(page.locator("#subject"))[3] < 40
    page.goto(f"{program.url}messages/{short}")
    assert place(page.locator("#subject"))[1] <= place(page.locator(".actions"))[1] + 10


def test_the_search_box_stays_when_a_second_mailbox_comes(page: Page, program: Program) -> None:
    send(program, "One")
    page.set_viewport_size(DESK)
    open_inbox(page, program)
    before = place(page.locator("#q"))
    send(program, "Two", user="shop")
    expect(page.locator("#mailboxes")).to_be_visible()
    assert place(page.locator("#q")) == before


def test_the_ring_of_a_focused_row_goes_around_its_code(page: Page, program: Program) -> None:
    program.send(b"From: Ada <ada@example.test>\r\nSubject: Sign in\r\n\r\nYour verification code is 482913.\r\n")
    open_inbox(page, program)
    page.keyboard.press("Tab")
    page.locator("a.row").focus()
    expect(page.locator("#messages .quick")).to_be_visible()
    expect(page.locator(".item")).to_have_css("outline-style", "solid")
    expect(page.locator("a.row")).to_have_css("outline-style", "none")
