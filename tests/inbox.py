"""The app's pages in this process: a client, a shortcut into the store behind it, and short ways to look at a page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from bs4 import BeautifulSoup
from bs4.element import Tag

from mailsluice.capture import Capture, Envelope, Recipient, SessionFacts, new_id, now
from mailsluice.sandbox import Sandbox
from mailsluice_web.app import create_app

BROWSER = {"Accept": "text/html,*/*;q=0.8"}
HTMX = {"HX-Request": "true"}
PLAIN = (
    b"From: Ada <ada@example.test>\r\nTo: bob@example.test\r\nSubject: Lunch\r\n"
    b"Date: Mon, 20 Jul 2026 14:00:00 +0200\r\n\r\nHello Bob,\r\nsee https://example.test/menu.\r\n"
)
RICH = b"""\
From: shop@example.test\r
To: bob@example.test\r
Subject: Your order\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=mixed\r
\r
--mixed\r
Content-Type: multipart/related; boundary=related\r
\r
--related\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Hello <img src="cid:logo@example.test"> <img src="http://tracker.example.test/1.gif"></p>\r
--related\r
Content-Type: image/gif\r
Content-ID: <logo@example.test>\r
Content-Disposition: inline; filename=logo.gif\r
Content-Transfer-Encoding: base64\r
\r
R0lGODlhAQABAAAAACw=\r
--related--\r
--mixed\r
Content-Type: text/html\r
Content-Disposition: attachment; filename*=UTF-8''..%2F%E2%80%AEfdp.html\r
\r
<script>alert(1)</script>\r
--mixed--\r
"""
BROKEN = b"From: a@example.test\r\nSubject: Broken\r\nContent-Type: multipart/mixed; boundary=none\r\n\r\nno parts\r\n"


class Inbox:
    """The app's client, and a shortcut into the store behind it."""

    def __init__(self, sandbox: Sandbox, client: httpx2.AsyncClient) -> None:
        self.sandbox, self.client = sandbox, client

    async def capture(
        self,
        raw: bytes = PLAIN,
        *,
        sender: str = "ada@example.test",
        recipients: tuple[str, ...] = ("bob@example.test",),
        session: SessionFacts | None = None,
        transcript: tuple[str, ...] = ("S: 220 ready", "C: QUIT", "S: 550 5.1.1 no"),
    ) -> str:
        """Store a message as the listener would; its id."""
        facts = session or SessionFacts(id=new_id(), peer="127.0.0.1:40000", began=now(), helo="app", extended=True)
        envelope = Envelope(sender, tuple(Recipient(address) for address in recipients))
        capture = Capture(new_id(), now(), envelope, facts, transcript, raw)
        await self.sandbox.store.add(capture)
        return capture.id

    async def page(self, path: str, *, status: int = 200, headers: dict[str, str] | None = None) -> BeautifulSoup:
        """GET a page of that status as a tree."""
        response = await self.client.get(path, headers=headers or {})
        assert response.status_code == status, response.text
        return BeautifulSoup(response.text, "html.parser")


@asynccontextmanager
async def open_inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    """The pages over a sandbox, as the browser of this machine asks for them."""
    transport = httpx2.ASGITransport(app=create_app(sandbox))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8025", headers=BROWSER) as client:
        yield Inbox(sandbox, client)


def one(tree: BeautifulSoup | Tag, selector: str) -> Tag:
    found = tree.select(selector)
    assert len(found) == 1, (selector, found)
    return found[0]


def words(tag: BeautifulSoup | Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def links(tree: BeautifulSoup | Tag, selector: str) -> dict[str, Any]:
    return {words(link): link["href"] for link in tree.select(selector)}


def subjects(tree: BeautifulSoup | Tag) -> list[str]:
    """Those of the rows, newest first."""
    return [words(subject) for subject in tree.select("a.row .subject")]


def logged_in(user: str) -> SessionFacts:
    """A session whose mail comes into the mailbox of that name."""
    return SessionFacts(new_id(), "127.0.0.1:40000", now(), "app", True, "", user)
