"""The settings of a browser: at once in all its tabs, before the first paint, and honest about notifications."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.chromium import NEEDED
from tests.e2e.inbox_page import expect_rows, open_inbox, send
from tests.program import Program

pytestmark = NEEDED

GROUND = "getComputedStyle(document.body).backgroundColor"


def open_settings(page: Page, program: Program) -> None:
    open_inbox(page, program)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()


def test_the_theme_changes_in_all_tabs_and_stays(context: BrowserContext, program: Program) -> None:
    page, other = context.new_page(), context.new_page()
    open_inbox(other, program)
    open_settings(page, program)
    light = page.evaluate(GROUND)
    page.get_by_role("radio", name="Dark").check()
    dark = page.evaluate(GROUND)
    assert dark != light
    other.wait_for_function(f"{GROUND} === '{dark}'")
    page.reload()
    assert page.evaluate(GROUND) == dark
    other.get_by_role("button", name="Settings").click()
    expect(other.get_by_role("radio", name="Dark")).to_be_checked()
    other.get_by_role("radio", name="Auto").check()
    page.wait_for_function(f"{GROUND} === '{light}'")


def test_the_theme_is_there_before_anything_is_painted(page: Page, program: Program) -> None:
    open_inbox(page, program)
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.add_init_script(
        "new MutationObserver(() => { window.theme ??= document.body && document.documentElement.dataset.theme })"
        ".observe(document, { childList: true, subtree: true })"
    )
    page.reload()
    assert page.evaluate("window.theme") == "dark"


def test_esc_closes_the_settings_and_the_focus_goes_back(page: Page, program: Program) -> None:
    open_settings(page, program)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Settings")).to_be_focused()


def test_the_settings_lead_to_the_keys(page: Page, program: Program) -> None:
    open_settings(page, program)
    page.get_by_role("button", name="Show all keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(1)


def test_notifications_are_off_until_the_browser_allows_them(context: BrowserContext, program: Program) -> None:
    page = context.new_page()
    context.grant_permissions(["notifications"])
    open_settings(page, program)
    switch = page.get_by_role("switch", name="Notifications")
    expect(switch).not_to_be_checked()
    switch.check()
    page.wait_for_function("localStorage.getItem('notify') === 'on'")
    expect(switch).to_be_checked()
    page.reload()
    page.get_by_role("button", name="Settings").click()
    expect(switch).to_be_checked()
    switch.uncheck()
    assert page.evaluate("localStorage.getItem('notify')") is None


@pytest.mark.parametrize("answer", ["denied", "default"])
def test_notifications_that_are_refused_are_off_and_say_why(page: Page, program: Program, answer: str) -> None:
    page.add_init_script(f"Notification.requestPermission = async () => '{answer}'")
    open_settings(page, program)
    switch = page.get_by_role("switch", name="Notifications")
    switch.click()
    said = {"denied": "The browser does not allow them.", "default": "was not told"}[answer]
    expect(page.locator("#notify-refused")).to_contain_text(said)
    expect(switch).not_to_be_checked()
    assert page.evaluate("localStorage.getItem('notify')") is None


def test_without_storage_a_setting_holds_for_the_page(page: Page, program: Program, complaints: list[str]) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('off', 'SecurityError') } })"
    )
    open_settings(page, program)
    page.get_by_role("radio", name="Dark").check()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    assert complaints == []


def test_the_way_to_connect_is_chosen_copied_and_remembered(context: BrowserContext, program: Program) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    open_inbox(page, program)
    page.get_by_role("radio", name="Any app").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Django")).to_be_checked()
    expect(page.get_by_text("EMAIL_HOST")).to_be_visible()
    expect(page.get_by_text("SMTP_URL")).to_be_hidden()
    page.get_by_role("button", name="Copy the lines for Django").click()
    expect(page.locator("#announcement")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == (
        f'EMAIL_HOST = "localhost"\nEMAIL_PORT = {program.smtp_port}'
    )
    page.reload()
    expect(page.get_by_role("radio", name="Django")).to_be_checked()
    expect(page.get_by_text("EMAIL_HOST")).to_be_visible()


def test_the_first_mail_turns_the_empty_inbox_into_the_list_on_a_phone_too(page: Page, program: Program) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_inbox(page, program)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing captured yet")
    expect(page.locator("#messages")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    send(program, "First")
    expect_rows(page, "First")
    expect(page.locator("#messages")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a message")


def test_the_empty_inbox_works_without_scripts(page: Page, program: Program) -> None:
    browser = page.context.browser
    assert browser
    with browser.new_context(java_script_enabled=False) as context:
        plain = context.new_page()
        plain.goto(program.url)
        plain.get_by_text("Rails", exact=True).click()
        expect(plain.get_by_text("config.action_mailer.delivery_method")).to_be_visible()
        expect(plain.get_by_role("button", name="Settings")).to_be_hidden()
