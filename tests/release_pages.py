"""The pages about releases as htmx asks for them, and a short way to records that only time would bring."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2
import msgspec
from bs4 import BeautifulSoup

from mailsluice.capture import new_id, now
from mailsluice.gmail.verdict import Verdict
from mailsluice.release import RecipientReply, Release
from mailsluice.reply import Reply
from mailsluice.sandbox import Sandbox
from mailsluice_web.app import create_app
from tests.inbox import HTMX, Inbox, one
from tests.smarthost import USER

OK: Final = Reply(250, "2.0.0", "OK  1784637123 d9443c01a7336-2a2f3c65d66sm50829075ad.20 - gsmtp")
NO: Final = Reply(550, "5.1.1", "The email account that you tried to reach does not exist. - gsmtp")
DIALOG: Final = {"HX-Target": "div#modal"}


class Pages(Inbox):
    """The pages for somebody who knows the token."""

    async def get(self, path: str, *, status: int = 200, target: str = "main#pane") -> BeautifulSoup:
        return self._read(await self.client.get(path, headers={"HX-Target": target}), status)

    async def whole(self, path: str, *, status: int = 200) -> BeautifulSoup:
        """The page as a browser opens it, which sends no token."""
        return self._read(await self.client.get(path, headers={"HX-Request": "false"}), status)

    async def post(self, path: str, form: dict[str, str] | None = None, *, status: int = 200, target: str = "") -> Any:
        return self._read(await self.client.post(path, data=form or {}, headers={"HX-Target": target}), status)

    async def dialog(self, message: str, **query: str) -> BeautifulSoup:
        """The dialog as `r` opens it."""
        response = await self.client.get(f"/messages/{message}/releases/new", params=query, headers=DIALOG)
        return self._read(response, 200)

    @staticmethod
    def _read(response: httpx2.Response, status: int) -> BeautifulSoup:
        assert response.status_code == status, response.text
        return BeautifulSoup(response.text, "html.parser")


@asynccontextmanager
async def open_pages(sandbox: Sandbox) -> AsyncIterator[Pages]:
    """The pages over a sandbox, with its token."""
    transport = httpx2.ASGITransport(app=create_app(sandbox))
    headers = HTMX | {"X-Mailsluice-Token": sandbox.token}
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8025", headers=headers) as client:
        yield Pages(sandbox, client)


def values(page: BeautifulSoup) -> dict[str, str]:
    """What the form would send as it stands."""
    form = one(page, "#release-form")
    fields = {}
    for field in form.select("input[name], textarea[name]"):
        if field.get("type") in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        text = field.get_text().removeprefix("\n") if field.name == "textarea" else str(field.get("value", ""))
        fields[str(field["name"])] = text
    for select in form.select("select"):
        fields[str(select["name"])] = str(one(select, "[selected]")["value"])
    return fields


def record(message: str = "", **changes: Any) -> Release:
    """A release as it stands in the journal."""
    id = new_id()
    plain = Release(
        id=id,
        message=message or new_id(),
        profile="work",
        route=("smtp.gmail.com", 587, "starttls", "", USER),
        state="delivered",
        created=now(),
        changed=now(),
        sender=USER,
        recipients=(RecipientReply("bob@example.com", "accepted", OK),),
        subject="Your order",
        message_id=f"{id}@gmail.com",
        size=1000,
        attempts=1,
        reply=OK,
    )
    return msgspec.structs.replace(plain, **changes)


async def keep(sandbox: Sandbox, *releases: Release, raw: bytes = b"Subject: Your order\r\n\r\nHello\r\n") -> None:
    """Put records into the journal, past the outbox."""
    await sandbox.store.journal.add([(release, raw) for release in releases])


REFUSED: Final = Verdict("address", "The mailbox does not exist.", "Check the address for typing errors.")
