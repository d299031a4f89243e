"""The compatible API in this process: a client, a shortcut into the store behind it, and short ways to look."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from mailsluice.capture import Capture, Envelope, Recipient, SessionFacts, new_id
from mailsluice.events import Event, Found
from mailsluice.sandbox import Sandbox
from mailsluice_web.api import health, keeping, mailpit, messages
from mailsluice_web.security import Guard

NOON = 1_784_548_800_000_000  # 2026-07-20T12:00:00Z in microseconds
SUMMARY_KEYS = "ID MessageID Read From To Cc Bcc ReplyTo Subject Created Username Tags Size Attachments Snippet"

PLAIN = (
    b"From: Ada <ada@example.test>\r\nTo: Bob <bob@example.test>, carol@example.test\r\nCc: dan@example.test\r\n"
    b"Bcc: eve@example.test\r\nReply-To: reply@example.test\r\nSubject: Fish & <chips>\r\n"
    b"Message-ID: <m1@example.test>\r\nDate: Mon, 20 Jul 2026 14:00:00 +0200\r\n\r\nHello  Bob,\r\nlunch?\r\n"
)
RICH = b"""\
From: shop@example.test\r
To: bob@example.test\r
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r
MIME-version: 1.0\r
X-long: one\r
\ttwo\r
X-LONG: three\r
List-Unsubscribe: <mailto:off@example.test>, <https://example.test/off>\r
List-Unsubscribe-Post: List-Unsubscribe=One-Click\r
Content-Type: multipart/mixed; boundary=mixed\r
\r
--mixed\r
Content-Type: multipart/related; boundary=related\r
\r
--related\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Hello <img src="cid:logo@example.test"></p>\r
--related\r
Content-Type: image/gif\r
Content-ID: <logo@example.test>\r
Content-Disposition: inline\r
Content-Transfer-Encoding: base64\r
\r
R0lGODlhAQABAAAAACw=\r
--related--\r
--mixed\r
Content-Type: text/html; name="a b.html"\r
Content-Disposition: attachment; filename="a b.html"\r
\r
<script>alert(1)</script>\r
--mixed--\r
"""


class Mailbox:
    """The API's client, and a shortcut into the store behind it."""

    def __init__(self, sandbox: Sandbox, client: httpx2.AsyncClient) -> None:
        self.sandbox, self.client = sandbox, client

    async def capture(
        self, raw: bytes = PLAIN, *, received: int = NOON, to: tuple[str, ...] = (), user: str = ""
    ) -> str:
        id = new_id()
        envelope = Envelope("bounce@example.test", tuple(Recipient(address) for address in to))
        session = SessionFacts(id=new_id(), peer="127.0.0.1:5", began=received, user=user)
        await self.sandbox.store.add(Capture(id, received, envelope, session, (), raw))
        return id

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.client.get(path, headers=headers)

    async def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> httpx2.Response:
        return await self.client.request(method, path, content=body, headers=headers)

    async def ids(self) -> list[str]:
        return [one.id for one in await self.sandbox.store.list_messages(limit=0)]

    async def seen(self, id: str) -> bool:
        listed = await self.sandbox.store.get(id)
        assert listed
        return listed.seen


def with_state(app: ASGIApp, sandbox: Sandbox) -> ASGIApp:
    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {"sandbox": sandbox}}, receive, send)

    return run


@asynccontextmanager
async def opened(sandbox: Sandbox) -> AsyncIterator[Mailbox]:
    """A client of the API over this sandbox."""
    routes = [*health.routes, *messages.routes, *keeping.routes, *mailpit.routes]
    app = with_state(Guard(Starlette(routes=routes)), sandbox)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost:8025") as client:
        yield Mailbox(sandbox, client)


def keys(found: dict[str, Any]) -> str:
    """The keys of a JSON object in the order sent."""
    return " ".join(found)


def events_of(sandbox: Sandbox) -> list[Event]:
    found: list[Event] = []
    publish = sandbox.events.publish

    def note(event: Event) -> None:
        if not isinstance(event, Found):  # the index comes to that when it can
            found.append(event)
        publish(event)

    sandbox.events.publish = note  # type: ignore[method-assign]  # the real thing still runs
    return found
