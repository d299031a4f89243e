"""Codes and links are found behind the captures, and stand where lists read them."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from mailsluice.search import parse
from mailsluice.store import Store, open_store
from tests.captures import capture

CODE = b"From: a@example.test\r\nTo: b@example.test\r\nSubject: Your code\r\n\r\nYour verification code is 482913.\r\n"
LINK = (
    b"From: a@example.test\r\nTo: b@example.test\r\nSubject: Reset your password\r\n\r\n"
    b"Reset your password: https://shop.example.test/reset?token=abc\r\n"
)
NEWS = (
    b"From: a@example.test\r\nTo: b@example.test\r\nSubject: News\r\nList-Unsubscribe: <https://shop.example.test/u?t=1>\r\n"
    b"\r\nApples are ripe.\r\n"
)
FOOT = (
    b"From: a@example.test\r\nTo: b@example.test\r\nSubject: News\r\nContent-Type: text/html\r\n\r\n"
    b"<p>Apples are ripe.</p><a href='https://shop.example.test/leave'>Unsubscribe</a>\r\n"
)
PLAIN = b"From: a@example.test\r\nTo: b@example.test\r\nSubject: Lunch\r\n\r\nAt noon?\r\n"


async def added(store: Store, raw: bytes) -> str:
    made = capture(raw)
    await store.add(made)
    return made.id


async def test_a_code_and_a_link_stand_beside_their_messages(store: Store) -> None:
    code, link, plain = [await added(store, raw) for raw in (CODE, LINK, PLAIN)]
    await store.search.indexing.settle()
    found = {one.id: one for one in await store.list_messages(limit=0)}
    assert (found[code].code, found[code].action) == ("482913", "")
    assert 0.6 <= found[code].code_confidence <= 1
    assert found[link].code_confidence == 0
    assert found[link].code == ""
    action = msgspec.json.decode(found[link].action)
    assert (action["kind"], action["url"]) == ("reset", "https://shop.example.test/reset?token=abc")
    assert (found[plain].code, found[plain].action) == ("", "")


async def test_a_message_without_a_link_to_act_on_has_the_one_that_unsubscribes(store: Store) -> None:
    news, foot, link = [await added(store, raw) for raw in (NEWS, FOOT, LINK.replace(b"Subject", b"X: y\r\nSubject"))]
    both = await added(store, NEWS.split(b"\r\n\r\n")[0] + b"\r\n\r\n" + LINK.split(b"\r\n\r\n")[1])
    await store.search.indexing.settle()
    found = {one.id: msgspec.json.decode(one.action) for one in await store.list_messages(limit=0)}
    assert [(found[id]["kind"], found[id]["url"]) for id in (news, foot)] == [
        ("unsubscribe", "https://shop.example.test/u?t=1"),
        ("unsubscribe", "https://shop.example.test/leave"),
    ]
    assert found[link]["kind"] == found[both]["kind"] == "reset"


@pytest.mark.parametrize("is_indexed", [True, False])
async def test_a_link_that_unsubscribes_is_no_link_to_act_on(store: Store, is_indexed: bool) -> None:
    if not is_indexed:
        await store.search.indexing.stop()
    _, link = [await added(store, raw) for raw in (NEWS, LINK)]
    if is_indexed:
        await store.search.indexing.settle()
    assert [one.id for one in await store.search.find(parse("has:link", now=0), limit=10)] == [link]


async def test_a_code_is_told_when_it_is_found(tmp_path: Path) -> None:
    heard = asyncio.Queue[tuple[str, ...]]()
    async with open_store(tmp_path / "mail.db", on_found=heard.put_nowait) as store:
        await added(store, PLAIN)
        code = await added(store, CODE)
        async with asyncio.timeout(10):
            assert await heard.get() == (code,)


async def test_a_search_finds_a_code_whether_it_was_indexed_or_not(store: Store) -> None:
    await store.search.indexing.stop()
    code = await added(store, CODE)
    await added(store, PLAIN)
    query = parse("has:code", now=0)
    assert [one.id for one in await store.search.find(query, limit=10)] == [code]


async def test_a_deleted_message_comes_back_with_its_code(store: Store) -> None:
    code = await added(store, CODE)
    deletion = await store.delete([code])
    await store.search.indexing.settle()
    await store.undo(deletion.token)
    (back,) = await store.list_messages(limit=0)
    assert back.code == "482913"
    assert back.code_confidence
