"""A sandbox whose mail may leave: a profile for a fake Gmail, and a program that asks the API with the token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2

from mailsluice.relay.profile import Profile
from mailsluice.sandbox import Sandbox
from mailsluice_web.app import create_app
from tests.gmail import FakeGmail
from tests.inbox import Inbox
from tests.smarthost import APP_PASSWORD, SECRET, USER

BOB: Final = "bob@example.com"
MAIL: Final = (
    b"From: App <app@shop.test>\r\nTo: customer@shop.test\r\nBcc: boss@shop.test\r\nSubject: Hello\r\n"
    b"Date: Mon, 20 Jul 2026 14:00:00 +0200\r\nMessage-ID: <old@shop.test>\r\n\r\nHello\r\n"
)
PROGRAM_INSIDE: Final = (
    b"From: App <app@shop.test>\r\nTo: customer@shop.test\r\nSubject: A program\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee there\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=setup.exe\r\n\r\n"
    b"MZ none\r\n--b--\r\n"
)
"""Gmail refuses the file's type, which is a doubt."""


class Desk(Inbox):
    """An inbox with the token; `post` and `get` answer below /api/sandbox/ with that status."""

    async def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        response = await self.client.post(f"/api/sandbox/{path}", json={} if body is None else body)
        assert response.status_code == status, response.text
        return response.json()

    async def get(self, path: str, *, status: int = 200) -> Any:
        response = await self.client.get(f"/api/sandbox/{path}")
        assert response.status_code == status, response.text
        return response.json()

    async def release(self, message: str, *, to: str = BOB, **wishes: Any) -> Any:
        """The record of one release, settled."""
        answer = await self.post("releases?wait=30", {"messages": [message], "to": [to], **wishes}, status=201)
        (record,) = answer["releases"]
        return record


async def add_profile(sandbox: Sandbox, gmail: FakeGmail, **changes: Any) -> Profile:
    """Ada's profile at the fake Gmail, the default one, with the right password."""
    gmail.add_account(USER, app_password=APP_PASSWORD)
    standard: dict[str, Any] = {
        "name": "work",
        "host": "localhost",
        "port": gmail.starttls_port,
        "security": "starttls",
        "ca_file": gmail.ca_file,
        "user": USER,
        "allow": ("@example.com",),
        "pace": 0.0,
    }
    saved = sandbox.profiles.save(Profile(**standard | changes), by_hand=True)
    await sandbox.vault.keep(saved, SECRET)
    return saved


@asynccontextmanager
async def open_desk(sandbox: Sandbox) -> AsyncIterator[Desk]:
    """The API over a sandbox, for whoever knows its token."""
    transport = httpx2.ASGITransport(app=create_app(sandbox))
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8025", headers=headers) as client:
        yield Desk(sandbox, client)
