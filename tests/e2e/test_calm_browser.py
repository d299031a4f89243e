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


def test_the_buttons_of_a_message_stay_whatever_its_subject_is(page: Page, program: Program) -> None:
    *_, long, short = send(program, "Your order of three pairs of shoes has left our house in Berlin", "Lunch")
    page.set_viewport_size(DESK)
    page.goto(f"{program.url}messages/{long}")
    assert place(page.locator("#subject"))[3] < 40
    buttons = place(page.locator(".actions"))
    page.goto(f"{program.url}messages/{short}")
    assert place(page.locator(".actions")) == buttons
    assert place(page.locator("#subject"))[1] >= buttons[1] + buttons[3]


def test_the_search_box_stands_beside_the_name_while_there_is_one_mailbox(page: Page, program: Program) -> None:
    send(program, "One")
    page.set_viewport_size(DESK)
    open_inbox(page, program)
    name = place(page.locator(".brand"))
    assert place(page.locator("#q"))[0] - name[0] - name[2] < 30
    send(program, "Two", user="shop")
    expect(page.locator("#mailboxes")).to_be_visible()


def test_the_search_box_stays_whatever_the_connection_does(page: Page, program: Program) -> None:
    page.set_viewport_size(DESK)
    open_inbox(page, program)
    before = place(page.locator("#q"))
    for state in ("lost", "connecting"):
        page.evaluate("(state) => hear({ state })", state)
        expect(page.locator("#live")).to_have_attribute("data-state", state)
        assert place(page.locator("#q")) == before


def test_a_tag_that_is_offered_for_removal_is_no_higher_than_its_line(page: Page, program: Program) -> None:
    send(program, "One", "Two")
    program.send(b"X-Tags: billing\r\nFrom: ada@example.test\r\nSubject: Three\r\n\r\nHello\r\n")
    open_inbox(page, program)
    page.locator(".list-head [data-all-shown]").click()
    expect(page.locator("#selection .selected")).to_have_text("3 selected")
    page.keyboard.press("t")
    assert place(page.locator(".tagging .tag"))[3] < 32


def test_the_link_that_unsubscribes_has_the_icon_of_any_other_link(page: Page, program: Program) -> None:
    id = program.send(b"From: a@x.test\r\nList-Unsubscribe: <https://x.test/leave>\r\nSubject: News\r\n\r\nHello\r\n")
    page.goto(f"{program.url}messages/{id}")
    link = page.locator(".leaving .link")
    assert place(link.locator(".icon"))[2:] == (14, 14)
    expect(link).to_have_css("align-items", "center")


def test_the_sheet_of_keys_opens_without_a_ring_around_what_is_only_scrolled(page: Page, program: Program) -> None:
    open_inbox(page, program)
    page.keyboard.press("?")
    expect(page.locator(".keys")).to_be_focused()
    expect(page.locator(".keys")).to_have_css("outline-style", "none")


def test_the_ring_of_a_focused_row_goes_around_its_code(page: Page, program: Program) -> None:
    program.send(b"From: Ada <ada@example.test>\r\nSubject: Sign in\r\n\r\nYour verification code is 482913.\r\n")
    open_inbox(page, program)
    page.keyboard.press("Tab")
    page.locator("a.row").focus()
    expect(page.locator("#messages .quick")).to_be_visible()
    expect(page.locator(".item")).to_have_css("outline-style", "solid")
    expect(page.locator("a.row")).to_have_css("outline-style", "none")
