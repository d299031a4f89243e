"""Selecting messages in a real browser: by mouse, by keys, on a phone. Needs Chromium on PATH."""

import json

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.chromium import NEEDED, PHONE
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.e2e.ticking import expect_selected, row, tick
from tests.program import Program

pytestmark = NEEDED


def tags_of(program: Program) -> dict[str, list[str]]:
    _, answer = program.request("GET", "/api/v1/messages?limit=500")
    return {one["Subject"]: one["Tags"] for one in json.loads(answer)["messages"]}


def test_keys_select_rows_and_escape_lets_go(page: Page, program: Program, complaints: list[str]) -> None:
    send(program, "One", "Two", "Three", "Four")
    open_inbox(page, program)
    row(page, "Four").locator("a.row").focus()
    page.keyboard.press("x")
    expect_selected(page, "Four")
    expect(page.locator("#announcement")).to_have_text("1 selected")
    row(page, "Two").locator("a.row").focus()
    page.keyboard.press("Shift+X")
    expect_selected(page, "Four", "Three", "Two")
    page.keyboard.press("x")
    expect_selected(page, "Four", "Three")
    expect(row(page, "Two").locator("a.row")).to_be_focused()
    page.keyboard.press("Escape")
    expect_selected(page)
    expect(row(page, "Two").locator("a.row")).to_be_focused()
    assert complaints == []


def test_x_selects_the_open_message_and_a_box_that_has_the_focus(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    row(page, "Two").locator("a.row").click()
    expect(page.locator("#subject")).to_have_text("Two")
    page.locator("#pane").focus()
    page.keyboard.press("x")
    expect_selected(page, "Two")
    row(page, "One").get_by_role("checkbox").focus()
    page.keyboard.press("x")
    expect_selected(page, "Two", "One")
    page.keyboard.press("Space")
    expect_selected(page, "Two")


def test_a_click_with_shift_selects_a_range_and_lets_go_of_one(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three", "Four", "Five")
    open_inbox(page, program)
    row(page, "Five").locator(".tickbox").click()
    row(page, "Two").locator(".tickbox").click(modifiers=["Shift"])
    expect_selected(page, "Five", "Four", "Three", "Two")
    row(page, "Four").locator(".tickbox").click(modifiers=["Shift"])
    expect_selected(page, "Five")
    assert page.evaluate("String(getSelection())") == ""


def test_arrivals_and_opened_messages_leave_the_selection_alone(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    tick(page, "One", "Three")
    send(program, "Four")
    expect_rows(page, "Four", "Three", "Two", "One")
    expect_selected(page, "Three", "One")
    row(page, "Two").locator("a.row").click()
    expect(page.locator("#subject")).to_have_text("Two")
    expect_selected(page, "Three", "One")


def test_what_is_deleted_elsewhere_leaves_the_selection(page: Page, program: Program) -> None:
    ids = send(program, "One", "Two", "Three")
    open_inbox(page, program)
    tick(page, "One", "Three")
    assert program.request("POST", f"/messages/{ids[0]}/deletion")[0] == 303
    expect_rows(page, "Three", "Two")
    expect_selected(page, "Three")


def test_what_arrivals_push_out_of_the_list_stays_selected(page: Page, program: Program) -> None:
    send(program, *(f"Old {number}" for number in range(55)))
    open_inbox(page, program)
    tick(page, "Old 54", "Old 53")
    page.locator("#pane").focus()  # or the list would keep the row that has the focus
    send(program, *(f"New {number}" for number in range(70)))
    expect(page.locator("a.row .subject").first).to_have_text("New 69")
    expect(page.locator("#selection .selected")).to_have_text("2 selected")
    expect(page.locator("#unseen input")).to_have_count(2)
    page.keyboard.press("p")
    expect(page.locator("#undo")).to_have_text("2 messages pinned")


def test_another_search_has_another_selection(page: Page, program: Program) -> None:
    send(program, "One", "Two")
    open_inbox(page, program)
    tick(page, "One")
    page.locator("#q").fill("two")
    page.locator("#q").press("Enter")
    expect_rows(page, "Two")
    expect_selected(page)
    page.go_back()
    expect_rows(page, "Two", "One")
    expect_selected(page)


def test_all_that_match_are_those_that_there_were(page: Page, program: Program, complaints: list[str]) -> None:
    send(program, *(f"Bill {number}" for number in range(60)), "Other")
    open_inbox(page, program, "?q=bill")
    page.get_by_role("checkbox", name="Select all that are shown").click()
    expect(page.locator("#selection .selected")).to_have_text("50 selected")
    expect(page.locator("#selected")).to_be_focused()
    page.get_by_role("button", name="Select all 60 that match").click()
    expect(page.locator("#selection .selected")).to_have_text("60 selected")
    send(program, "Bill 60")
    expect(page.locator("a.row .subject").first).to_have_text("Bill 60")
    expect(row(page, "Bill 60").get_by_role("checkbox")).not_to_be_checked()
    expect(row(page, "Bill 59").get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("t")
    expect(page.get_by_role("dialog", name="Tag 60 messages")).to_be_visible()
    page.keyboard.type("late")
    page.keyboard.press("Enter")
    expect(page.locator("#undo")).to_have_text("60 messages tagged: late")
    tags = tags_of(program)
    assert len([name for name in tags if tags[name] == ["late"]]) == 60
    assert tags["Bill 60"] == tags["Other"] == []
    assert complaints == []


def test_one_box_less_makes_all_that_match_those_that_are_shown(page: Page, program: Program) -> None:
    send(program, *(f"Bill {number}" for number in range(60)))
    open_inbox(page, program)
    page.get_by_role("checkbox", name="Select all that are shown").click()
    page.get_by_role("button", name="Select all 60 messages").click()
    row(page, "Bill 59").get_by_role("checkbox").uncheck()
    shown = page.locator("#rows [name=id]").count()
    expect(page.locator("#selection .selected")).to_have_text(f"{shown - 1} selected")
    assert page.locator("#selected").evaluate("box => box.indeterminate")
    page.locator("#selected").check()
    expect(page.locator("#selection .selected")).to_have_text(f"{shown} selected")
    page.locator("#selected").uncheck()
    expect(page.locator("#selection")).to_be_hidden()


def test_on_a_phone_the_boxes_are_there_and_large_enough(browser: Browser, program: Program) -> None:
    send(program, "One", "Two")
    with browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        open_inbox(page, program)
        box = row(page, "Two").get_by_role("checkbox")
        expect(box).to_have_css("opacity", "1")
        row(page, "Two").locator(".tickbox").tap()
        expect_selected(page, "Two")
        targets = page.locator("#selection :is(button, summary, .tickbox):visible, .item .tickbox")
        sizes = [target.bounding_box() for target in targets.all()]
        assert all(size and min(size["width"], size["height"]) >= 24 for size in sizes)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("width", [900, 1280, 1920])
def test_no_row_moves_when_the_first_box_is_ticked(browser: Browser, program: Program, width: int) -> None:
    send(program, "One", "Two")
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        open_inbox(page, program)
        before = row(page, "One").bounding_box()
        tick(page, "One")
        expect_selected(page, "One")
        assert row(page, "One").bounding_box() == before
