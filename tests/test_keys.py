"""The table of keys, the sheet that it makes, and what keys.js and the pages know of it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import mailsluice_web
from mailsluice.sandbox import Sandbox
from mailsluice_web.keys import KEYS
from tests.inbox import Inbox, one, open_inbox, words

ALL = [key for lines in KEYS.values() for line in lines for key in line.keys]
SCRIPT = (Path(mailsluice_web.__file__).parent / "static" / "keys.js").read_text("utf-8")
MAIL = (
    b"From: Ada <ada@example.test>\r\nTo: bob@example.test\r\nSubject: Sign in\r\nContent-Type: text/html\r\n\r\n"
    b"<p>Your verification code is <b>482913</b>. "
    b'<a href="https://x.test/login?token=8f3a9c2e71d04b55">Sign in</a></p>\r\n'
)


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


async def test_the_sheet_shows_every_key_of_the_table_with_its_act(inbox: Inbox) -> None:
    sheet = one(await inbox.page("/"), "#keys")
    shown = [(key.get("data-pressed", ""), key.get("data-act", ""), words(key)) for key in sheet.select("dt kbd")]
    assert shown == [(key.name if key.act else "", key.act, key.text) for key in ALL]
    assert [words(heading) for heading in sheet.select("h3")] == list(KEYS)


def test_the_script_knows_the_acts_of_the_table_and_no_others() -> None:
    acts = re.search(r"^const acts = \{\n(.*?)^\}", SCRIPT, re.MULTILINE | re.DOTALL)
    assert acts
    assert set(re.findall(r"^  (\w+)[(:,]", acts[1], re.MULTILINE)) == {key.act for key in ALL if key.act}


def test_no_key_stands_for_two_acts() -> None:
    names = [key.name for key in ALL]
    assert len(names) == len(set(names))


async def test_every_key_for_a_control_of_a_message_has_one(inbox: Inbox) -> None:
    id = await inbox.capture(MAIL)
    await inbox.sandbox.store.search.indexing.settle()
    page = await inbox.page(f"/messages/{id}")
    keyed = {str(control["data-key"]) for control in page.select("#pane [data-key]")}
    assert keyed - {"u"} == {key.name for key in ALL if key.act in ("deed", "mark", "quick")}
    offered = {str(control["data-key"]) for control in page.select("#messages .item [data-key]")}
    assert offered == {key.name for key in ALL if key.act == "quick"}


async def test_a_message_is_marked_as_unread_and_read_again(inbox: Inbox) -> None:
    id = await inbox.capture(MAIL)
    assert words(one(await inbox.page(f"/messages/{id}"), "#mark button")) == "Mark as unread"
    for seen, offered in (("0", "Mark as read"), ("1", "Mark as unread")):
        response = await inbox.client.post(f"/messages/{id}/marks", data={"seen": seen}, headers={"HX-Request": "true"})
        assert offered in response.text
        listed = await inbox.sandbox.store.get(id)
        assert listed
        assert listed.seen == (seen == "1")
    response = await inbox.client.post(f"/messages/{id}/marks", data={"seen": "0"})
    assert (response.status_code, response.headers["location"]) == (303, "/")
