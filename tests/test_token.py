"""Who may open the profiles: the token in a header, and nothing else."""

from collections.abc import AsyncIterator

import pytest
from starlette.routing import Route

from mailsluice.relay.profile import draft_profile
from mailsluice.sandbox import Sandbox
from mailsluice_web.app import create_app
from tests.inbox import HTMX, Inbox, one, open_inbox, words
from tests.unlocked import KEY, TOKEN, unlock

SECRET_USER = "somebody-private@gmail.com"


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    unlock(sandbox)
    sandbox.profiles.save(draft_profile(name="gmail", preset="gmail", user=SECRET_USER))
    async with open_inbox(sandbox) as inbox:
        yield inbox


OPEN = {
    ("/api/sandbox/releases", "GET"),
    ("/api/sandbox/releases/{id}", "GET"),
    ("/api/sandbox/releases/{id}/raw", "GET"),
    ("/api/sandbox/export", "GET"),
    ("/api/sandbox/import", "POST"),
}
"""What became of a release may be read like the mail itself; and who may capture mail may import some."""


def is_locked(path: str, method: str) -> bool:
    """Whether a request is meant to need the token: all that can send mail, or tells of the accounts that do."""
    if path.startswith(("/profiles", "/rules", "/api/sandbox")):
        return (path, "GET" if method == "HEAD" else method) not in OPEN
    is_about_releases = any(word in path for word in ("/releases", "/preflights"))
    return is_about_releases and (method == "POST" or path.endswith("/new"))


def locked_requests(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Method and path of everything that is meant to be locked, with names that exist."""
    found = []
    for route in create_app(sandbox).routes:
        if isinstance(route, Route):
            path = route.path.replace("{name}", "gmail").replace("{id}", "x")
            found += [(method, path) for method in sorted(route.methods or set()) if is_locked(route.path, method)]
    return found


async def test_without_the_token_nothing_is_told_and_nothing_done(inbox: Inbox) -> None:
    requests = locked_requests(inbox.sandbox)
    assert len(requests) > 50
    for method, path in requests:
        for headers in ({}, HTMX, HTMX | {"X-Mailsluice-Token": "wrong"}):
            response = await inbox.client.request(method, path, headers=headers)
            is_shell = method in ("GET", "HEAD") and not headers and not path.startswith("/api/")
            assert response.status_code == (200 if is_shell else 401), (method, path, headers)
            assert SECRET_USER not in response.text
    assert [one.user for one in inbox.sandbox.profiles.list()] == [SECRET_USER]


@pytest.mark.parametrize(
    "headers",
    [
        KEY,
        {"x-mailsluice-token": TOKEN},
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer {TOKEN}"},
        {"Authorization": "Basic dXNlcjpwYXNz", "X-Mailsluice-Token": TOKEN},
    ],
)
async def test_the_token_opens_in_either_header(inbox: Inbox, headers: dict[str, str]) -> None:
    assert SECRET_USER in (await inbox.client.get("/profiles", headers=headers)).text
    assert (await inbox.client.get("/api/sandbox/profiles", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": f"X-Mailsluice-Token={TOKEN}; token={TOKEN}; mailsluice-token={TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"X-Mailsluice-Token": ""},
        {"X-Mailsluice-Token": TOKEN[:-1]},
        {"X-Mailsluice-Token": TOKEN + "0"},
        {"X-Mailsluice-Token": "é"},
    ],
)
async def test_nothing_else_opens(inbox: Inbox, headers: dict[str, str]) -> None:
    raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    response = await inbox.client.get(f"/api/sandbox/profiles?token={TOKEN}", headers=raw)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


async def test_an_instance_without_a_token_opens_to_nobody(inbox: Inbox) -> None:
    inbox.sandbox.token = ""
    for headers in ({"X-Mailsluice-Token": ""}, {"Authorization": "Bearer "}, {}):
        assert (await inbox.client.get("/api/sandbox/profiles", headers=headers)).status_code == 401


async def test_a_page_that_is_opened_directly_fetches_its_content(inbox: Inbox) -> None:
    page = await inbox.page("/profiles/gmail?x=1&y=2")
    shell = one(page, "#shell")
    assert (shell["hx-get"], shell["hx-trigger"]) == ("/profiles/gmail?x=1&y=2", "load")
    assert "mailsluice profile" in one(shell, "noscript").text
    fetched = await inbox.client.get(str(shell["hx-get"]), headers=HTMX | KEY)
    assert SECRET_USER in fetched.text


async def test_who_is_locked_out_is_told_how_to_get_in(inbox: Inbox) -> None:
    page = await inbox.page("/profiles", status=401, headers=HTMX)
    assert words(one(page, "h1")) == "Profiles are locked"
    assert "mailsluice unlock-link" in page.text
    assert one(page, "section")["hx-get"] == "/profiles"
    stale = await inbox.page("/profiles", status=401, headers=HTMX | {"X-Mailsluice-Token": "of-yesterday"})
    assert words(one(stale, "h1")) == "Mailsluice was started anew"


async def test_a_refused_part_of_a_page_becomes_the_whole_pane(inbox: Inbox) -> None:
    response = await inbox.client.post("/profiles/gmail/checks", headers=HTMX)
    assert response.status_code == 401
    assert (response.headers["hx-retarget"], response.headers["hx-reswap"]) == ("#pane", "innerHTML")


async def test_the_token_does_not_let_another_site_write(inbox: Inbox) -> None:
    for site in ("cross-site", "same-site"):
        response = await inbox.client.post("/profiles/gmail/removal", headers=KEY | {"Sec-Fetch-Site": site})
        assert response.status_code == 403
    foreign = await inbox.client.post("/profiles/gmail/removal", headers=KEY | {"Origin": "null"})
    assert foreign.status_code == 403
    assert inbox.sandbox.profiles.get("gmail")


async def test_capture_and_reading_need_no_token(inbox: Inbox) -> None:
    id = await inbox.capture()
    for path in ("/", f"/messages/{id}", "/sessions", "/api/v1/messages"):
        assert (await inbox.client.get(path)).status_code == 200
