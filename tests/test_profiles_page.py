"""Profiles as a person makes, edits, tests and removes them; against the fake Gmail wherever something is dialled."""

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from urllib.parse import quote_plus

import httpx2
import msgspec
import pytest
from bs4 import BeautifulSoup

from mailsluice.gmail.replies import Stage
from mailsluice.relay.check import Step
from mailsluice.relay.profile import Profile, draft_profile
from mailsluice.relay.secret import Secret
from mailsluice.relay.turns import Turns
from mailsluice.sandbox import Sandbox
from mailsluice_web.app import create_app
from mailsluice_web.checking import Checks
from tests.gmail import FakeGmail
from tests.inbox import HTMX, one, words
from tests.unlocked import KEY, unlock

USER = "ada@gmail.com"
PASSWORD = "abcdefghijklmnop"
PASTED = "abcd efgh ijkl mnop "
FORM = {"preset": "gmail", "name": "mine", "user": USER, "password": PASTED, "security": "auto", "port": "587"}


class Pages:
    """The pages as htmx asks for them, by somebody who knows the token."""

    def __init__(self, sandbox: Sandbox, client: httpx2.AsyncClient, checks: Checks) -> None:
        self.sandbox, self.client, self.checks = sandbox, client, checks

    async def get(self, path: str, *, status: int = 200) -> BeautifulSoup:
        return self._read(await self.client.get(path), status)

    async def post(self, path: str, form: dict[str, str] | None = None, *, status: int = 200) -> BeautifulSoup:
        return self._read(await self.client.post(path, data=form or {}), status)

    async def tested(self, name: str) -> BeautifulSoup:
        """Begin a test and follow it as the page does."""
        page = await self.post(f"/profiles/{name}/checks")
        while poll := page.select_one("[hx-trigger=load]"):
            page = await self.get(str(poll["hx-get"]))
        return page

    @staticmethod
    def _read(response: httpx2.Response, status: int) -> BeautifulSoup:
        assert response.status_code == status, response.text
        assert PASSWORD not in response.text
        return BeautifulSoup(response.text, "html.parser")


@pytest.fixture
async def pages(sandbox: Sandbox) -> AsyncIterator[Pages]:
    app = create_app(unlock(sandbox))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8025", headers=HTMX | KEY) as client:
        yield Pages(sandbox, client, app.state.checks)


@pytest.fixture
async def gmail() -> AsyncIterator[FakeGmail]:
    async with FakeGmail() as gmail:
        gmail.add_account(USER, app_password=PASSWORD, normal_password="a-normal-password")
        yield gmail


def form_for(gmail: FakeGmail, **changes: str) -> dict[str, str]:
    server = {"host": gmail.host, "port": str(gmail.starttls_port), "security": "starttls", "ca_file": gmail.ca_file}
    return FORM | server | changes


async def test_without_a_profile_the_providers_are_offered(pages: Pages) -> None:
    page = await pages.get("/profiles")
    offered = {words(one): str(one["href"]) for one in page.select(".provider strong, .provider") if one.get("href")}
    assert "Gmail smtp.gmail.com" in offered
    assert "/profiles/new?preset=gmail" in offered.values()


@pytest.mark.parametrize("preset", ["outlook", "microsoft365"])
async def test_a_provider_that_takes_no_password_says_why_and_has_no_form(pages: Pages, preset: str) -> None:
    page = await pages.get(f"/profiles/new?preset={preset}")
    assert "No password works" in words(one(page, "h1"))
    assert "OAuth" in words(page)
    assert not page.select("form")
    response = await pages.client.post("/profiles", data=FORM | {"preset": preset})
    assert response.status_code == 422
    assert pages.sandbox.profiles.list() == []


async def test_the_form_of_a_preset_knows_the_server_and_a_free_name(pages: Pages) -> None:
    page = await pages.get("/profiles/new?preset=yahoo")
    values = {str(field["name"]): field.get("value") for field in page.select("input")}
    assert (values["host"], values["port"], values["name"]) == ("smtp.mail.yahoo.com", "465", "yahoo")
    password = one(page, "#password")
    assert (password["type"], password["autocomplete"]) == ("password", "off")
    assert "value" not in password.attrs


