"""Pages as a browser without JavaScript and as htmx ask for them, on a real store."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from bs4 import BeautifulSoup

from mailsluice.capture import SessionFacts, new_id, now
from mailsluice.errors import StoreError
from mailsluice.sandbox import Sandbox
from mailsluice_web import app as web
from mailsluice_web.app import create_app
from mailsluice_web.listing import LONGEST, PAGE
from tests.inbox import BROKEN, HTMX, PLAIN, RICH, Inbox, links, one, open_inbox, words


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


async def test_an_empty_inbox_says_where_to_send_mail(inbox: Inbox) -> None:
    page = await inbox.page("/")
    _, _, port = inbox.sandbox.smtp_addresses[0].rpartition(":")
    assert words(one(page, "h1")) == "Nothing captured yet"
    assert f"SMTP_PORT={port}" in page.text
    assert "mailsluice send-test" in page.text


async def test_the_list_shows_the_newest_message_first(inbox: Inbox) -> None:
    await inbox.capture(PLAIN)
    await inbox.capture(RICH, recipients=("bob@example.test", "hidden@example.test"))
    newest, oldest = (await inbox.page("/")).select("a.row")
    assert words(newest).startswith("Unread. shop@example.test → bob@example.test, hidden@example.test now Your order")
    assert "Attachments: 1" in words(newest)
    assert words(oldest).startswith("Unread. Ada → bob@example.test now Lunch Hello Bob")


async def test_the_list_says_whom_the_envelope_names_not_the_headers(inbox: Inbox) -> None:
    await inbox.capture(PLAIN, recipients=("ada@example.test", "eve@example.test"))
    (row,) = (await inbox.page("/")).select("a.row")
    assert words(one(row, ".to")) == "→ ada@example.test, eve@example.test"


async def test_a_message_page_shows_who_wrote_what_to_whom(inbox: Inbox) -> None:
    id = await inbox.capture(recipients=("bob@example.test", "hidden@example.test"), sender="bounce@example.test")
    page = await inbox.page(f"/messages/{id}")
    facts = dict(
        zip(map(words, page.select(".message dt")), [words(fact) for fact in page.select(".message dd")], strict=True)
    )
    assert words(one(page, "h1")) == "Lunch"
    assert facts["From"] == "Ada <ada@example.test>"
    assert facts["To"] == "bob@example.test"
    assert facts["Date"].startswith("Mon, 20 Jul 2026, 14:00:00 +0200")
    assert [str(mark.contents[0]) for mark in page.select("mark")] == ["bounce@example.test", "hidden@example.test"]
    assert one(page, "title").text == "Lunch · Mailsluice"


async def test_only_views_that_exist_are_offered(inbox: Inbox) -> None:
    plain, rich = await inbox.capture(PLAIN), await inbox.capture(RICH)
    assert list(links(await inbox.page(f"/messages/{plain}"), ".tabs a[id]")) == [
        "Text",
        "Headers",
        "Source",
        "Parts",
        "Transcript",
    ]
    assert "HTML" in links(await inbox.page(f"/messages/{rich}"), ".tabs a[id]")
    assert (await inbox.client.get(f"/messages/{plain}/nothing")).status_code == 404


@pytest.mark.parametrize("raw", [PLAIN, RICH, BROKEN, b"", b"\r\n\xff\xfe\x00 not a mail"])
async def test_every_view_of_every_message_opens(inbox: Inbox, raw: bytes) -> None:
    id = await inbox.capture(raw)
    page = await inbox.page(f"/messages/{id}")
    for address in links(page, ".tabs a[id]").values():
        assert one(await inbox.page(address), "h1")
    assert (await inbox.client.get(f"/messages/{id}.eml")).content == raw
    assert (await inbox.client.get(f"/messages/{id}/raw")).content == raw


async def test_broken_mime_opens_its_source_and_lists_the_defects(inbox: Inbox) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture(BROKEN)}")
    assert words(one(page, ".tabs [aria-current]")) == "Source"
    assert "boundary" in words(one(page, ".warning"))


async def test_text_links_web_addresses_without_the_full_stop_behind_them(inbox: Inbox) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture()}/text")
    link = one(page, "pre a")
    assert link["href"] == "https://example.test/menu"
    assert link["rel"] == ["noopener", "noreferrer"]


async def test_headers_can_be_seen_decoded_and_as_received(inbox: Inbox) -> None:
    id = await inbox.capture(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: a@example.test\r\n\r\n")
    assert "Grüße" in words(one(await inbox.page(f"/messages/{id}/headers"), "table"))
    assert "=?utf-8?q?Gr=C3=BC=C3=9Fe?=" in one(await inbox.page(f"/messages/{id}/headers?raw=1"), "pre").text


async def test_a_long_source_is_cut_and_links_to_the_whole(inbox: Inbox) -> None:
    id = await inbox.capture(b"Subject: big\r\n\r\n" + "é".encode() * 400_000)
    page = await inbox.page(f"/messages/{id}/source")
    assert 250_000 < len(one(page, "pre").text.encode()) < 263_000
    assert f"/messages/{id}/raw" in links(page, ".finder a").values()


async def test_the_transcript_tells_who_said_what_and_the_facts_of_the_session(inbox: Inbox) -> None:
    facts = SessionFacts(new_id(), "10.0.0.7:5000", now(), "app.test", True, "TLSv1.3", "ada", ("A lone LF was sent.",))
    page = await inbox.page(f"/messages/{await inbox.capture(session=facts)}/transcript")
    shown = words(one(page, ".session"))
    assert all(fact in shown for fact in ("10.0.0.7:5000", "app.test", "TLSv1.3", "ada", "A lone LF was sent."))
    assert words(one(page, ".client")) == "C: QUIT"
    assert words(one(page, ".refusal")) == "S: 550 5.1.1 no"


async def test_thousands_of_recipients_are_counted_and_not_listed(inbox: Inbox) -> None:
    people = tuple(f"user{number}@example.test" for number in range(5000))
    raw = f"From: a@example.test\r\nTo: {', '.join(people)}\r\nSubject: All\r\n\r\nHi\r\n".encode()
    page = await inbox.page(f"/messages/{await inbox.capture(raw, recipients=(*people, 'blind@example.test'))}")
    assert "and 4,994 more" in words(one(page, ".facts"))
    assert "blind@example.test" in words(page)
    assert len(page.text) < 10_000


async def test_hostile_headers_stay_text(inbox: Inbox) -> None:
    raw = b"From: <script>a</script> <x@example.test>\r\nSubject: </title><script>alert(1)</script>\r\n\r\nHi\r\n"
    id = await inbox.capture(raw, transcript=("C: <b>",), sender="<i>@example.test")
    for path in ("/", f"/messages/{id}", f"/messages/{id}/headers", f"/messages/{id}/transcript"):
        page = await inbox.page(path)
        assert not page.select("script:not([src]), b, i")


async def test_htmx_gets_the_pane_alone_and_everybody_else_the_whole_page(inbox: Inbox) -> None:
    path = f"/messages/{await inbox.capture()}"
    fragment = await inbox.client.get(path, headers=HTMX)
    whole = await inbox.client.get(path)
    restored = await inbox.client.get(path, headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert "<html" not in fragment.text
    assert fragment.text.startswith("<title>Lunch")
    assert "<html" in whole.text
    assert "<html" in restored.text
    assert "HX-Request" in fragment.headers["vary"]


async def test_reading_a_message_marks_it_as_seen(inbox: Inbox) -> None:
    id = await inbox.capture()
    await inbox.client.head(f"/messages/{id}")
    await inbox.client.get(f"/messages/{id}", headers={"Sec-Purpose": "prefetch"})
    await inbox.client.get(f"/messages/{id}.eml")
    assert (await inbox.sandbox.store.counts()).unread == 1
    page = await inbox.page(f"/messages/{id}")
    assert (await inbox.sandbox.store.counts()).unread == 0
    assert one(page, "a.row")["aria-current"] == "true"
    assert not page.select(".unread, .dot")


async def test_mark_all_read_leaves_nothing_unread(inbox: Inbox) -> None:
    await inbox.capture()
    assert (await inbox.client.post("/messages/marks", headers=HTMX)).headers["hx-trigger"] == "messages"
    assert (await inbox.sandbox.store.counts()).unread == 0
    assert (await inbox.client.post("/messages/marks")).headers["location"] == "/"


async def test_a_message_is_deleted_by_a_button_of_its_page(inbox: Inbox) -> None:
    id = await inbox.capture()
    form = one(await inbox.page(f"/messages/{id}"), "#pane form[data-deletes]")
    response = await inbox.client.post(str(form["action"]))
    assert (response.status_code, response.headers["location"].partition("=")[0]) == (303, "/")
    assert await inbox.sandbox.store.get(id) is None


async def test_a_deletion_by_htmx_blanks_the_pane_and_refreshes_the_list(inbox: Inbox) -> None:
    id = await inbox.capture()
    response = await inbox.client.post(f"/messages/{id}/deletion", headers=HTMX)
    assert response.headers["hx-replace-url"] == "/"
    assert "Nothing captured yet" in response.text
    assert one(BeautifulSoup(response.text, "html.parser"), "[hx-target='#messages'] #found").text == "0 messages"


async def test_delete_all_asks_and_deletes_everything(inbox: Inbox) -> None:
    for _ in range(3):
        await inbox.capture()
    assert "3 messages" in words(await inbox.page("/messages/deletion"))
    assert (await inbox.client.post("/messages/deletion")).status_code == 303
    assert (await inbox.sandbox.store.counts()).messages == 0


async def test_another_site_cannot_delete(inbox: Inbox) -> None:
    id = await inbox.capture()
    response = await inbox.client.post(f"/messages/{id}/deletion", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert await inbox.sandbox.store.get(id)


@pytest.mark.parametrize("path", ["", "/text", "/deletion"])
async def test_a_deleted_message_has_a_page_with_a_way_back(inbox: Inbox, path: str) -> None:
    for headers in ({}, HTMX):
        page = await inbox.page(f"/messages/{new_id()}{path}", status=404, headers=headers)
        assert words(one(page, "h1")) == "This message was deleted"
        assert "Back to the inbox" in links(page, "a")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/messages/x/y/z", f"/messages/{'0' * 22}/body", f"/messages/{'0' * 22}.eml"]
)
async def test_a_wrong_address_has_a_page_with_a_way_back(inbox: Inbox, path: str) -> None:
    page = await inbox.page(path, status=404)
    assert one(page, "h1")
    assert "Back to the inbox" in links(page, "a")


async def test_latest_leads_to_the_newest_message(inbox: Inbox) -> None:
    assert (await inbox.client.get("/messages/latest")).status_code == 404
    id = await inbox.capture()
    assert (await inbox.client.get("/messages/latest")).headers["location"] == f"/messages/{id}"


async def test_older_messages_are_a_link_away(inbox: Inbox) -> None:
    ids = [await inbox.capture() for _ in range(PAGE + 3)]
    first = await inbox.page("/")
    older = one(first, "#older a")
    second = await inbox.page(str(older["href"]))
    shown = [str(row["href"]) for row in (*first.select("a.row"), *second.select("a.row"))]
    assert shown == [f"/messages/{id}" for id in reversed(ids)]
    assert "Back to the newest" in links(second, "a")
    assert not second.select("#older a")


async def test_a_list_that_grew_is_refreshed_in_its_length(inbox: Inbox) -> None:
    for _ in range(2 * PAGE + 1):
        await inbox.capture()
    address = str(one(await inbox.page("/"), "#older a")["hx-get"])
    grown = await inbox.page(address, headers=HTMX)
    assert len(grown.select("a.row")) == PAGE
    limit = one(grown, "[name=limit]")["value"]
    refreshed = await inbox.page(f"/messages?limit={limit}", headers=HTMX)
    assert len(refreshed.select("a.row")) == 2 * PAGE


async def test_a_list_does_not_grow_without_end(inbox: Inbox) -> None:
    for _ in range(2):
        await inbox.capture()
    page = await inbox.page(f"/messages?limit=1&shown={LONGEST}", headers=HTMX)
    assert "hx-get" not in one(page, "#older a").attrs


async def test_a_refresh_knows_which_message_stands_open(inbox: Inbox) -> None:
    id = await inbox.capture()
    headers = HTMX | {"HX-Current-URL": f"http://localhost:8025/messages/{id}/source?x=1"}
    page = await inbox.page("/messages", headers=headers)
    assert one(page, "a.row")["aria-current"] == "true"
    assert one(page, ".list-head")["data-sequence"] == inbox.sandbox.events.sequence


async def test_trouble_of_the_store_is_told_on_every_page(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(inbox.sandbox.store), "trouble", "The disk is full.")
    for path in ("/", "/nowhere"):
        response = await inbox.client.get(path)
        assert words(one(BeautifulSoup(response.text, "html.parser"), ".notice")) == "The disk is full."


async def test_a_store_that_cannot_be_read_is_a_plain_page(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise StoreError("The database file cannot be read.")

    monkeypatch.setattr(type(inbox.sandbox.store), "counts", fail)
    page = await inbox.page("/", status=503)
    assert "The database file cannot be read." in words(page)


async def test_a_bug_shows_no_exception_text(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(type(inbox.sandbox.store), "counts", fail)
    transport = httpx2.ASGITransport(app=create_app(inbox.sandbox), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        response = await client.get("/")
    assert response.status_code == 500
    assert "secret" not in response.text


async def test_every_page_forbids_scripts_but_our_own(inbox: Inbox) -> None:
    await inbox.capture()
    response = await inbox.client.get("/")
    assert response.headers["content-security-policy"].startswith("default-src 'self'")
    page = BeautifulSoup(response.text, "html.parser")
    assert not page.select("style, [style], script:not([src])")


async def test_every_page_has_its_landmarks(inbox: Inbox) -> None:
    id = await inbox.capture()
    for path in ("/", f"/messages/{id}", f"/messages/{id}/transcript", "/messages/deletion"):
        page = await inbox.page(path)
        assert len(page.select("main")) == len(page.select("h1")) == len(page.select("body header.bar")) == 1
        assert one(page, "nav[aria-label=Messages]")
        assert [link["href"] for link in page.select("a.skip")] == ["#list", "#pane"]


async def test_static_files_are_kept_by_browsers_as_long_as_they_may(inbox: Inbox) -> None:
    library = await inbox.client.get("/static/htmx-4.0.1.min.js")
    sheet = await inbox.client.get("/static/app.css")
    assert "immutable" in library.headers["cache-control"]
    assert sheet.headers["cache-control"] == "no-cache"
    again = await inbox.client.get("/static/app.css", headers={"If-None-Match": sheet.headers["etag"]})
    assert again.status_code == 304


def test_the_vendored_library_is_the_one_that_was_released() -> None:
    file = Path(web.__file__).parent / "static" / "htmx-4.0.1.min.js"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == HTMX_SHA256


HTMX_SHA256 = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
