"""What somebody is at in the inbox stays at hand, whatever comes and goes around it."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.chromium import NEEDED
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.e2e.ticking import row
from tests.program import Program

pytestmark = NEEDED

OLD = [f"Old {number}" for number in range(55)]
NEW = [f"New {number}" for number in range(60)]


def open_row(page: Page, subject: str) -> None:
    row(page, subject).locator("a.row").click()
    expect(page.locator("#subject")).to_have_text(subject)


def change(program: Program, path: str, content: object) -> None:
    assert program.request("PUT", f"/api/v1/{path}", body=json.dumps(content).encode())[0] == 200


def test_what_happens_while_the_scripts_still_come_throws_nothing(
    page: Page, program: Program, complaints: list[str]
) -> None:
    send(program, "One")
    held: list[Route] = []
    page.route("**/app.js", lambda route: held.append(route))
    with page.expect_request("**/app.js"):
        page.goto(program.url, wait_until="commit")
    page.wait_for_function("() => Boolean(window.htmx && typeof keepFocus === 'function')")
    page.evaluate(
        """() => {
          const ctx = { sourceElement: document.querySelector("#messages"), target: "#messages", request: {} }
          for (const name of ["htmx:before:request", "htmx:before:swap", "htmx:finally:swap"]) {
            document.dispatchEvent(new CustomEvent(name, { detail: { ctx } }))
          }
          for (const name of ["popstate", "focus", "pageshow"]) dispatchEvent(new Event(name))
          document.querySelector("#q").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }))
          document.querySelector("a.row").dispatchEvent(new FocusEvent("focusin", { bubbles: true }))
        }"""
    )
    for route in held:
        route.continue_()
    expect(page.locator("#live")).to_have_text("Live")
    assert complaints == []


def test_the_row_that_has_the_focus_stays_in_the_list_through_a_burst(page: Page, program: Program) -> None:
    send(program, *OLD)
    open_inbox(page, program)
    row(page, "Old 51").locator("a.row").focus()
    send(program, *NEW)
    expect(page.locator("a.row .subject").first).to_have_text("New 59")
    expect(row(page, "Old 51").locator("a.row")).to_be_focused()
    page.keyboard.press("#")
    expect(row(page, "Old 51")).to_have_count(0)
    expect(row(page, "Old 50").locator("a.row")).to_be_focused()
    expect(page.locator("#found")).to_have_text("114 messages, 114 unread")


def test_no_key_deletes_a_row_that_nobody_chose(page: Page, start: Program.Starter) -> None:
    program = start("-d", ":memory:", "--max", "3")
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    row(page, "One").locator("a.row").focus()
    send(program, "Four")
    expect_rows(page, "Four", "Three", "Two")
    expect(page.locator("#messages")).to_be_focused()
    for key in "#xs":
        page.locator("#announcement").evaluate("one => { one.textContent = '' }")
        page.keyboard.press(key)
        expect(page.locator("#announcement.spoken")).to_have_text("Choose a message in the list first.")
    expect_rows(page, "Four", "Three", "Two")
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("Two")


def test_from_a_message_too_far_down_for_the_list_keys_go_to_its_neighbours(page: Page, program: Program) -> None:
    ids = send(program, *OLD, *(f"Newer {number}" for number in range(450)))
    open_inbox(page, program, f"messages/{ids[2]}/text")
    expect(row(page, "Old 2")).to_have_count(0)
    page.keyboard.press("x")
    expect(page.locator("#announcement.spoken")).to_have_text("Choose a message in the list first.")
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("Old 1")
    page.keyboard.press("k")
    expect(page.locator("#subject")).to_have_text("Old 2")
    expect(page).to_have_url(f"{program.url}messages/{ids[2]}/text")


def test_tags_and_pin_of_the_open_message_follow_what_others_do(page: Page, program: Program) -> None:
    (id,) = send(program, "One")
    open_inbox(page, program, f"messages/{id}")
    field = page.locator("#add-tag")
    field.press_sequentially("half")
    change(program, "tags", {"IDs": [id], "Tags": ["urgent"]})
    expect(page.locator("#tags .tag")).to_contain_text("urgent")
    expect(field).to_have_value("half")
    expect(field).to_be_focused()
    page.locator("a.row").focus()
    page.keyboard.press("x")
    expect(page.locator("#announcement")).to_have_text("1 selected")
    page.keyboard.press("p")
    expect(page.locator("#pin [aria-pressed=true]")).to_be_visible()
    change(program, "tags", {"IDs": [id], "Tags": []})
    expect(page.locator("#tags .tag")).to_have_count(0)
    change(program, "messages", {"IDs": [id], "Read": False})
    expect(page.get_by_role("button", name="Mark as read")).to_be_visible()


def test_the_row_of_the_open_message_stays_in_a_search_that_it_has_left(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three", "Four")
    open_inbox(page, program, "?q=is:unread")
    open_row(page, "Three")
    expect(page.locator("#found")).to_have_text("3 found, 3 unread")
    expect_rows(page, "Four", "Three", "Two", "One")
    page.keyboard.press("k")
    expect(page.locator("#subject")).to_have_text("Four")
    expect(page.locator("#found")).to_have_text("2 found, 2 unread")
    page.keyboard.press("u")
    expect_rows(page, "Two", "One")
    send(program, "Five")
    expect_rows(page, "Five", "Two", "One")


def test_a_row_that_was_deleted_unopened_comes_back_unread(page: Page, program: Program) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    row(page, "Two").locator("a.row").focus()
    page.keyboard.press("#")
    expect_rows(page, "Three", "One")
    expect(row(page, "One").locator("a.row")).to_be_focused()
    page.keyboard.press("z")
    expect_rows(page, "Three", "Two", "One")
    expect(row(page, "Two").locator("a.row")).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")
    expect(page.locator("a.row.unread")).to_have_count(3)


@pytest.mark.parametrize("view", ["", "/text"])
def test_a_message_that_was_open_is_open_again(page: Page, program: Program, view: str) -> None:
    _, id, _ = send(program, "One", "Two", "Three")
    open_inbox(page, program, f"messages/{id}{view}")
    page.keyboard.press("#")
    expect(row(page, "One").locator("a.row")).to_be_focused()
    page.keyboard.press("z")
    expect(page.locator("#subject")).to_have_text("Two")
