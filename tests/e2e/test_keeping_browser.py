"""Tags, pins, undo, export and import in a real browser: what only a browser does. Needs Chromium on PATH."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.chromium import NEEDED, PHONE
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.program import Program

pytestmark = NEEDED


def test_a_deletion_is_taken_back_by_key(page: Page, program: Program, complaints: list[str]) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("Two")
    page.keyboard.press("#")
    expect(page.locator("#undo")).to_contain_text("1 message deleted")
    expect_rows(page, "Three", "One")
    page.keyboard.press("z")
    expect_rows(page, "Three", "Two", "One")
    expect(page.locator("#undo")).to_have_text("1 message is back")
    assert complaints == []


def test_clear_all_keeps_what_is_pinned_and_can_be_taken_back(page: Page, program: Program) -> None:
    send(program, "One", "Two")
    open_inbox(page, program)
    page.get_by_role("link", name="Two").click()
    expect(page.locator("#subject")).to_have_text("Two")
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Pinned")).to_be_visible()
    expect(page.locator("a.row .pinned")).to_have_count(1)
    page.get_by_role("link", name="Delete all").click()
    expect(page.get_by_role("dialog")).to_contain_text("of which 1 is pinned and stays")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect_rows(page, "Two")
    page.get_by_role("button", name="Undo").click()
    expect_rows(page, "Two", "One")


def test_the_way_back_goes_when_its_time_has_passed(page: Page, program: Program) -> None:
    send(program, "One", "Two")
    page.clock.install()
    page.goto(program.url)
    page.get_by_role("link", name="Two").click()
    expect(page.locator("#subject")).to_have_text("Two")
    page.keyboard.press("#")
    expect(page.locator("#undo form")).to_be_visible()
    page.clock.run_for(10_000)
    expect(page.locator("#undo form")).to_have_count(0)


def test_tags_are_given_by_key_and_removed(page: Page, program: Program, complaints: list[str]) -> None:
    send(program, "One", "Two")
    open_inbox(page, program)
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("Two")
    page.keyboard.press("t")
    page.keyboard.type("shop")
    page.keyboard.press("Enter")
    expect(page.locator("#tags .tag a")).to_have_text(["shop"])
    expect(page.locator("a.row .tag")).to_have_text(["Tag: shop"])
    expect(page.locator("#add-tag")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#subject")).to_have_text("One")
    page.go_back()
    page.get_by_role("button", name="Remove the tag shop").click()
    expect(page.locator("#tags .tag")).to_have_count(0)
    expect(page.locator("a.row .tag")).to_have_count(0)
    assert complaints == []


def test_a_tag_lists_all_that_have_it(page: Page, program: Program) -> None:
    (id, _) = send(program, "One", "Two")
    program.request(
        "POST", f"/messages/{id}/tags", body=b"add=shop", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    open_inbox(page, program, f"messages/{id}")
    page.locator("#tags .tag a").click()
    expect_rows(page, "One")
    expect(page.locator("#q")).to_have_value("tag:shop")


def test_messages_are_exported_and_imported(page: Page, program: Program, tmp_path: Path) -> None:
    send(program, "One", "Two", "Three")
    open_inbox(page, program, "?q=one+OR+two")
    page.locator("#exchange summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export these as mbox").click()
    file = tmp_path / "mail.mbox"
    download.value.save_as(file)
    page.locator("#exchange summary").click()
    page.get_by_role("link", name="Import messages…").click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("2 messages are in the inbox")).to_be_visible()
    assert program.api("messages")["total"] == 5


def test_everything_works_without_javascript(browser: Browser, program: Program) -> None:
    send(program, "Invoice", "Lunch")
    send(program, "Order", user="shop")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(program.url)
        page.get_by_label("Search messages").fill("lunch")
        page.get_by_label("Search messages").press("Enter")
        expect_rows(page, "Lunch")
        page.locator("a.row").click()
        page.get_by_label("Add a tag").fill("food")
        page.get_by_label("Add a tag").press("Enter")
        expect(page.locator("#tags .tag a")).to_have_text(["food"])
        page.locator("#pane").get_by_role("button", name="Pin").click()
        expect(page.get_by_role("button", name="Pinned")).to_be_visible()
        page.locator("#pane").get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Undo").click()
        expect_rows(page, "Lunch")
        page.get_by_role("link", name="Clear").click()
        page.locator("#mailboxes summary").click()
        page.get_by_role("link", name="shop").first.click()
        expect_rows(page, "Order")
        page.get_by_role("link", name="Delete all in shop").click()
        page.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("heading", name="Nothing in shop")).to_be_visible()


def test_nothing_of_it_is_wider_than_a_phone(browser: Browser, program: Program) -> None:
    send(program, "Lunch")
    (id,) = send(program, "Invoice", user="a-very-long-name-of-a-mailbox@customers.example.test")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    program.request("POST", f"/messages/{id}/tags", body=b"add=" + b",".join([b"x" * 90, b"y", b"z"]), headers=form)
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        for path in (
            "?q=invoice",
            "?q=" + "z" * 300,
            "?q=has:foo",
            f"messages/{id}?q=invoice",
            "imports",
            "?mailbox=b",
        ):
            page.goto(program.url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        page.goto(program.url)
        page.locator("#exchange summary").click()
        page.locator("#mailboxes summary").click()
        expect(page.get_by_role("link", name="All mailboxes")).to_be_in_viewport(ratio=1)
        expect(page.locator("#q")).to_be_visible()


def test_every_target_of_it_is_large_enough(page: Page, program: Program) -> None:
    send(program, "Lunch")
    (id,) = send(program, "Invoice", user="shop")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    program.request("POST", f"/messages/{id}/tags", body=b"add=a,b", headers=form)
    open_inbox(page, program, f"messages/{id}?q=invoice")
    page.eval_on_selector_all("details.menu", "menus => menus.forEach(menu => { menu.open = true })")
    targets = ".list :is(a, button, summary), .tags :is(a, button, input), .bar input[type=search], .actions button"
    visible, measure = "one => one.checkVisibility()", "one => [one.offsetWidth, one.offsetHeight, one.outerHTML]"
    sizes = page.eval_on_selector_all(targets, f"all => all.filter({visible}).map({measure})")
    assert len(sizes) > 10
    for width, height, html in sizes:
        assert min(width, height) >= 24, html
