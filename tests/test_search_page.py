"""The search box and the mailboxes: what the list shows, and which links lead on from there."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from bs4 import BeautifulSoup

from mailsluice.capture import now
from mailsluice.sandbox import Sandbox
from mailsluice.search import parse
from mailsluice.store.records import Counts
from mailsluice_web import listing
from mailsluice_web.listing import PAGE
from mailsluice_web.places import Chip, Piece, Place, chips
from mailsluice_web.zones import zone_named
from tests.inbox import HTMX, PLAIN, RICH, Inbox, links, logged_in, one, open_inbox, subjects, words

CURRENT = "HX-Current-URL"


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


async def test_a_search_shows_what_it_finds_and_keeps_its_query(inbox: Inbox) -> None:
    await inbox.capture(PLAIN)
    await inbox.capture(RICH)
    page = await inbox.page("/?q=subject:lunch")
    assert subjects(page) == ["Lunch"]
    assert one(page, "#q")["value"] == "subject:lunch"
    assert words(one(page, "#found")) == "1 found, 1 unread"
    assert one(page, "title").text == "(2) subject:lunch · Mailsluice"
    assert not page.select("#nothing")


async def test_messages_and_their_views_are_opened_within_the_search(inbox: Inbox) -> None:
    id = await inbox.capture(PLAIN)
    await inbox.capture(RICH)
    page = await inbox.page("/?q=lunch")
    row = one(page, "a.row")
    assert row["href"] == row["hx-get"] == f"/messages/{id}?q=lunch"
    opened = await inbox.page(str(row["href"]))
    assert subjects(opened) == ["Lunch"]
    views = links(opened, ".tabs a[id]")
    assert views["Source"] == f"/messages/{id}/source?q=lunch"
    assert links(opened, "a.back")["Inbox"] == "/?q=lunch"


async def test_each_part_that_was_understood_can_be_left_out(inbox: Inbox) -> None:
    page = await inbox.page("/?q=lunch+-subject:%22out+of+office%22+(from:ada+OR+larger:2MB)")
    found = {words(one(term, ".pieces")): term["href"] for term in page.select(".term")}
    assert list(found) == ["lunch", "not subject: out of office", "from: ada or larger: 2m"]
    assert found["lunch"] == "/?q=-subject%3A%22out+of+office%22+%28from%3Aada+OR+larger%3A2m%29"
    assert links(page, "#understood .link") == {"Clear": "/"}


@pytest.mark.parametrize(
    "text", ["a b", "a OR b", "(a OR b) c -d", '-(a b) "x y"', "from:ada", "", "header:x=y on:today"]
)
def test_a_query_without_one_of_its_parts_is_understood(text: str) -> None:
    query = parse(text, now=now())
    parts = chips(query)
    for at, chip in enumerate(parts):
        rest = chips(parse(chip.rest, now=now()))
        assert [one.text for one in rest] == [one.text for one in parts[:at] + parts[at + 1 :]] or len(parts) == 2


def test_alternatives_are_one_part() -> None:
    pieces = (Piece("word", "a"), Piece("or", "or"), Piece("word", "b"))
    assert chips(parse("a OR b", now=0)) == [Chip("a OR b", "", pieces)]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("-(a b)", "not ( a b )"),
        ("(a OR b) c", "a or b"),
        ("-(a OR -b)", "not ( a or not b )"),
        ("header:x-mailer=cron", "header x-mailer cron"),
        ("header:x-mailer", "header x-mailer"),
        ("(tag:x y) OR z", "( tag x y ) or z"),
    ],
)
def test_a_part_is_read_as_a_person_says_it(text: str, read: str) -> None:
    assert " ".join(piece.text for piece in chips(parse(text, now=0))[0].pieces) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("after:2026-01-01T00:00:00+01:00", "after 1 Jan 2026"),
        ("-before:2026-01-01T13:30:00Z", "not before 1 Jan 2026, 14:30"),
        ("after:2026-01-01", "after 1 Jan 2026"),
        ("on:2026-01-01", "on 1 Jan 2026"),
        ("on:2026-11", "in November 2026"),
        ("-on:2026", "not in 2026"),
        ("newer:7d", "newer than 7 days"),
        ("older:1w", "older than 1 week"),
        ("older:2h", "older than 2 h"),
    ],
)
def test_a_moment_is_read_in_the_time_of_whoever_reads(text: str, read: str) -> None:
    (chip,) = chips(parse(text, now=0, zone=zone_named("Europe/Berlin")), zone="Europe/Berlin")
    assert " ".join(piece.text for piece in chip.pieces) == read


async def test_of_very_many_parts_the_first_are_shown(inbox: Inbox) -> None:
    page = await inbox.page("/?q=" + "+".join(f"w{number}" for number in range(150)))
    assert [words(term) for term in page.select(".term .pieces")] == [f"w{number}" for number in range(12)]
    assert words(one(page, ".more-terms")) == "and 138 more"


async def test_what_is_not_understood_is_named_and_finds_nothing(inbox: Inbox) -> None:
    await inbox.capture()
    page = await inbox.page("/?q=lunch+has:foo+larger:x")
    assert [words(problem)[:11] for problem in page.select(".problems li")] == ["“has:foo” i", "“larger:x” "]
    assert not page.select("a.row, .term, #nothing")
    assert words(one(page, "#found")) == "Not understood"


async def test_what_looks_like_an_operator_and_is_none_is_said(inbox: Inbox) -> None:
    page = await inbox.page("/?q=form:ada")
    assert words(one(page, ".doubts")) == "form: is no operator, so it is looked for as text. Did you mean from:?"
    assert not (await inbox.page("/?q=form:ada+is:odd")).select(".doubts")


async def test_no_match_shows_the_query_and_ways_on(inbox: Inbox) -> None:
    await inbox.capture(session=logged_in("shop"))
    page = await inbox.page("/?q=nowhere&mailbox=shop")
    assert words(one(page, "#nothing")) == "No message matches nowhere in the mailbox shop Search all mailboxes"
    assert links(page, "#nothing a") == {"Search all mailboxes": "/?q=nowhere"}
    assert links(page, "#understood .link") == {"Clear": "/?mailbox=shop"}


async def test_a_query_stays_text(inbox: Inbox) -> None:
    page = await inbox.page("/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&mailbox=%3Cb%3E")
    assert not page.select("script:not([src]), b")


async def test_mailboxes_are_offered_with_what_is_unread(inbox: Inbox) -> None:
    first = await inbox.capture()
    assert not (await inbox.page("/")).select("#mailboxes")
    await inbox.capture(session=logged_in("shop"))
    await inbox.capture(session=logged_in("shop"))
    await inbox.sandbox.mark_seen([first], seen=True)
    page = await inbox.page("/")
    assert links(page, "#mailboxes a") == {
        "All mailboxes unread: 2": "/",
        "inbox": "/?mailbox=inbox",
        "shop unread: 2": "/?mailbox=shop",
    }
    assert words(one(page, "#mailboxes [aria-current]")) == "All mailboxes unread: 2"


async def test_of_very_many_mailboxes_the_first_are_offered(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def mailboxes(_: object) -> list[tuple[str, Counts]]:
        return [(f"box{number:04}", Counts(messages=1)) for number in range(1000)]

    monkeypatch.setattr(type(inbox.sandbox.store), "mailboxes", mailboxes)
    page = await inbox.page("/")
    assert len(page.select("#mailboxes a")) == 101
    assert words(one(page, ".menu-note")) == "and 900 more: search for mailbox:name"


async def test_a_mailbox_shows_its_own_messages_and_searches_within(inbox: Inbox) -> None:
    await inbox.capture(PLAIN)
    id = await inbox.capture(RICH, session=logged_in("shop"))
    page = await inbox.page("/?mailbox=shop")
    assert links(page, "a.row") == {words(one(page, "a.row")): f"/messages/{id}?mailbox=shop"}
    assert words(one(page, "#found")) == "1 message, 1 unread"
    assert one(page, "#search [name=mailbox]")["value"] == "shop"
    assert subjects(await inbox.page("/?q=from:ada&mailbox=shop")) == []
    assert (
        links(await inbox.page("/?q=order&mailbox=shop"), "#mailboxes a")["inbox unread: 1"]
        == "/?q=order&mailbox=inbox"
    )


async def test_rows_name_a_mailbox_other_than_inbox_where_all_are_shown(inbox: Inbox) -> None:
    await inbox.capture(PLAIN)
    await inbox.capture(RICH, session=logged_in("shop"))
    assert [words(name) for name in (await inbox.page("/")).select(".from-mailbox")] == ["Mailbox: shop"]
    assert not (await inbox.page("/?mailbox=shop")).select(".from-mailbox")


async def test_an_empty_mailbox_leads_back_to_all(inbox: Inbox) -> None:
    await inbox.capture()
    page = await inbox.page("/?mailbox=nobody")
    assert words(one(page, "#nothing")) == "Nothing in nobody All mailboxes"


async def test_a_refresh_keeps_query_and_mailbox(inbox: Inbox) -> None:
    await inbox.capture(PLAIN, session=logged_in("shop"))
    await inbox.capture(RICH, session=logged_in("shop"))
    await inbox.capture(PLAIN)
    page = await inbox.page("/?q=lunch&mailbox=shop")
    fields = {str(field["name"]): str(field["value"]) for field in page.select("#place input, #older input")}
    assert fields == {"q": "lunch", "mailbox": "shop", "limit": str(PAGE)}
    refreshed = await inbox.client.get("/messages", params=fields, headers=HTMX | {CURRENT: "http://localhost:8025/"})
    assert subjects(BeautifulSoup(refreshed.text, "html.parser")) == ["Lunch"]


async def test_older_results_are_a_link_away(inbox: Inbox) -> None:
    for _ in range(PAGE + 2):
        await inbox.capture(PLAIN)
        await inbox.capture(RICH)
    first = await inbox.page("/?q=lunch")
    link = one(first, "#older a")
    grown = await inbox.page(str(link["hx-get"]), headers=HTMX)
    alone = await inbox.page(str(link["href"]))
    assert subjects(first) == ["Lunch"] * PAGE
    assert subjects(grown) == subjects(alone) == ["Lunch"] * 2
    assert links(alone, ".older a")["Back to the newest"] == "/?q=lunch"


async def test_rows_do_not_wait_long_for_the_count(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> tuple[int, int]:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(type(inbox.sandbox.store.search), "count", never)
    monkeypatch.setattr(listing, "PATIENCE", 0.001)
    for _ in range(PAGE + 1):
        await inbox.capture(PLAIN)
    page = await inbox.page("/?q=lunch")
    assert words(one(page, "#found")) == f"{PAGE}+ found"
    assert subjects(page) == ["Lunch"] * PAGE
    assert words(one(page, ".list-head form")) == "Mark these read"
    assert len(subjects(await inbox.page(str(one(page, "#older a")["hx-get"]), headers=HTMX))) == 1


async def test_what_one_page_shows_needs_no_count(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(type(inbox.sandbox.store.search), "count")
    await inbox.sandbox.mark_seen([await inbox.capture(PLAIN)], seen=True)
    await inbox.capture(PLAIN)
    assert words(one(await inbox.page("/?q=lunch"), "#found")) == "2 found, 1 unread"


async def test_going_to_a_place_brings_pane_and_list_at_once(inbox: Inbox) -> None:
    await inbox.capture(PLAIN)
    await inbox.capture(RICH)
    page = await inbox.page("/?q=lunch", headers=HTMX)
    assert words(one(page, "h1")) == "Choose a message"
    assert subjects(page) == ["Lunch"]
    assert [partial["hx-target"] for partial in page.select("hx-partial")] == ["#messages", "#where"]


@pytest.mark.parametrize(
    ("current", "header"),
    [
        ("/", "hx-push-url"),
        ("/messages/x", "hx-push-url"),
        ("/?q=lu", "hx-replace-url"),
        ("/?mailbox=a&q=l", "hx-replace-url"),
    ],
)
async def test_a_search_that_is_typed_is_one_step_of_the_history(inbox: Inbox, current: str, header: str) -> None:
    headers = HTMX | {"HX-Source": "form#search", CURRENT: f"http://localhost:8025{current}"}
    response = await inbox.client.get("/?q=lunch&mailbox=", headers=headers)
    assert response.headers[header] == "/?q=lunch"


async def test_a_part_of_a_message_belongs_to_the_place_of_its_page(inbox: Inbox) -> None:
    id = await inbox.capture()
    headers = HTMX | {CURRENT: f"http://localhost:8025/messages/{id}?q=lunch&mailbox=inbox"}
    page = await inbox.page(f"/messages/{id}/text", headers=headers)
    assert links(page, "a.back")["Inbox"] == "/?q=lunch&mailbox=inbox"


async def test_what_was_found_is_marked_read_and_nothing_else(inbox: Inbox) -> None:
    await inbox.capture(PLAIN)
    await inbox.capture(RICH)
    form = one(await inbox.page("/?q=lunch"), ".list-head form")
    assert words(form) == "Mark these read"
    response = await inbox.client.post(str(form["action"]))
    assert response.headers["location"] == "/?q=lunch"
    assert (await inbox.sandbox.store.counts()).unread == 1


async def test_what_is_shown_can_be_exported(inbox: Inbox) -> None:
    await inbox.capture(PLAIN, session=logged_in("shop"))
    await inbox.capture(RICH, session=logged_in("shop"))
    await inbox.capture(PLAIN)
    for place, number in (("/", 3), ("/?mailbox=shop", 2), ("/?mailbox=shop&q=lunch+OR+nothing", 1)):
        addresses = [str(link["href"]) for link in (await inbox.page(place)).select("#exchange a[download]")]
        assert [address.partition("format=")[2][:3] for address in addresses] == ["zip", "mbo"]
        response = await inbox.client.get(addresses[1])
        assert response.status_code == 200
        assert response.content.count(b"\nSubject: ") == number


def test_a_place_has_one_address() -> None:
    assert Place().at("/") == Place("  ").at("/") == "/"
    assert Place("a&b", "x y").at("/messages/1", raw="1", none="") == "/messages/1?q=a%26b&mailbox=x+y&raw=1"
    assert Place("\ud800").at("/") == "/?q=%3F"