async def test_the_guide_tells_what_is_true_today(pages: Pages) -> None:
    guide = one(await pages.get("/profiles/new?preset=gmail"), ".guide")
    text = words(guide)
    assert guide.select("a[href='https://myaccount.google.com/apppasswords']")
    for fact in (
        "2-Step Verification is off",
        "security keys only",
        "Advanced Protection",
        "administrator",
        "Changing the Google password revokes all",
        "opens the whole mailbox",
        "A separate account",
    ):
        assert fact in text


async def test_a_profile_is_saved_and_its_password_never_shown(pages: Pages) -> None:
    response = await pages.client.post("/profiles", data=FORM)
    assert response.headers["hx-push-url"] == "/profiles/mine"
    assert "in the sealed file" in response.text
    saved = pages.sandbox.profiles.get("mine")
    assert saved is not None
    assert saved.user == USER
    assert await pages.sandbox.vault.get(saved) == Secret(PASSWORD)
    for path in ("/profiles", "/profiles/mine", "/profiles/mine/edit", "/profiles/mine/removal"):
        await pages.get(path)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"password": "my own password 1"}, "password", "normal Google password"),
        ({"password": "abcd efgh ijkl"}, "password", "16 letters"),
        ({"password": ""}, "password", "missing"),
        ({"user": "  "}, "user", "address"),
        ({"host": "no host at all!"}, "host", "host"),
        ({"port": "993"}, "port", "IMAP"),
        ({"security": "plain"}, "security", "this computer"),
        ({"name": "new"}, "name", "another name"),
        ({"name": "a/b"}, "name", "name"),
        ({"allow": "nonsense"}, "allow", "@example.com"),
        ({"daily_limit": "many"}, "daily_limit", "number"),
        ({"pace": "fast"}, "pace", "seconds"),
    ],
)
async def test_what_is_wrong_comes_back_at_its_field(
    pages: Pages, changes: dict[str, str], field: str, said: str
) -> None:
    page = await pages.post("/profiles", FORM | changes, status=422)
    marked = one(page, "[aria-invalid=true]")
    assert marked["id"] == field
    assert f"{field}-error" in str(marked["aria-describedby"])
    assert said in words(one(page, f"#{field}-error"))
    assert all("open" in details.attrs for details in marked.find_parents("details"))
    if field != "user":
        assert one(page, "#user")["value"] == USER
    assert pages.sandbox.profiles.list() == []


async def test_a_normal_google_password_leads_to_where_app_passwords_are_made(pages: Pages) -> None:
    page = await pages.post("/profiles", FORM | {"password": "Tr0ub4dor&3"}, status=422)
    assert one(page, "#password-error a")["href"] == "https://myaccount.google.com/apppasswords"
    assert "Tr0ub4dor" not in page.text


async def test_a_name_that_is_taken_is_refused(pages: Pages) -> None:
    await pages.post("/profiles", FORM)
    page = await pages.post("/profiles", FORM, status=422)
    assert "already" in words(one(page, "#name-error"))


async def test_editing_shows_where_the_password_is_and_keeps_it_if_left_empty(pages: Pages) -> None:
    await pages.post("/profiles", FORM)
    page = await pages.get("/profiles/mine/edit")
    assert "Stored in the sealed file" in words(one(page, "#password-hint"))
    shown = await pages.post("/profiles/mine", FORM | {"password": "", "allow": "@example.com"})
    assert "@example.com" in words(shown)
    saved = pages.sandbox.profiles.get("mine")
    assert saved is not None
    assert await pages.sandbox.vault.get(saved) == Secret(PASSWORD)


@pytest.mark.parametrize("changes", [{"host": "mail.attacker.example"}, {"port": "465"}, {"user": "eve@gmail.com"}])
async def test_a_password_does_not_follow_to_another_server_or_user(pages: Pages, changes: dict[str, str]) -> None:
    await pages.post("/profiles", FORM)
    page = await pages.post("/profiles/mine", FORM | {"password": ""} | changes)
    assert "There is no password" in words(one(page, "[role=alert]"))
    assert one(page, ".submit").has_attr("disabled")
    assert "No password is stored" in words(one(await pages.get("/profiles/mine/edit"), "#password-hint"))
    back = await pages.post("/profiles/mine", FORM | {"password": ""})
    assert "There is no password" in words(back)


async def test_a_redirected_test_gives_the_password_to_nobody(pages: Pages, gmail: FakeGmail) -> None:
    await pages.post("/profiles", FORM)
    await pages.post("/profiles/mine", form_for(gmail, password=""))
    page = await pages.tested("mine")
    assert "Sign in as" in words(one(page, ".step.bad b"))
    assert "Enter the password again" in words(page)
    assert gmail.auth_attempts == 0


