"""Somebody who releases captured mail in a real browser, through a profile and a fake Gmail of the test's own."""

import functools
import re
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from mailsluice.relay.outbox import Outbox
from mailsluice.relay.profile import Profile
from mailsluice.relay.walk import Patience
from mailsluice.release import Release
from tests.e2e.chromium import watch
from tests.gmail import FakeGmail
from tests.smarthost import APP_PASSWORD, USER, loopback
from tests.unlocked import Served, served

BOB: Final = "bob@example.com"
MAIL: Final = b"From: Ada <ada@gmail.com>\r\nTo: bob@example.com\r\nSubject: Your order\r\n\r\nHello\r\n"
NORMAL_PASSWORD: Final = "zyxwvutsrqponmlk"
HASTY: Final = Patience(greeting=3, auth=3, look=2, message=3)
"""Short where a row waits for it, and still long for a busy machine."""


class Office:
    """The pages over one sandbox and a browser that has their key; desks stand in it one after the other."""

    def __init__(self, pages: Served, context: BrowserContext, environment: dict[str, str]) -> None:
        self.pages, self.context, self.environment = pages, context, environment
        self._complaints: list[str] = []
        watch(context, self._complaints)

    def take_complaints(self) -> list[str]:
        """What the console complained about since, but for what is meant: refusals (422), a mail's images kept out."""
        meant = ("Failed to load resource", "Loading the image")
        heard = [one for one in self._complaints if not one.startswith(meant)]
        self._complaints.clear()
        return heard


@contextmanager
def open_office(browser: Browser, folder: Path) -> Iterator[Office]:
    """An office whose outbox finds every name here, and does not wait long for a server that is silent."""
    environment: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch, browser.new_context() as context:
        patch.setattr("mailsluice.sandbox.Outbox", functools.partial(Outbox, patience=HASTY, resolver=loopback))
        context.set_default_timeout(15_000)
        with served(folder, environment) as pages:
            page = context.new_page()
            page.goto(pages.link)
            page.close()  # the browser keeps the key
            yield Office(pages, context, environment)
            context.close()


class Desk:
    """A page of somebody who has the key, with a fake Gmail and, once it is set up, a profile of her own."""

    def __init__(self, office: Office, gmail: FakeGmail) -> None:
        self.page, self.pages, self.gmail = office.context.new_page(), office.pages, gmail
        self.name = f"work-{len(office.environment)}"  # no test meets the parking of another
        self._environment = office.environment

    def set_up(self, *, password: str = APP_PASSWORD, **changes: Any) -> Profile:
        """Make the only profile: Ada's, with the rules of Gmail; whatever her password is, it is there."""
        standard: dict[str, Any] = {
            "name": self.name,
            "preset": "gmail",
            "host": "smtp.gmail.com",
            "port": self.gmail.starttls_port,
            "security": "starttls",
            "ca_file": self.gmail.ca_file,
            "user": USER,
            "allow": ("@example.com",),
            "pace": 0.0,
            "default": True,
        }
        profile = Profile(**standard | changes)
        self._environment[profile.variable] = password
        return self.pages.sandbox.profiles.save(profile, by_hand=True)

    def leave(self) -> None:
        """Take the profile away, so that what still waits is not tried through it, and the mail."""
        self.page.close()
        self.pages.sandbox.profiles.remove(self.name)
        self.pages.ask(self.pages.sandbox.delete(None))

    def capture(self, mail: bytes = MAIL, *, to: Sequence[str] = (BOB,)) -> str:
        """Send a mail to the sandbox as an app does; its id there."""
        host, _, port = self.pages.sandbox.smtp_addresses[0].rpartition(":")
        with smtplib.SMTP(host, int(port)) as client:
            client.sendmail("app@example.com", list(to), mail)
        captured = self.pages.ask(self.pages.sandbox.store.get("latest"))
        assert captured
        return captured.id

    def look(self, message: str, *to: str) -> Locator:
        """Open the message, then the dialog, and name who is to get it; what the preflight says stands there."""
        self.page.goto(f"{self.pages.url}messages/{message}")
        self.page.get_by_role("link", name="Release…").click()
        dialog = self.page.get_by_role("dialog", name="Release")
        expect(dialog).to_be_visible()
        if to:
            self.write_to(*to)
        return dialog

    def write_to(self, *to: str) -> None:
        """Type the recipients, and wait until the preflight is done for them."""
        field = self.page.get_by_label("To", exact=True)
        if field.input_value() == "\n".join(to):  # they are suggested
            return
        field.fill("\n".join(to))
        with self.page.expect_response(re.compile("/preflights$")):
            field.blur()
        expect(self.page.locator("#checking")).to_be_hidden()  # the answer is shown

    def release(self, message: str, *to: str) -> Release:
        """Release a mail in the browser; its record once nothing happens to it any more."""
        self.look(message, *to)
        return self.confirm(message)

    def confirm(self, message: str) -> Release:
        """Press the button of the dialog; the record once nothing happens to it any more."""
        self.page.get_by_role("button", name="Release 1 message").click()
        expect(self.page.get_by_role("dialog")).to_have_count(0)
        return self.record(message)

    def record(self, message: str) -> Release:
        """The newest release of a message, as it stands in the journal once it has settled."""
        sandbox = self.pages.sandbox
        (_, newest), *_ = self.pages.ask(sandbox.store.journal.list(limit=1, message=message))
        self.pages.ask(sandbox.outbox.wait([newest.id], seconds=20))
        settled = self.pages.ask(sandbox.store.journal.get(newest.id))
        assert settled
        return settled

    @property
    def card(self) -> Locator:
        """What the message's page says of its newest release."""
        return self.page.locator(".release-card").first

    def open_record(self) -> Locator:
        """The page of that release."""
        self.card.get_by_role("link", name="Record").click()
        record = self.page.locator("#record")
        expect(record).to_be_visible()
        return record
