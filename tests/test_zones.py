"""A day is the reader's: the browser tells its time zone, and searches, links and exports keep to it."""

from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.capture import Capture, Envelope, Recipient, SessionFacts, new_id
from mailsluice.sandbox import Sandbox
from mailsluice.search import And, Candidate, Not, Or, Query, matches, parse
from mailsluice_web.api.dates import LOCAL
from mailsluice_web.places import Place, fixed
from mailsluice_web.zones import zone_named
from tests.inbox import PLAIN, Inbox, open_inbox, subjects

DAY = "on:2026-07-01"


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    """An inbox with a message of the first of July, 23:30 in Berlin."""
    received = int(datetime(2026, 7, 1, 23, 30, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()) * 1_000_000
    facts = SessionFacts(id=new_id(), peer="127.0.0.1:5", began=received)
    envelope = Envelope("ada@example.test", (Recipient("bob@example.test"),))
    await sandbox.store.add(Capture(new_id(), received, envelope, facts, (), PLAIN))
    async with open_inbox(sandbox) as inbox:
        yield inbox


@pytest.mark.parametrize(("zone", "found"), [("Europe/Berlin", 1), ("America/New_York", 1), ("Asia/Tokyo", 0)])
async def test_a_day_is_the_readers_in_list_message_and_export(inbox: Inbox, zone: str, found: int) -> None:
    cookie = {"Cookie": f"other=1; mailsluice-zone={zone}"}
    page = await inbox.page(f"/?q={DAY}", headers=cookie)
    assert len(subjects(page)) == found
    links = [str(link["href"]) for link in page.select("#exchange a[download]")]
    assert bool(links) == bool(found)
    for link in links:
        response = await inbox.client.get(link)
        assert (response.status_code, len(response.content) > 100) == (200, True)
    response = await inbox.client.post(f"/messages/marks?q={DAY}", headers=cookie)
    assert response.status_code == 303
    assert (await inbox.sandbox.store.counts()).unread == 1 - found


@pytest.mark.parametrize("name", ["", "Nowhere", "../../etc/passwd", "Europe", "\0", "x" * 100, "/etc/localtime", "ä"])
async def test_a_zone_that_is_not_known_is_the_servers(inbox: Inbox, name: str) -> None:
    assert zone_named(name) is LOCAL
    headers = [(b"cookie", f"mailsluice-zone={name}".encode("latin-1"))] if "\0" not in name else []
    response = await inbox.client.get(f"/?q={DAY}", headers=headers)
    assert response.status_code == 200


def test_a_place_keeps_its_zone_and_shows_it_nowhere() -> None:
    place = Place("a", "b", "Asia/Tokyo")
    assert {place.looking("c").zone, place.within("d").zone} == {"Asia/Tokyo"}
    assert place.at("/") == Place("a", "b").at("/")


@given(
    st.sampled_from([DAY, f"-{DAY}", f"({DAY} OR x)", f"-({DAY} -x)", "on:9999-12-31", "on:0001-01-01", "x newer:2h"]),
    st.integers(-30, 60),
)
def test_a_day_as_moments_finds_the_same(text: str, hours: int) -> None:
    now = int(datetime(2026, 7, 1, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp()) * 1_000_000
    query = parse(text, now=now, zone=ZoneInfo("Asia/Tokyo"))
    again = parse(str(And((fixed(query.root),))), now=now)
    candidate = Candidate(received=now + hours * 3_600_000_000)
    assert not again.problems
    assert matches(query, candidate) == matches(again, candidate)


def test_only_days_become_moments() -> None:
    query = parse("a -b (c OR after:2026-07-01) newer:2h", now=0)
    assert fixed(query.root) == query.root
    assert isinstance(query, Query)
    assert isinstance(fixed(Or((Not(query.root), And()))), Or)