async def test_a_renamed_profile_keeps_its_password(pages: Pages) -> None:
    await pages.post("/profiles", FORM)
    await pages.post("/profiles/mine", FORM | {"password": "", "name": "work"})
    assert pages.sandbox.profiles.get("mine") is None
    saved = pages.sandbox.profiles.get("work")
    assert saved is not None
    assert await pages.sandbox.vault.get(saved) == Secret(PASSWORD)


async def test_a_profile_is_disabled_enabled_and_made_the_default(pages: Pages) -> None:
    await pages.post("/profiles", FORM)
    assert "Disabled" in words(one(await pages.post("/profiles/mine/marks", {"enabled": "0"}), ".chips"))
    page = await pages.get("/profiles/mine")
    assert one(page, "#mail .submit").has_attr("disabled")
    await pages.post("/profiles/mine/mails", {"to": USER}, status=422)
    await pages.post("/profiles/mine/marks", {"enabled": "1"})
    assert "Default" in words(one(await pages.post("/profiles/mine/marks", {"default": "1"}), ".chips"))
    found = pages.sandbox.profiles.default()
    assert found is not None
    assert found.name == "mine"


async def test_removing_asks_first_and_destroys_the_password(pages: Pages) -> None:
    await pages.post("/profiles", FORM)
    saved = pages.sandbox.profiles.get("mine")
    assert saved is not None
    question = await pages.get("/profiles/mine/removal")
    assert one(question, "dialog[data-open] form")["hx-post"] == "/profiles/mine/removal"
    assert pages.sandbox.profiles.get("mine")
    page = await pages.post("/profiles/mine/removal")
    assert "Where is your account?" in words(page)
    assert await pages.sandbox.vault.get(saved) is None


async def test_a_profile_that_is_gone_has_a_page_with_a_way_back(pages: Pages) -> None:
    page = await pages.get("/profiles/nobody", status=404)
    assert "no profile of this name" in words(page)


async def test_a_broken_file_is_told_with_its_line(pages: Pages) -> None:
    pages.sandbox.profiles.path.parent.mkdir(exist_ok=True)
    pages.sandbox.profiles.path.write_text("[profiles.mine\n")
    assert "line 1" in words(one(await pages.get("/profiles"), "[role=alert]"))
    assert "line 1" in words(await pages.get("/profiles/mine", status=422))


async def test_a_password_from_the_environment_is_named_and_not_asked_for(
    sandbox: Sandbox, environment: dict[str, str]
) -> None:
    environment["MAILSLUICE_PROFILE_MINE_PASSWORD"] = PASSWORD
    unlock(sandbox)
    sandbox.profiles.save(draft_profile(name="mine", user=USER))
    transport = httpx2.ASGITransport(app=create_app(sandbox))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=HTMX | KEY) as client:
        page = Pages._read(await client.get("/profiles/mine/edit"), 200)
    assert "environment variable MAILSLUICE_PROFILE_MINE_PASSWORD" in words(one(page, ".given"))
    assert not page.select("#password")


async def test_a_test_tells_every_step_and_logs_in_once(pages: Pages, gmail: FakeGmail) -> None:
    await pages.post("/profiles", form_for(gmail))
    page = await pages.tested("mine")
    assert [words(step).split()[0] for step in page.select(".step b")][:6] == [
        "Find",
        "Connect",
        "Hear",
        "Begin",
        "Ask",
        "Sign",
    ]
    assert not page.select(".step.bad")
    assert "the login was accepted" in words(one(page, ".verdict"))
    assert gmail.auth_attempts == 1
    assert "login accepted" in words(one(await pages.get("/profiles"), ".card"))


async def test_a_refused_login_is_explained_and_leads_to_the_password(pages: Pages, gmail: FakeGmail) -> None:
    await pages.post("/profiles", form_for(gmail, password="zzzzyyyyxxxxwwww"))
    page = await pages.tested("mine")
    failed = one(page, ".step.bad")
    assert "535 5.7.8 Username and Password not accepted" in words(one(failed, ".detail"))
    assert one(failed, ".meaning")
    assert one(failed, ".remedy a")["href"] == "https://myaccount.google.com/apppasswords"
    assert one(page, "a.btn")["hx-get"] == "/profiles/mine/edit"
    assert gmail.auth_attempts == 1


