"""Pages of other sites, and mail in its frame, where Mailsluice is asked by a name for which browsers vouch least.

Over plain HTTP to another name than localhost no request has Sec-Fetch headers.
"""

import itertools
import json
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.e2e.chromium import CHROMIUM, FLAGS, NEEDED
from tests.program import Program

pytestmark = NEEDED

KINDS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    """A browser for which every name is this machine."""
    with sync_playwright() as playwright:
        flags = [*FLAGS, "--host-resolver-rules=MAP * 127.0.0.1", "--disable-features=LocalNetworkAccessChecks"]
        with playwright.chromium.launch(executable_path=CHROMIUM, args=flags) as browser:
            yield browser.new_context()


def elsewhere(page: Page, html: str) -> None:
    """Open a page of another site."""
    page.route("http://evil.test/**", lambda route: route.fulfill(content_type="text/html", body=html))
    page.goto("http://evil.test/")


def named(program: Program) -> str:
    """The address of the program by a name that a container might have."""
    return f"http://mailbox:{urlsplit(program.url).port}"


def states(program: Program) -> list[bool]:
    """Whether each captured message is read."""
    with urllib.request.urlopen(f"{program.url}api/v1/messages") as answer:
        return [one["Read"] for one in json.load(answer)["messages"]]


def test_a_form_of_another_site_changes_nothing(page: Page, program: Program) -> None:
    id = program.send(b"Subject: x\r\n\r\nx\r\n")
    action = f"{named(program)}/messages/{id}/deletion"
    for policy, kind in itertools.product(("unsafe-url", "no-referrer"), KINDS):
        form = f'<form method=post enctype="{kind}" action="{action}"><button>Go</button></form>'
        elsewhere(page, f'<meta name=referrer content="{policy}">{form}')
        with page.expect_response("**/deletion") as answer:
            page.get_by_role("button").click()
        assert "sec-fetch-site" not in answer.value.request.all_headers()
        assert answer.value.status == 403
    assert states(program) == [False]


def test_another_site_embeds_none_of_our_answers_and_marks_nothing(page: Page, program: Program) -> None:
    id = program.send(b"Subject: x\r\nContent-Type: text/html\r\n\r\n<p>x\r\n")
    paths = ("/", "/profiles", *(f"/messages/{id}{path}" for path in ("/body", "/raw", "/whole/html", "/source")))
    frames = "".join(f'<iframe src="{named(program)}{path}"></iframe>' for path in paths)
    loads = "".join(
        f'<img src="{address}"><link rel=stylesheet href="{address}"><script src="{address}"></script>'
        f'<video src="{address}"></video>'
        for address in (f"{named(program)}/messages/latest", f"{named(program)}/messages/{id}/source")
    )
    elsewhere(page, loads)
    page.wait_for_load_state("networkidle")
    assert states(program) == [False]
    elsewhere(page, frames)
    page.wait_for_load_state("networkidle")
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"] * len(paths)


def test_our_own_page_works_by_that_name(page: Page, program: Program) -> None:
    id = program.send(b"Subject: x\r\n\r\nx\r\n")
    page.goto(named(program))
    page.locator("a.row").click()
    expect(page.locator("#subject")).to_have_text("x")
    assert states(program) == [True]
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(f"#message-{id}")).to_have_count(0)
