"""Attack mails, captured by the real program, in every view in a real browser: nothing runs, nothing gets out.

`python -m tests.e2e.test_attacks_browser` prints what became of each.
"""

import re
import smtplib
import sys
from collections.abc import Iterator
from typing import NamedTuple
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, expect, sync_playwright

from tests.attacks import Attack, attacks
from tests.e2e.chromium import CHROMIUM, FLAGS, NEEDED, REFUSALS
from tests.e2e.tattling import Tattle, tattling
from tests.program import Program, deliver

pytestmark = [*NEEDED, pytest.mark.timeout(600)]

VIEWS = ("html?scheme=light", "html?scheme=dark")
LARGE = 1_000_000
SHARES = 4
NOT_OURS = re.compile(r"/messages/[^/]+/(?:body|parts/[~0-9])")


class Outcome(NamedTuple):
    """What came of an attack: the views that were opened, and what went wrong."""

    attack: Attack
    opened: int
    troubles: list[str]


class Watch:
    """A page under attack, and what it should not have done since somebody looked."""

    def __init__(self, context: BrowserContext, program: Program, tattle: Tattle) -> None:
        self.program, self.tattle = program, tattle
        self._troubles = list[str]()
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._troubles.append(f"error of a script: {error.error}"))
        context.on("request", self._see)
        context.on("dialog", lambda dialog: self._troubles.append(f"dialog: {dialog.message}"))
        context.set_default_timeout(60_000)
        self.page = context.new_page()
        self.page.on("popup", lambda popup: self._troubles.append(f"window: {popup.url}"))

    def take(self) -> list[str]:
        """What went wrong, once."""
        if self.page.title() == "pwned":
            self._troubles.append("a script ran")
        self._troubles += [f"asked for {path}" for path in self.tattle.heard]
        self.tattle.heard.clear()
        found, self._troubles = self._troubles, []
        return found

    def open(self, path: str) -> bool:
        """Go there; whether a page came, rather than a download."""
        try:
            self.page.goto(self.program.url + path)
        except Error as error:
            if "Download is starting" not in error.message:
                raise
            return False
        for frame in self.page.frames[1:]:
            if not frame.url.startswith(self.program.url + "messages/"):
                self._troubles.append(f"the frame went to {frame.url}")
        if self.page.url != self.program.url + path:
            self._troubles.append(f"the page went to {self.page.url}")
        return True

    def _hear(self, message: ConsoleMessage) -> None:
        # Of our own pages only: a policy may well stop something in the frame, or in a part that is looked at alone.
        is_framed = bool(NOT_OURS.search(message.location.get("url") or self.page.url))
        if message.type in ("error", "warning") and REFUSALS not in message.text and not is_framed:
            self._troubles.append(f"console: {message.text}")

    def _see(self, request: Request) -> None:
        url = request.url
        if not url.startswith((self.program.url, "data:")):
            self._troubles.append(f"request: {url[:100]}")
        if request.method != "GET" or "/api/" in url:
            self._troubles.append(f"call: {request.method} {url[:100]}")


def attacked(watch: Watch, share: slice = slice(None)) -> Iterator[Outcome]:
    """Every attack of a share, captured and then opened in every view, as itself and part by part."""
    mails = list(attacks(watch.tattle.port))[share]
    with smtplib.SMTP("127.0.0.1", watch.program.smtp_port, timeout=60) as client:
        ids = [deliver(client, _ended(attack.raw), "a@example.com", ("b@example.org",)) for attack in mails]
    for attack, id in zip(mails, ids, strict=True):
        yield _opened(watch, attack, id)


def _ended(raw: bytes) -> bytes:
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"


def _opened(watch: Watch, attack: Attack, id: str) -> Outcome:
    base, page = f"messages/{id}", watch.page
    watch.open(base)
    expect(page.locator("#open-" + id)).to_be_visible()
    tabs = page.eval_on_selector_all(".tabs a[id]", "all => all.map((one) => one.id.slice(5))")
    views = [view for tab in tabs for view in (VIEWS if tab == "html" else (tab,))]
    for view in views:
        watch.open(f"{base}/{view}")
    troubles = watch.take()
    for number in () if len(attack.raw) > LARGE else ("1", "2"):
        watch.open(f"{base}/parts/{number}")
    troubles += watch.take()
    watch.open(f"{base}/{views[0]}")
    return Outcome(attack, len(views), troubles + _unusable(page) + watch.take())


def _unusable(page: Page) -> list[str]:
    """What is wrong with our own page around the mail, which was opened last: its keys must move on to another."""
    before = page.url
    key = "k" if page.locator("#messages a.row").last.get_attribute("aria-current") else "j"
    page.keyboard.press(key)
    try:
        page.wait_for_function("before => location.href !== before", arg=before, timeout=30_000)
    except Error:
        return [f"the key {key} does nothing"]
    return []


@pytest.mark.parametrize("first", range(SHARES))
def test_no_attack_runs_asks_or_leaves_its_frame_in_any_view(browser: Browser, first: int) -> None:
    with Program("-d", ":memory:") as program, tattling() as tattle, browser.new_context() as context:
        watch = Watch(context, program, tattle)
        outcomes = list(attacked(watch, slice(first, None, SHARES)))
        watch.page.goto("about:blank")
        with urlopen(f"{tattle.url}/heard"):  # nothing was on its way before this
            assert tattle.heard == ["/heard"]
    assert len(outcomes) > 80 / SHARES
    assert all(outcome.opened >= 3 for outcome in outcomes)
    assert {outcome.attack.name: outcome.troubles for outcome in outcomes if outcome.troubles} == {}


def main() -> None:
    """Print what became of each attack."""
    with (
        Program("-d", ":memory:") as program,
        tattling() as tattle,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser,
        browser.new_context() as context,
    ):
        sys.stdout.write("| attack | would be harm | views | outcome |\n|---|---|---|---|\n")
        for attack, opened, troubles in attacked(Watch(context, program, tattle)):
            outcome = "; ".join(troubles) or "nothing happened"
            sys.stdout.write(f"| {attack.name} | {attack.harm} | {opened} | {outcome} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