async def test_save_and_test_is_one_click_and_one_login(pages: Pages, gmail: FakeGmail) -> None:
    page = await pages.post("/profiles", form_for(gmail, then="test"))
    assert one(page, "#check-button").has_attr("disabled")
    poll = page.select_one("[hx-trigger=load]")
    while poll:
        page = await pages.get(str(poll["hx-get"]))
        poll = page.select_one("[hx-trigger=load]")
    assert one(page, ".verdict.good")
    assert gmail.auth_attempts == 1


async def test_clicks_during_a_test_join_it(sandbox: Sandbox) -> None:
    goes_on, walks = asyncio.Event(), 0

    async def walk(profile: Profile, secret: Secret | None) -> AsyncGenerator[Step]:
        nonlocal walks
        walks += 1
        yield Step(Stage.NAME, "Find it", True, 0.1)
        await goes_on.wait()
        yield Step(Stage.AUTH, "Sign in", True, 0.1)

    unlock(sandbox)
    saved = sandbox.profiles.save(draft_profile(name="mine", user=USER))
    checks = Checks(Turns(), walk=walk)
    first = checks.start(saved, sandbox.vault)
    assert checks.start(saved, sandbox.vault) is first
    await first.wait(after=0, seconds=30)
    assert [step.title for step in first.steps] == ["Find it"]
    assert not first.is_done
    goes_on.set()
    await first.finish()
    assert first.is_passed
    assert walks == 1
    assert checks.start(saved, sandbox.vault) is not first


async def test_a_bug_in_a_test_ends_it_in_words(sandbox: Sandbox) -> None:
    async def walk(profile: Profile, secret: Secret | None) -> AsyncGenerator[Step]:
        raise ValueError(PASSWORD)
        yield

    unlock(sandbox)
    check = Checks(Turns(), walk=walk).start(draft_profile(name="mine", user=USER), sandbox.vault)
    await check.finish()
    assert not check.is_passed
    assert "fault in Mailsluice" in check.failure
    assert PASSWORD not in check.failure


async def test_a_test_from_before_a_change_is_not_shown_any_more(pages: Pages, gmail: FakeGmail) -> None:
    await pages.post("/profiles", form_for(gmail))
    page = await pages.post("/profiles/mine/checks")
    address = str(one(page, "[hx-trigger=load]")["hx-get"])
    await pages.post("/profiles/mine/marks", {"default": "1"})
    await pages.get(address, status=404)
    assert not (await pages.get("/profiles/mine")).select(".step")


async def test_a_test_mail_is_sent_as_it_was_written(pages: Pages, gmail: FakeGmail) -> None:
    await pages.post("/profiles", form_for(gmail, allow="@example.com", aliases="ada@work.example"))
    blank = await pages.get("/profiles/mine")
    assert one(blank, "#to")["value"] == USER
    assert one(blank, "#subject")["value"] == "Test Email"
    assert [option["value"] for option in blank.select("#sender option")] == [USER, "ada@work.example"]
    response = await pages.client.post(
        "/profiles/mine/mails",
        data={
            "sender": USER,
            "to": f"Ada <{USER}>, bob@example.com",
            "cc": "carol@example.com",
            "subject": "Grüße",
            "text": "Hello\r\n.",
        },
        files=[("attachments", ("notes.txt", b"some notes")), ("attachments", ("b.bin", b"\0\1"))],
    )
    page = Pages._read(response, 200)
    sent = gmail.delivered[0]
    assert words(one(page, ".reply")) == " ".join(sent.reply.split())
    assert sent.recipients == (USER, "bob@example.com", "carol@example.com")
    assert b"Cc: carol@example.com" in sent.raw
    assert b"notes.txt" in sent.raw
    assert "Accepted is not yet delivered" in words(page)
    assert one(page, "#subject")["value"] == "Grüße"


