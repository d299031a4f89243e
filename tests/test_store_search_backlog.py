"""A search beside captures that come faster than they are indexed."""

import asyncio
from math import inf

import pytest

from mailsluice.search import parse
from mailsluice.store import Store, scanning, searching
from mailsluice.store.candidates import readable
from tests.search_place import capture_of

_MANY = 1200


def plain(subject: str) -> bytes:
    return f"From: ada@example.com\r\nTo: bob@example.org\r\nSubject: {subject}\r\n\r\nhello\r\n".encode()


def html(subject: str) -> bytes:
    return plain(subject).replace(b"\r\n\r\n", b"\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>", 1)


@pytest.fixture
async def flooded(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store that captures are pouring into, that does not get round to indexing."""
    await store.search.indexing.stop()
    monkeypatch.setattr(type(store.search.indexing), "is_busy", True)
    return store


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The messages that were read for a search."""
    found: list[bytes] = []

    def noted(raw: bytes, *rest: object, **named: object) -> object:
        found.append(raw)
        return readable(raw, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(scanning, "readable", noted)
    return found
    return found


async def fill(store: Store, *mails: bytes) -> None:
    await asyncio.gather(*(store.add(capture_of(raw, number)) for number, raw in enumerate(mails)))


async def subjects(store: Store, text: str, *, limit: int) -> list[str]:
    return [one.summary.subject for one in await store.search.find(parse(text, now=0), limit=limit)]


async def test_a_page_of_the_newest_is_found_without_a_look_at_the_rest(flooded: Store, read: list[bytes]) -> None:
    await fill(flooded, *(html(f"word{n}") for n in range(_MANY)))
    assert await subjects(flooded, "word", limit=20) == [f"word{n}" for n in reversed(range(_MANY - 20, _MANY))]
    assert len(read) < 100


async def test_plain_mail_is_searched_without_being_read(
    flooded: Store, read: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_GLANCE", inf)
    await fill(flooded, plain("needle"), *(plain(f"word{n}") for n in range(_MANY)))
    assert await subjects(flooded, "needle", limit=20) == ["needle"]
    assert await flooded.search.count(parse("word", now=0)) == (_MANY, _MANY)
    assert not read


async def test_a_page_and_its_counts_take_one_look(
    flooded: Store, read: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_GLANCE", inf)
    await fill(flooded, *(html(f"word{n}") for n in range(50)))
    page = await flooded.search.page(parse("hello", now=0), limit=5)
    assert [one.summary.subject for one in page.messages] == ["word49", "word48", "word47", "word46", "word45"]
    assert (page.matching, page.unread) == (50, 50)
    assert len(read) == 50


async def test_counting_ends_in_time_while_mail_pours_in(flooded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_GLANCE", 0)
    monkeypatch.setattr(type(flooded.search.indexing), "has_captured_since", lambda *_: True)
    await fill(flooded, *(html(f"word{n}") for n in range(_MANY)))
    page = await flooded.search.page(parse("word", now=0), limit=5)
    assert len(page.messages) == 5
    assert 5 <= page.matching < _MANY


async def test_the_oldest_message_is_found_however_long_it_takes(
    flooded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patience in ("_GLANCE", "_READING"):
        monkeypatch.setattr(searching, patience, 0)
    await fill(flooded, html("needle"), *(html(f"word{n}") for n in range(200)))
    assert await subjects(flooded, "needle", limit=20) == ["needle"]
    assert len(await flooded.search.ids(parse("word OR needle", now=0))) == 201


@pytest.mark.parametrize("is_working", [True, False])
async def test_counts_are_exact_once_no_mail_comes(
    store: Store, is_working: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_working:
        await store.search.indexing.stop()
    await fill(store, *(html(f"word{n}") for n in range(300)))
    monkeypatch.setattr(type(store.search.indexing), "is_busy", False)
    for patience in ("_GLANCE", "_READING"):
        monkeypatch.setattr(searching, patience, 0)
    page = await store.search.page(parse("word", now=0), limit=5)
    assert (len(page.messages), page.matching, page.unread) == (5, 300, 300)


async def test_a_search_that_nobody_waits_for_ends_its_reading(flooded: Store, read: list[bytes]) -> None:
    await fill(flooded, *(html(f"word{n}") for n in range(_MANY)))
    search = asyncio.ensure_future(flooded.search.ids(parse("zzz", now=0)))
    while not read:
        await asyncio.sleep(0)
    search.cancel()
    await asyncio.gather(search, return_exceptions=True)
    assert await subjects(flooded, "word1199", limit=1) == ["word1199"]
    assert len(read) < _MANY + 200
