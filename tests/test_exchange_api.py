"""GET /api/sandbox/export and POST /api/sandbox/import: files out and in, within bounds."""

import io
import zipfile
from collections.abc import AsyncIterator

import httpx2
import pytest

from mailsluice.exchange import mbox
from mailsluice.sandbox import Sandbox
from mailsluice_web import security
from tests.exchanging import AWKWARD, fill, raws, stored, zip_of
from tests.inbox import Inbox, open_inbox

EXPORT, IMPORT = "/api/sandbox/export", "/api/sandbox/import"
ONE = b"Subject: one\r\n\r\n"
MBOX = b"From a@example.com Mon Jul 20 11:22:33 2026\nSubject: x\r\n\r\n\n"


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


async def get(inbox: Inbox, path: str, status: int = 200) -> httpx2.Response:
    response = await inbox.client.get(path)
    assert response.status_code == status, response.text
    return response


async def post(inbox: Inbox, body: bytes, query: str = "", *, status: int = 201) -> dict[str, object]:
    response = await inbox.client.post(IMPORT + query, content=body)
    assert response.status_code == status, response.text
    return dict(response.json())


async def test_everything_leaves_as_a_zip_archive_unless_mbox_is_asked_for(inbox: Inbox) -> None:
    ids = await fill(inbox.sandbox.store, AWKWARD)
    response = await get(inbox, EXPORT)
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"].startswith('attachment; filename="mailsluice-20')
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        assert [name.rpartition("-")[2] for name in archive.namelist()] == [f"{id}.eml" for id in ids]
        assert [archive.read(name) for name in archive.namelist()] == [*AWKWARD]
    response = await get(inbox, f"{EXPORT}?format=mbox")
    assert response.headers["content-type"] == "application/mbox"
    assert raws(mbox.read, response.content) == [*AWKWARD]


async def test_ids_or_a_query_choose(inbox: Inbox) -> None:
    ids = await fill(inbox.sandbox.store, [ONE, b"Subject: two\r\n\r\n", ONE])
    for choice, expected in ((f"id={ids[1]}&id=latest", 2), ("query=subject:one", 2), ("query=subject:none", 0)):
        response = await get(inbox, f"{EXPORT}?{choice}")
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            assert len(archive.namelist()) == expected


@pytest.mark.parametrize(
    ("choice", "status", "field"),
    [
        ("format=tar", 400, ""),
        ("id=x&query=y", 400, ""),
        ("id=nobody", 422, "id"),
        ("query=before:garbage", 422, "query"),
    ],
)
async def test_what_cannot_be_exported_is_said(inbox: Inbox, choice: str, status: int, field: str) -> None:
    told = (await get(inbox, f"{EXPORT}?{choice}", status)).json()
    assert told["error"]
    assert told["field"] == field


async def test_head_tells_the_type_and_sends_nothing(inbox: Inbox) -> None:
    await fill(inbox.sandbox.store, [ONE])
    response = await inbox.client.head(EXPORT)
    assert (response.status_code, response.headers["content-type"], response.content) == (200, "application/zip", b"")


@pytest.mark.parametrize(
    ("body", "query", "expected"),
    [
        (ONE, "", [ONE]),
        (MBOX * 2, "", [b"Subject: x\r\n\r\n"] * 2),
        (MBOX, "?format=eml", [MBOX]),
        (zip_of([("a.eml", ONE), ("b.eml", b"")]), "", [ONE, b""]),
        (b"a\nb\r\n", "?crlf=1&format=eml", [b"a\r\nb\r\n"]),
    ],
)
async def test_a_body_is_imported_as_what_it_is(inbox: Inbox, body: bytes, query: str, expected: list[bytes]) -> None:
    told = await post(inbox, body, query)
    store = inbox.sandbox.store
    assert await stored(store) == expected
    ids = [one.id for one in await store.list_messages(limit=0)][::-1]
    assert told == {"imported": len(expected), "ids": ids, "left_out": [], "notes": []}
    assert not list(store.spool_folder.iterdir())


@pytest.mark.parametrize(
    ("body", "query", "status", "field"),
    [
        (b"", "", 422, "body"),
        (zip_of([("../a.eml", ONE)]), "", 422, "body"),
        (ONE, "?format=mbox", 422, "body"),
        (b"\x89PNG\r\n", "", 422, "body"),
        (ONE, "?format=tar", 422, "format"),
        (ONE, "?crlf=maybe", 400, ""),
    ],
)
async def test_what_is_refused_is_explained_and_leaves_nothing(
    inbox: Inbox, body: bytes, query: str, status: int, field: str
) -> None:
    told = await post(inbox, body, query, status=status)
    assert told["error"]
    assert told["field"] == field
    assert await stored(inbox.sandbox.store) == []
    assert not list(inbox.sandbox.store.spool_folder.iterdir())


async def test_files_that_are_no_mail_are_named_in_the_answer(inbox: Inbox) -> None:
    told = await post(inbox, zip_of([("a.eml", ONE), ("readme.txt", b"Read me")]))
    assert (told["imported"], told["left_out"]) == (1, ["readme.txt"])
    assert told["notes"] == ["1 file that is no mail was left out: “readme.txt”."]


async def test_a_form_is_told_to_be_a_file(inbox: Inbox) -> None:
    response = await inbox.client.post(IMPORT, files={"file": ("a.eml", ONE)})
    assert response.status_code == 400
    assert "--data-binary" in response.json()["error"]


async def test_a_message_above_the_limit_of_the_settings_is_refused(inbox: Inbox) -> None:
    limit = inbox.sandbox.settings.max_message_size
    told = await post(inbox, bytes(limit + 1), "?format=eml", status=422)
    assert told["error"] == "The message is larger than 50 MB, the most for one message."
    await post(inbox, bytes(6 << 20), "?format=eml")


async def test_an_upload_above_the_limit_is_cut_off_and_leaves_nothing(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "MOST_UPLOADED", 1000)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield bytes(500)

    for content in (bytes(1001), endless()):
        response = await inbox.client.post(IMPORT, content=content)
        assert (response.status_code, response.text) == (400, "http: request body too large")
    assert await stored(inbox.sandbox.store) == []
    assert not list(inbox.sandbox.store.spool_folder.iterdir())


async def test_another_sites_page_cannot_import(inbox: Inbox) -> None:
    response = await inbox.client.post(IMPORT, content=ONE, headers={"Sec-Fetch-Site": "same-site"})
    assert response.status_code == 403
    assert await stored(inbox.sandbox.store) == []