async def test_nobody_else_is_written_to(pages: Pages, gmail: FakeGmail) -> None:
    await pages.post("/profiles", form_for(gmail))
    connections = gmail.connections
    mail = {"sender": USER, "to": USER, "cc": "stranger@example.com", "subject": "x", "text": "y"}
    page = await pages.post("/profiles/mine/mails", mail, status=422)
    assert "stranger@example.com" in words(one(page, "#cc-error"))
    assert one(page, "#to")["value"] == USER
    assert gmail.connections == connections


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": ""}, "to"),
        ({"to": "nobody"}, "to"),
        ({"sender": "boss@example.com"}, "sender"),
        ({"cc": "a b c"}, "cc"),
    ],
)
async def test_a_wrong_field_of_a_test_mail_is_marked(pages: Pages, changes: dict[str, str], field: str) -> None:
    await pages.post("/profiles", FORM)
    mail = {"sender": USER, "to": USER, "cc": "", "subject": "x", "text": "y"} | changes
    page = await pages.post("/profiles/mine/mails", mail, status=422)
    assert one(page, "[aria-invalid=true]")["id"] == field


async def test_attachments_are_bounded(pages: Pages) -> None:
    await pages.post("/profiles", FORM)
    mail = {"sender": USER, "to": USER, "subject": "x", "text": "y"}
    huge = [("attachments", ("huge.bin", b"x" * (13 << 20)))]
    assert (await pages.client.post("/profiles/mine/mails", data=mail, files=huge)).status_code == 413
    small = [("attachments", (f"{number}.bin", b"x" * (5_500_000))) for number in range(2)]
    page = Pages._read(await pages.client.post("/profiles/mine/mails", data=mail, files=small), 422)
    assert "10 MB" in words(one(page, "#attachments-error"))


@pytest.mark.parametrize(("to", "said"), [("quota", "550 5.4.5"), ("throttle", "421 4.3.0")])
async def test_a_refused_mail_shows_the_answer_and_what_to_do(
    pages: Pages, gmail: FakeGmail, to: str, said: str
) -> None:
    await pages.post("/profiles", form_for(gmail, allow="@example.com"))
    mail = {"sender": USER, "to": f"{to}@example.com", "subject": "x", "text": "y"}
    page = await pages.post("/profiles/mine/mails", mail)
    assert said in words(one(page, ".reply"))
    assert one(page, ".outcome.bad .meaning")
    assert one(page, ".outcome.bad .remedy")
    assert gmail.delivered == []


async def test_a_lost_answer_is_told_as_unknown(pages: Pages, gmail: FakeGmail) -> None:
    await pages.post("/profiles", form_for(gmail))
    gmail.knobs.drop_after_dot = True
    page = await pages.post("/profiles/mine/mails", {"sender": USER, "to": USER, "subject": "x", "text": "y"})
    assert "Nobody can say whether it was sent" in words(one(page, ".outcome"))


async def test_the_password_stands_in_no_file_and_no_log(
    pages: Pages, gmail: FakeGmail, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await pages.post("/profiles", form_for(gmail, name="a/b"), status=422)
    await pages.post("/profiles", form_for(gmail))
    await pages.tested("mine")
    await pages.post("/profiles/mine/mails", {"sender": USER, "to": USER, "subject": "x", "text": "y"})
    gmail.accounts[USER].revoked = True
    await pages.tested("mine")
    await pages.post("/profiles/mine/mails", {"sender": USER, "to": USER, "subject": "x", "text": "y"})
    plain = f"\0{USER}\0{PASSWORD}".encode()
    forms = [PASSWORD.encode(), PASTED.strip().encode(), quote_plus(PASTED.strip()).encode()]
    forms += [base64.b64encode(text) for text in (PASSWORD.encode(), plain)]
    texts = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()] + [caplog.text.encode()]
    assert len(texts) > 4
    assert [form for form in forms for text in texts if form in text] == []


async def test_a_command_for_the_password_cannot_be_set_or_seen_from_a_page(pages: Pages) -> None:
    await pages.post("/profiles", FORM | {"password_command": "cat /etc/passwd"})
    saved = pages.sandbox.profiles.get("mine")
    assert saved is not None
    assert saved.password_command == ()
    with_command = msgspec.structs.replace(saved, password_command=("tool", "--key", "s3cr3t"))
    pages.sandbox.profiles.save(with_command, old_name="mine", by_hand=True)
    for path in ("/profiles", "/profiles/mine", "/profiles/mine/edit"):
        page = await pages.get(path)
        assert "s3cr3t" not in page.text
    assert "password command" in words(await pages.get("/profiles/mine"))
    await pages.post("/profiles/mine", FORM | {"password": "", "host": "mail.attacker.example"})
    changed = pages.sandbox.profiles.get("mine")
    assert changed is not None
    assert changed.password_command == ()
