"""Profiles in a real browser against the fake Gmail: from nothing to a test mail, and what goes wrong on the way."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mailsluice.gmail.presets import PRESETS
from mailsluice.instance import find
from mailsluice.relay.check import Patience, check
from mailsluice_web.checking import Checks
from tests.e2e.chromium import NEEDED, PHONE, REFUSALS, leave
from tests.gmail import FakeGmail, in_thread
from tests.program import Program
from tests.unlocked import TOKEN, Served, served

pytestmark = NEEDED

USER = "ada@gmail.com"
PASSWORD = "abcdefghijklmnop"
PASTED = "abcd efgh\u00a0ijkl mnop "
HASTY = Patience(greeting=0.4, tls=0.4, auth=0.8, look=1.5)


@pytest.fixture
def forgiven() -> str:
    return REFUSALS


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as pages:
        yield pages


@pytest.fixture
def page(context: BrowserContext, pages: Served) -> Page:
    """A page of somebody who opened the link of the console."""
    page = context.new_page()
    page.goto(pages.link)
    return page


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with in_thread() as gmail:
        gmail.add_account(USER, app_password=PASSWORD, normal_password="zyxwvutsrqponmlk")
        yield gmail


@pytest.fixture(autouse=True)
def nothing_complains(complaints: list[str], context: BrowserContext) -> Iterator[None]:
    yield
    leave(context)
    assert complaints == []


def fill(page: Page, pages: Served, gmail: FakeGmail, **fields: str) -> None:
    """The form of a Gmail profile, filled in for the fake one."""
    page.goto(f"{pages.url}profiles/new?preset=gmail")
    page.get_by_text("Server:").click()
    page.get_by_label("Security").select_option(fields.pop("security", "starttls"))
    values = {"Server": gmail.host, "Port": str(gmail.starttls_port), "CA file": gmail.ca_file}
    values |= {"Gmail address": USER, "App password": PASTED} | fields
    for label, value in values.items():
        page.get_by_label(label, exact=True).fill(value)


def save_and_test(page: Page) -> None:
    page.get_by_role("button", name="Save and test").click()
    expect(page.get_by_role("button", name="Test again")).to_be_enabled()


def test_the_real_program_opens_its_profiles_to_who_has_its_token(
    context: BrowserContext, start: Program.Starter
) -> None:
    program = start("-d", ":memory:")
    instance = find()
    assert instance is not None
    page = context.new_page()
    page.goto(f"{program.url}#token={instance.token}")
    page.get_by_role("link", name="Profiles").click()
    expect(page.get_by_role("heading", name="Where is your account?")).to_be_visible()
    assert program.get("/api/sandbox/profiles")[0] == 401
    assert program.get("/api/sandbox/profiles", Authorization=f"Bearer {instance.token}")[0] == 200


def test_a_locked_page_says_how_to_get_in_and_opens_by_itself(context: BrowserContext, pages: Served) -> None:
    page = context.new_page()
    page.goto(f"{pages.url}profiles/new?preset=gmail")
    expect(page.get_by_role("heading", level=1)).to_have_text("Profiles are locked")
    other = context.new_page()
    other.goto(pages.link)
    expect(other).to_have_url(pages.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("New profile: Gmail")


def test_a_pasted_link_unlocks_and_a_wrong_one_says_so(context: BrowserContext, pages: Served) -> None:
    page = context.new_page()
    page.goto(f"{pages.url}profiles")
    page.get_by_label("Or paste the link here").fill("http://localhost:8025/")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("alert")).to_contain_text("no key in this text")
    page.get_by_label("Or paste the link here").fill(pages.link)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Profiles")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profiles")


def test_the_token_is_in_no_address_and_no_cookie(context: BrowserContext, pages: Served) -> None:
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages.link)
    page.get_by_role("link", name="Profiles").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profiles")
    page.go_back()
    assert TOKEN not in page.url
    assert [url for url in asked if TOKEN in url.partition("#")[0]] == []
    assert [cookie["name"] for cookie in context.cookies()] == ["mailsluice-zone"]
    assert TOKEN not in str(context.cookies())


def test_a_key_of_an_earlier_start_is_told_as_such(page: Page, pages: Served) -> None:
    pages.sandbox.token = "another-token-of-another-start-0123456789"
    page.goto(f"{pages.url}profiles")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mailsluice was started anew")


def test_without_javascript_the_page_says_what_to_do(browser: Browser, pages: Served) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{pages.url}profiles")
        expect(page.get_by_role("heading", level=1)).to_have_text("Profiles need JavaScript")


def test_from_nothing_to_a_test_mail_in_four_clicks_and_two_fields(
    context: BrowserContext, tmp_path: Path, gmail: FakeGmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = msgspec.structs.replace(PRESETS["gmail"], host=gmail.host, port=gmail.starttls_port)
    monkeypatch.setitem(PRESETS, "gmail", there)
    monkeypatch.setenv("SSL_CERT_FILE", gmail.ca_file)
    clicks, fields = 0, 0
    with served(tmp_path) as pages:
        page = context.new_page()
        page.goto(pages.link)

        def click(role: str, name: str) -> None:
            nonlocal clicks
            page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]  # "link" or "button"
            clicks += 1

        def write(label: str, text: str) -> None:
            nonlocal fields
            page.get_by_label(label, exact=True).fill(text)
            fields += 1

        click("link", "Profiles")
        click("link", "Gmail")
        write("Gmail address", "ada")
        write("App password", PASTED)
        click("button", "Save and test")
        expect(page.get_by_text("the login was accepted")).to_be_visible()
        click("button", "Send test mail")
        expect(page.get_by_text("Accepted by")).to_be_visible()
        expect(page.locator(".reply")).to_have_text(re.compile(r"250 2\.0\.0 OK"))
    assert (clicks, fields) == (4, 2)
    assert [mail.recipients for mail in gmail.delivered] == [(USER,)]
    assert gmail.auth_attempts == 2


def test_steps_appear_while_the_test_runs(page: Page, pages: Served, gmail: FakeGmail) -> None:
    pages.app.state.checks = Checks(pages.sandbox.turns, walk=functools.partial(check, patience=HASTY))
    gmail.knobs.stall_at = "auth"
    fill(page, pages, gmail)
    page.get_by_role("button", name="Save and test").click()
    expect(page.get_by_role("button", name="Testing…")).to_be_disabled()
    expect(page.locator(".step.good b")).to_have_text(
        ["Find localhost", re.compile("Connect"), re.compile("greeting"), re.compile("TLS"), re.compile("offers")]
    )
    expect(page.locator(".step.waiting")).to_be_visible()
    expect(page.locator(".step.bad")).to_contain_text("Sign in as")
    expect(page.get_by_role("button", name="Test again")).to_be_enabled()
    assert gmail.auth_attempts == 1


def test_problem_1_a_normal_password_is_known_by_its_shape_and_by_googles_answer(
    page: Page, pages: Served, gmail: FakeGmail
) -> None:
    fill(page, pages, gmail, **{"App password": "Tr0ub4dor&3"})
    page.get_by_role("button", name="Save and test").click()
    expect(page.locator("#password-error")).to_contain_text("normal Google password")
    expect(page.locator("#password-error a")).to_have_attribute("href", "https://myaccount.google.com/apppasswords")
    expect(page.get_by_label("App password", exact=True)).to_be_focused()
    assert gmail.connections == 0
    page.get_by_label("App password", exact=True).fill("zyxwvutsrqponmlk")
    save_and_test(page)
    expect(page.locator(".step.bad .detail")).to_contain_text("534 5.7.9 Application-specific password required")
    expect(page.locator(".step.bad .remedy a")).to_be_visible()
    assert gmail.auth_attempts == 1


def test_problem_2_no_mail_is_tried_without_a_login(page: Page, pages: Served, gmail: FakeGmail) -> None:
    gmail.accounts[USER].revoked = True
    fill(page, pages, gmail)
    save_and_test(page)
    page.get_by_role("button", name="Send test mail").click()
    expect(page.locator(".outcome.bad")).to_contain_text("Not sent")
    expect(page.locator(".reply")).to_contain_text("535 5.7.8")
    expect(page.locator(".outcome .meaning")).to_be_visible()
    assert not [event for event in gmail.log if event.text.startswith("MAIL")]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_problem_3_ports_that_are_mixed_up_are_told_apart(
    page: Page, pages: Served, gmail: FakeGmail, security: str
) -> None:
    pages.app.state.checks = Checks(pages.sandbox.turns, walk=functools.partial(check, patience=HASTY))
    port = gmail.starttls_port if security == "tls" else gmail.tls_port
    fill(page, pages, gmail, security=security, Port=str(port))
    save_and_test(page)
    expect(page.locator(".step.bad .meaning")).to_contain_text("TLS")
    expect(page.locator(".step.bad .remedy")).to_contain_text(re.compile("465|587|STARTTLS"))


def test_problem_9_blanks_and_quotes_around_a_password_do_not_matter(
    page: Page, pages: Served, gmail: FakeGmail
) -> None:
    fill(page, pages, gmail, **{"App password": "“abcd\u00a0efgh\u200bijkl  mnop” "})
    save_and_test(page)
    expect(page.get_by_text("the login was accepted")).to_be_visible()


def test_problem_10_an_antivirus_in_between_is_named(page: Page, pages: Served, gmail: FakeGmail) -> None:
    gmail.knobs.certificate = "antivirus"
    fill(page, pages, gmail)
    save_and_test(page)
    expect(page.locator(".step.bad")).to_contain_text("Avast")
    assert gmail.auth_attempts == 0


@pytest.mark.parametrize("hindrance", ["refused", "silent"])
def test_problem_11_a_port_that_is_blocked_or_silent_is_told_soon(
    page: Page, pages: Served, gmail: FakeGmail, hindrance: str
) -> None:
    pages.app.state.checks = Checks(pages.sandbox.turns, walk=functools.partial(check, patience=HASTY))
    gmail.knobs.stall_at = "greeting" if hindrance == "silent" else ""
    fill(page, pages, gmail, **({"Port": "9"} if hindrance == "refused" else {}))
    save_and_test(page)
    expect(page.locator(".step.bad .meaning")).to_be_visible()
    expect(page.locator(".step.bad .remedy")).to_be_visible()


def test_problem_13_the_name_in_ehlo_is_always_legal(page: Page, pages: Served, gmail: FakeGmail) -> None:
    gmail.knobs.strict_ehlo = True
    fill(page, pages, gmail)
    save_and_test(page)
    expect(page.get_by_text("the login was accepted")).to_be_visible()


def test_a_wrong_field_keeps_what_was_typed_even_the_password(page: Page, pages: Served, gmail: FakeGmail) -> None:
    fill(page, pages, gmail, Port="993")
    page.get_by_role("button", name="Save and test").click()
    expect(page.locator("#port-error")).to_contain_text("IMAP")
    expect(page.get_by_label("Port", exact=True)).to_be_focused()
    page.get_by_label("Port", exact=True).fill(str(gmail.starttls_port))
    save_and_test(page)
    expect(page.get_by_text("the login was accepted")).to_be_visible()


def test_a_chosen_file_outlives_a_refusal_and_is_sent(
    page: Page, pages: Served, gmail: FakeGmail, tmp_path: Path
) -> None:
    file = tmp_path / "report.txt"
    file.write_text("a report")
    fill(page, pages, gmail)
    save_and_test(page)
    page.get_by_label("Attachments").set_input_files(file)
    page.get_by_label("To", exact=True).fill("stranger@example.com")
    page.get_by_role("button", name="Send test mail").click()
    expect(page.locator("#to-error")).to_contain_text("stranger@example.com")
    page.get_by_label("To", exact=True).fill(USER)
    page.get_by_role("button", name="Send test mail").click()
    expect(page.get_by_text("Accepted by")).to_be_visible()
    assert b"report.txt" in gmail.delivered[0].raw
    assert len(gmail.delivered) == 1


def test_an_edited_server_takes_the_password_away(page: Page, pages: Served, gmail: FakeGmail) -> None:
    fill(page, pages, gmail)
    save_and_test(page)
    attempts = gmail.auth_attempts
    page.get_by_role("link", name="Edit").click()
    page.get_by_text("Server:").click()
    page.get_by_label("Server", exact=True).fill("127.0.0.1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("There is no password")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_role("button", name="Test again")).to_be_enabled()
    expect(page.locator(".step.bad")).to_contain_text("Sign in as")
    assert gmail.auth_attempts == attempts
    page.get_by_role("link", name="Enter the password").click()
    expect(page.get_by_label("App password", exact=True)).to_be_focused()


def test_a_profile_is_removed_after_a_question(page: Page, pages: Served, gmail: FakeGmail) -> None:
    fill(page, pages, gmail)
    save_and_test(page)
    page.get_by_role("link", name="Remove").click()
    expect(page.get_by_role("dialog")).to_contain_text(USER)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Where is your account?")).to_be_visible()
    expect(page).to_have_url(f"{pages.url}profiles")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_back_and_reload_show_what_was_there(page: Page, pages: Served, gmail: FakeGmail) -> None:
    fill(page, pages, gmail)
    save_and_test(page)
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit gmail")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("gmail")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("gmail")
    expect(page.get_by_text("the login was accepted")).to_be_visible()
    page.get_by_role("link", name="Profiles").last.click()
    page.get_by_role("link", name="Inbox", exact=True).click()
    expect(page.locator("#messages")).to_be_visible()
    assert page.url == pages.url


def test_the_keyboard_alone_is_enough(page: Page, pages: Served, gmail: FakeGmail) -> None:
    fill(page, pages, gmail)
    page.get_by_label("Gmail address").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("App password", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("the login was accepted")).to_be_visible()
    page.get_by_label("To", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Accepted by")).to_be_visible()
    assert gmail.auth_attempts == 2


def test_nothing_is_wider_than_a_phone(browser: Browser, pages: Served, gmail: FakeGmail) -> None:
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        page.goto(f"{pages.url}profiles")
        expect(page.get_by_role("heading", level=1)).to_have_text("Profiles are locked")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.goto(pages.link)
        fill(page, pages, gmail, **{"App password": "zzzzzzzzzzzzzzzz"})
        save_and_test(page)
        page.get_by_role("button", name="Send test mail").click()
        expect(page.locator(".outcome")).to_be_visible()
        for path in ("", "/gmail", "/gmail/edit", "/new", "/new?preset=gmail", "/new?preset=custom"):
            page.goto(f"{pages.url}profiles{path}")
            expect(page.locator("#pane h1")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert page.evaluate("document.querySelector('#pane').scrollWidth") <= PHONE["width"]
