"""Mailpit's search routes as clients meet them: shapes, what is found, and what a misunderstood query leaves alone."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from mailsluice.events import Deleted
from mailsluice_web.api.dates import LOCAL
from tests.api_client import NOON, PLAIN, RICH, SUMMARY_KEYS, Mailbox, events_of, keys

SEARCH = "/api/v1/search"
HOUR = 3_600_000_000
SetZone = Callable[[str], None]


@pytest.fixture
def server_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetZone]:
    def move(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def mail(subject: str, sender: str = "ada@example.test") -> bytes:
    return f"From: {sender}\r\nTo: bob@example.test\r\nSubject: {subject}\r\n\r\nHi.\r\n".encode()


async def found(mailbox: Mailbox, query: str, **parameters: str) -> list[str]:
    answer = await mailbox.client.get(SEARCH, params={"query": query, **parameters})
    assert answer.status_code == 200, answer.text
    return [one["ID"] for one in answer.json()["messages"]]


async def test_a_search_has_exactly_mailpits_keys_and_counts_what_matches(mailbox: Mailbox) -> None:
    first, second = await mailbox.capture(), await mailbox.capture()
    await mailbox.capture(RICH)
    await mailbox.sandbox.mark_seen([first], seen=True)
    answer = await mailbox.get(f"{SEARCH}?query=subject:fish&limit=1&start=1")
    summary = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert keys(summary) == "total unread count messages_count messages_unread start tags messages"
    (message,) = summary.pop("messages")
    assert keys(message) == SUMMARY_KEYS
    assert message == (await mailbox.get("/api/v1/messages")).json()["messages"][2]
    assert summary == {
        "total": 3,
        "unread": 2,
        "count": 1,
        "messages_count": 2,
        "messages_unread": 1,
        "start": 1,
        "tags": [],
    }
    assert message["ID"] == first != second


async def test_a_search_that_finds_nothing_has_every_key_and_no_null(mailbox: Mailbox) -> None:
    await mailbox.capture()
    assert (await mailbox.get(f"{SEARCH}?query=nowhere")).content == (
        b'{"total":1,"unread":1,"count":0,"messages_count":0,"messages_unread":0,"start":0,"tags":[],"messages":[]}\n'
    )


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("parameters", ["", "?query=", "?query=%20%09%0a", "?q=ada", "?query=%C2%A0"])
async def test_a_search_needs_a_query(mailbox: Mailbox, method: str, parameters: str) -> None:
    id = await mailbox.capture()
    answer = await mailbox.ask(method, SEARCH + parameters)
    assert (answer.status_code, answer.text) == (400, "Error: no search query")
    assert answer.headers["content-type"] == "text/plain"
    assert await mailbox.ids() == [id]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("before:garbage", "“before:garbage”"),
        ("to:", "“to:”"),
        ("ada before:garbage from:", "“from:”"),
        ("ada OR before:garbage", "“before:garbage”"),
        ("-after:never", "after:2026-07-01"),
        ("is:nice", "“is:nice”"),
        ("larger:big", "“larger:big”"),
        ("()", "parentheses"),
        ("a" * 5000, "shorter"),
    ],
)
async def test_a_term_that_is_not_understood_is_named_and_finds_nothing(
    mailbox: Mailbox, method: str, query: str, named: str
) -> None:
    id = await mailbox.capture()
    events = events_of(mailbox.sandbox)
    answer = await mailbox.client.request(method, SEARCH, params={"query": query})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain")
    assert named in answer.text
    assert answer.text.endswith("Nothing was deleted.") is (method == "DELETE")
    assert await mailbox.ids() == [id]
    assert events == []


@pytest.mark.parametrize(
    ("parameters", "count", "start"),
    [
        ("", 50, 0),
        ("&limit=0", 0, 0),
        ("&limit=3", 3, 0),
        ("&limit=-1", 50, 0),
        ("&limit=x", 50, 0),
        ("&limit=999999999999999999", 52, 0),
        ("&start=50", 2, 50),
        ("&start=-5&limit=1", 1, 0),
        ("&start=52&limit=999999999999999999", 0, 52),
        ("&start=999999999999999999", 0, 999999999999999999),
        ("&before=nonsense", 50, 0),
    ],
)
async def test_a_search_is_paged_and_counted_whole(mailbox: Mailbox, parameters: str, count: int, start: int) -> None:
    for _ in range(52):
        await mailbox.capture()
    answer = (await mailbox.get(f"{SEARCH}?query=fish{parameters}")).json()
    assert (len(answer["messages"]), answer["count"], answer["start"]) == (count, count, start)
    assert (answer["messages_count"], answer["messages_unread"]) == (52, 52)


async def test_before_bounds_a_search_and_its_counts_exclusively(mailbox: Mailbox) -> None:
    old = await mailbox.capture(received=NOON - 1_000)
    await mailbox.capture(received=NOON)
    await mailbox.capture(RICH, received=NOON - 1_000)
    answer = (await mailbox.client.get(SEARCH, params={"query": "fish", "before": "2026-07-20T12:00:00Z"})).json()
    assert [one["ID"] for one in answer["messages"]] == [old]
    assert (answer["messages_count"], answer["messages_unread"], answer["total"]) == (1, 1, 3)


async def test_before_bounds_every_alternative_of_a_query(mailbox: Mailbox) -> None:
    old = await mailbox.capture(mail("one"), received=NOON - HOUR)
    await mailbox.capture(mail("two"), received=NOON)
    assert await found(mailbox, "two OR one", before="2026-07-20T12:00:00Z") == [old]


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("example", True),
        ("to:bob", True),
        ("from:ADA", True),
        ("addressed:eve", True),
        ("to:name", False),
        ("to:address", False),
        ("%", False),
        ("_", False),
        ("subject:fi_h", False),
        ("subject:f%h", False),
        ('subject:"fish & <chips>"', True),
        ("message-id:<m1@example.test>", True),
        ("is:unread !is:tagged -has:attachments", True),
        ("on:2026-07-20 newer:1m", False),
        ("nothing OR lunch", True),
        ("larger:100 smaller:1kb", True),
    ],
)
async def test_a_query_finds_what_it_means(mailbox: Mailbox, query: str, finds: bool) -> None:
    await mailbox.capture()
    assert len(await found(mailbox, query)) == finds


async def test_a_date_is_meant_in_the_zone_asked_for_else_in_the_servers(
    mailbox: Mailbox, server_zone: SetZone
) -> None:
    server_zone("UTC0")
    id = await mailbox.capture(received=NOON)
    assert await found(mailbox, "on:2026-07-21") == []
    assert await found(mailbox, "on:2026-07-21", tz="UTC") == []
    assert await found(mailbox, "on:2026-07-21", tz="Pacific/Auckland") == [id]
    server_zone("NZST-12")
    assert await found(mailbox, "on:2026-07-21") == [id]
    assert await found(mailbox, "on:2026-07-21", tz="UTC") == []


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "/etc/localtime", "America", "x" * 300, "\x00", "é"])
async def test_an_unknown_zone_matters_only_where_a_date_depends_on_it(mailbox: Mailbox, zone: str) -> None:
    id = await mailbox.capture()
    assert await found(mailbox, "fish", tz=zone) == [id]
    for method in ("GET", "DELETE"):
        answer = await mailbox.client.request(method, SEARCH, params={"query": "after:2026-01-01", "tz": zone})
        assert answer.status_code == 400
        assert "There is no time zone “" in answer.text
    assert await mailbox.ids() == [id]


def test_the_servers_zone_knows_summer_and_winter(server_zone: SetZone) -> None:
    server_zone("CET-1CEST,M3.5.0,M10.5.0/3")
    assert datetime(2026, 7, 1, tzinfo=LOCAL).isoformat() == "2026-07-01T00:00:00+02:00"
    assert datetime(2026, 12, 1, tzinfo=LOCAL).isoformat() == "2026-12-01T00:00:00+01:00"
    hours = [datetime.fromisoformat(f"2026-10-25T0{hour}:30:00+00:00").astimezone(LOCAL) for hour in range(3)]
    assert [f"{moment:%H:%M %Z}" for moment in hours] == ["02:30 CEST", "02:30 CET", "03:30 CET"]
    assert [moment.utcoffset() for moment in hours] == [timedelta(hours=2), timedelta(hours=1), timedelta(hours=1)]
    assert (LOCAL.dst(hours[0]), LOCAL.utcoffset(None), LOCAL.tzname(None)) == (None, None, None)


async def test_a_search_deletion_deletes_what_is_found_and_no_more(mailbox: Mailbox) -> None:
    first, kept, second = await mailbox.capture(), await mailbox.capture(RICH), await mailbox.capture()
    events = events_of(mailbox.sandbox)
    answer = await mailbox.ask("DELETE", f"{SEARCH}?query=subject:fish")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain")
    assert await mailbox.ids() == [kept]
    (deleted,) = events
    assert isinstance(deleted, Deleted)
    assert sorted(deleted.ids or ()) == sorted([first, second])
    assert await found(mailbox, "fish") == []


async def test_a_search_deletion_that_finds_nothing_is_ok(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    events = events_of(mailbox.sandbox)
    assert (await mailbox.ask("DELETE", f"{SEARCH}?query=nowhere")).text == "ok"
    assert await mailbox.ids() == [id]
    assert events == []


async def test_a_search_deletion_keeps_to_its_zone_and_to_before(mailbox: Mailbox) -> None:
    id = await mailbox.capture(received=NOON)
    for parameters in (
        {"query": "on:2026-07-21", "tz": "UTC"},
        {"query": "fish", "before": "2026-07-20T12:00:00Z"},
    ):
        assert (await mailbox.client.request("DELETE", SEARCH, params=parameters)).text == "ok"
        assert await mailbox.ids() == [id]
    answer = await mailbox.client.request("DELETE", SEARCH, params={"query": "fish", "before": "nonsense"})
    assert (answer.status_code, answer.text) == (400, "before: write a date such as 2026-07-01. Nothing was deleted.")
    assert await mailbox.ids() == [id]
    await mailbox.client.request("DELETE", SEARCH, params={"query": "on:2026-07-21", "tz": "Pacific/Auckland"})
    assert await mailbox.ids() == []


async def test_a_marking_by_search_marks_what_is_found(mailbox: Mailbox) -> None:
    fish, order = await mailbox.capture(), await mailbox.capture(RICH)
    answer = await mailbox.ask("PUT", "/api/v1/messages", '{"read":true,"search":"subject:fish"}')
    assert (answer.status_code, answer.text) == (200, "ok")
    assert [await mailbox.seen(id) for id in (fish, order)] == [True, False]
    await mailbox.ask("PUT", "/api/v1/messages?tz=UTC", '{"Read":true,"IDs":[],"Search":"on:2026-07-21"}')
    assert not await mailbox.seen(order)
    await mailbox.ask("PUT", "/api/v1/messages?tz=Pacific/Auckland", '{"Read":true,"Search":"on:2026-07-21"}')
    assert await mailbox.seen(order)
    await mailbox.ask("PUT", "/api/v1/messages", '{"Read":false,"Search":"is:read"}')
    assert [await mailbox.seen(id) for id in (fish, order)] == [False, False]


async def test_a_marking_by_a_search_that_finds_nothing_marks_nothing(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    assert (await mailbox.ask("PUT", "/api/v1/messages", '{"Read":true,"Search":"nowhere"}')).text == "ok"
    answer = await mailbox.ask("PUT", "/api/v1/messages", '{"Read":true,"Search":"before:garbage"}')
    assert (answer.status_code, answer.text.endswith("Nothing was changed.")) == (400, True)
    assert not await mailbox.seen(id)


async def test_a_message_is_found_as_soon_as_it_is_acknowledged(mailbox: Mailbox) -> None:
    for number in range(60):
        id = await mailbox.capture(mail(f"order-{number}"))
        assert await found(mailbox, f"subject:order-{number}") == [id]


async def test_the_search_route_knows_its_methods(mailbox: Mailbox) -> None:
    await mailbox.capture(PLAIN)
    for method in ("POST", "PUT", "PATCH"):
        answer = await mailbox.ask(method, f"{SEARCH}?query=fish")
        assert (answer.status_code, answer.text) == (405, "Method Not Allowed\n")
        assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS"
    head = await mailbox.ask("HEAD", f"{SEARCH}?query=fish")
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", "application/json")
    options = await mailbox.ask("OPTIONS", SEARCH)
    assert (options.status_code, options.content) == (200, b"")


async def test_a_page_of_another_site_searches_and_deletes_nothing(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    for method in ("GET", "DELETE"):
        answer = await mailbox.ask(method, f"{SEARCH}?query=fish", Origin="https://evil.example")
        assert (answer.status_code, answer.text) == (403, "Blocked due to CORS violation\n")
    assert await mailbox.ids() == [id]
