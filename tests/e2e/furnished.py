"""A sandbox in which everything was captured, released and refused that a page can show, and a browser with its key."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailsluice.capture import new_id
from mailsluice.gmail.verdict import Verdict
from mailsluice.relay.profile import Profile
from mailsluice.release import RecipientReply, State
from tests.attached_mail import attached_mail
from tests.e2e.chromium import REFUSALS, watch
from tests.release_pages import NO, OK, keep, record
from tests.smarthost import USER
from tests.unlocked import Served, served

LONG: Final = "Ein-sehr-langes-Wort-ohne-jede-Lücke" * 4
RIGHT_TO_LEFT: Final = "مرحبا بكم في متجرنا الإلكتروني הזמנה 12345"
EMOJI: Final = "🎉👩‍👩‍👧‍👦 Willkommen 🇩🇪 " * 6
STATES: Final[tuple[State, ...]] = ("delivered", "partly", "refused", "failed", "deferred", "unknown", "cancelled")
VERDICT: Final = Verdict(
    "address", "The mailbox does not exist.", "Check the address.", link="https://support.google.com/"
)
BATCH: Final = new_id()
NOBODY: Final = "0" * 22

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_ORDER = f"""\
From: The Shop <shop@example.test>
To: Bob <bob@example.com>, carol@example.com
Cc: dora@example.com
Subject: Your order 4711
Date: Mon, 20 Jul 2026 14:00:00 +0200
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<html lang=en><title>Order</title><main><h1>Thank you</h1>
<p>Your code is <b>483920</b>. <a href="https://shop.example.test/verify?token=abc">Verify your address</a></p>
<img alt="" src="https://images.example.test/a.png"></main></html>
--b
Content-Type: image/png; name=map.png
Content-Disposition: attachment; filename=map.png
Content-Transfer-Encoding: base64

{_PIXEL}
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="{LONG}.pdf"

%PDF
--b--
"""
_LETTER = """\
From: {sender}
To: {to}
Subject: {subject}
Content-Type: text/plain; charset=utf-8

Verification code: 483920
See https://shop.example.test/verify?token=abc to verify your e-mail address.
"""
_BROKEN = """\
From: <<broken
Subject: Broken
Content-Type: multipart/mixed; boundary=nowhere
Content-Transfer-Encoding: base64

%%%
"""


class House:
    """The pages over it, by what stands at which path; `ids` names messages and releases."""

    def __init__(self, pages: Served) -> None:
        self.pages, self.ids = pages, dict[str, str]()

    @property
    def url(self) -> str:
        """Where the inbox is."""
        return self.pages.url

    def capture(self, name: str, mail: str, *to: str, user: str = "") -> str:
        """Send a mail as an app does, and remember it under this name."""
        host, _, port = self.pages.sandbox.smtp_addresses[0].rpartition(":")
        with smtplib.SMTP(host, int(port)) as client:
            if user:
                client.login(user, "any")
            client.sendmail("app@example.test", to or ["bob@example.com"], mail.replace("\n", "\r\n").encode())
        captured = self.pages.ask(self.pages.sandbox.store.get("latest"))
        assert captured
        self.ids[name] = captured.id
        return captured.id

    def path(self, pattern: str) -> str:
        """The address below the inbox, with ids for the names in braces."""
        return self.url + pattern.format(nobody=NOBODY, batch=BATCH, **self.ids)


def letter(subject: str, *, sender: str = "Ada <ada@example.test>", to: str = "bob@example.com") -> str:
    """A plain mail with a code and a link."""
    return _LETTER.format(subject=subject, sender=sender, to=to)


@contextmanager
def open_house(browser: Browser, folder: Path) -> Iterator[tuple[House, BrowserContext]]:
    """A furnished house, and a browser that has its key and lets nothing move."""
    with (
        served(folder, {"MAILSLUICE_PROFILE_WORK_PASSWORD": "abcdefghijklmnop"}) as pages,
        browser.new_context(reduced_motion="reduce", color_scheme="light") as context,
    ):
        house = House(pages)
        _furnish(house)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.goto(pages.link)
        page.close()  # the browser keeps the key
        complaints = list[str]()
        watch(context, complaints, forgiven=REFUSALS)
        yield house, context
        context.close()
    heard = [one for one in complaints if not one.startswith("Loading the image")]
    assert not heard, heard


def _furnish(house: House) -> None:
    _capture(house)
    _release(house)
    _meet_trouble(house)

    async def fail(request: Request) -> Response:
        raise LookupError("meant to happen")

    house.pages.app.router.routes.insert(0, Route("/fault", fail))


def _capture(house: House) -> None:
    sandbox, ask = house.pages.sandbox, house.pages.ask
    house.capture("broken", _BROKEN)
    house.capture("right", letter(RIGHT_TO_LEFT, sender=f'"{RIGHT_TO_LEFT}" <a@example.test>'), "b@example.com")
    house.capture("emoji", letter(EMOJI, sender=f'"{EMOJI}" <e@example.test>'))
    house.capture("long", letter(LONG, sender=f"{LONG} <l@example.test>"), f"{'l' * 60}@{'l' * 60}.test")
    house.capture("bare", "From: a@example.test\n\n")
    house.capture("attached", attached_mail().decode().replace("\r\n", "\n"))
    house.capture("tagged", letter("A tagged one"), user="a-very-long-name-of-a-mailbox@customers.example.test")
    house.capture("order", _ORDER, "bob@example.com", "hidden@example.com")
    ask(sandbox.set_tags([house.ids["tagged"]], ["welcome", "x" * 60, "invoice"]))
    ask(sandbox.pin([house.ids["tagged"]], pinned=True))
    ask(sandbox.mark_seen([house.ids["emoji"], house.ids["right"]], seen=True))


def _release(house: House) -> None:
    sandbox, ask = house.pages.sandbox, house.pages.ask
    standard: dict[str, Any] = {
        "host": "smtp.gmail.com",
        "port": 587,
        "security": "starttls",
        "user": USER,
        "pace": 0.0,
    }
    for changes in (
        {"name": "work", "preset": "gmail", "allow": ("@example.com",), "default": True},
        {"name": "other", "preset": "custom", "enabled": False, "user": "other@gmail.com"},
    ):
        sandbox.profiles.save(Profile(**standard | changes), by_hand=True)
    said = {"delivered": OK, "unknown": None, "cancelled": None, "deferred": None}
    for state in STATES:
        changes = {"state": state, "reply": said.get(state, NO), "verdict": None if state in said else VERDICT}
        receivers = (RecipientReply("bob@example.com", "accepted", OK), RecipientReply("c@example.com", "refused", NO))
        entry = record(
            house.ids["order"], **changes, recipients=receivers, batch=BATCH, transcript=("C: EHLO x", "S: 250")
        )
        house.ids[state] = entry.id
        ask(keep(sandbox, entry))


def _meet_trouble(house: House) -> None:
    host, _, port = house.pages.sandbox.smtp_addresses[0].rpartition(":")
    with smtplib.SMTP(host, int(port)) as client:
        client.ehlo("an-app.example.test")
        client.docmd("NONSENSE")
        client.mail("app@example.test")
    (session,) = _eventually(house)
    house.ids["session"] = session.facts.id


def _eventually(house: House) -> list[Any]:
    """The sessions, once there is one: its record comes after its end."""
    for _ in range(1000):
        if found := house.pages.ask(house.pages.sandbox.store.list_sessions(limit=10)):
            return found
    raise AssertionError("no session was recorded")
