"""The import page: what is taken, what is refused and why, and what an answer says besides."""

from collections.abc import AsyncIterator

import pytest
from bs4 import BeautifulSoup

from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from tests.conftest import LOOPBACK
from tests.exchanging import zip_of
from tests.inbox import PLAIN, Inbox, one, open_inbox, words


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


async def test_a_file_is_imported_and_a_bad_one_says_why_not(inbox: Inbox) -> None:
    assert one(await inbox.page("/imports"), "main form[enctype='multipart/form-data'] input[type=file]")
    mbox = b"From - Mon Jul 20 12:00:00 2026\n" + PLAIN.replace(b"\r\n", b"\n") + b"\n"
    response = await inbox.client.post("/imports", files={"file": ("mail.mbox", mbox + mbox)})
    assert "2 messages are in the inbox." in words(BeautifulSoup(response.text, "html.parser"))
    assert (await inbox.sandbox.store.counts()).messages == 2
    for upload in ({"file": ("x.zip", b"PK\3\4 no zip")}, {"file": ("", b"")}, {"file": ("x.png", b"\x89PNG")}):
        response = await inbox.client.post("/imports", files=upload)
        assert response.status_code == 422
        assert "Nothing was imported." in words(one(BeautifulSoup(response.text, "html.parser"), "#file-error"))
    assert (await inbox.sandbox.store.counts()).messages == 2


class TestWithLimits:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(smtp=LOOPBACK, listen=LOOPBACK, max_messages=1)

    async def test_an_import_says_what_stayed_out_and_what_is_not_kept(self, inbox: Inbox) -> None:
        archive = zip_of([("a.eml", PLAIN), ("b.eml", PLAIN), ("readme.txt", b"Read me")])
        files = [
            ("file", ("mail.zip", archive)),
            ("file", ("c.mbox", b"From a\n" + PLAIN * 2)),
            ("file", ("d.eml", PLAIN)),
        ]
        told = words(BeautifulSoup((await inbox.client.post("/imports", files=files)).text, "html.parser"))
        assert "4 messages are in the inbox." in told
        assert "1 file that is no mail was left out: “readme.txt”." in told
        assert told.count("Mailsluice keeps only 1 message (--max), so the oldest go.") == 1
