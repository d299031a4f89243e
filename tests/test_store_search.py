"""The search finds what was acknowledged and nothing that is gone, whatever the index is doing."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from mailsluice.capture import Capture, Spool
from mailsluice.search import Query, Term, parse
from mailsluice.store import Store, StoreError, open_store
from mailsluice.store.database import connect_reader
from mailsluice.store.dictionary import Dictionary
from mailsluice.store.narrowing import Narrowing
from mailsluice.store.search_rows import RULES
from tests.search_place import capture_of


def query(text: str) -> Query:
    return parse(text, now=1_795_219_200_000_000)


def mail(subject: str, text: str = "hello", *, sender: str = "ada@example.com", to: str = "bob@example.org") -> bytes:
    head = f"From: Ada Lovelace <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8"
    return f"{head}\r\n\r\n{text}\r\n".encode()


async def add(store: Store, *mails: bytes) -> list[str]:
    captures = [capture_of(raw, number) for number, raw in enumerate(mails)]
    for capture in captures:
        await store.add(capture)
    return [capture.id for capture in captures]


async def found(store: Store, text: str) -> list[str]:
    return [one.summary.subject for one in await store.search.find(query(text), limit=0)]


@pytest.fixture(params=["indexed", "not indexed"])
async def quiet(request: pytest.FixtureRequest, store: Store) -> Store:
    """A store that has indexed all, or that does not index."""
    if request.param == "not indexed":
        await store.search.indexing.stop()
    return store


@pytest.mark.parametrize("text", ["voice", "invo", "INVOICE", "1842", "inv18", '"invoice inv1842 for"', "发票", "收"])
async def test_a_part_of_a_word_finds_it(quiet: Store, text: str) -> None:
    await add(quiet, mail("Your invoice INV1842 for 请查收发票"), mail("Nothing here"))
    if quiet.search.indexing.is_working:
        await quiet.search.indexing.settle()
    assert await found(quiet, text) == ["Your invoice INV1842 for 请查收发票"]


def test_the_letters_before_a_number_are_not_looked_up_as_all_numbers_have_them() -> None:
    maybe = Narrowing(Dictionary()).of(Term("", "inv0012345")).maybe
    assert maybe is not None
    assert all(piece in maybe for piece in ('"001"', '"234"', '"345"'))
    assert '"inv"' not in maybe


@pytest.mark.parametrize("text", ["inv001", "inv0012345", "v001", "ab1cd2ef3"])
async def test_a_number_is_found_with_the_letters_before_it_and_no_other(quiet: Store, text: str) -> None:
    await add(quiet, mail("INV0012345 v001 ab1cd2ef3"), mail("0012345 xnv002345 b1cd2ef3 1cd2ef3"))
    if quiet.search.indexing.is_working:
        await quiet.search.indexing.settle()
    assert await found(quiet, text) == ["INV0012345 v001 ab1cd2ef3"]


async def test_an_acknowledged_message_is_found_at_once_in_mid_load(store: Store) -> None:
    for number in range(120):
        await asyncio.gather(*(store.add(capture_of(mail(f"load{number}x{n}"))) for n in range(20)))
        await add(store, mail(f"needle{number}"))
        if number % 20 == 0:
            assert await found(store, f"needle{number}") == [f"needle{number}"]
    assert await store.search.count(query("load")) == (2400, 2400)


async def test_words_are_found_whether_they_became_common_before_or_after(store: Store) -> None:
    for _ in range(6):
        await add(store, mail("frequent refrain"))
        await store.search.indexing.settle()
    assert len(await found(store, "frequent")) == len(await found(store, "equen")) == 6
    with closing(connect_reader(store.path)) as connection:
        dictionary = Dictionary()
        dictionary.refresh(connection)
        assert "frequent" in dictionary.words


async def test_pages_go_on_by_key_and_by_offset(store: Store) -> None:
    await add(store, *(mail(f"page {n:02}") for n in range(30)))
    await store.search.indexing.settle()
    await store.search.indexing.stop()
    await add(store, *(mail(f"page {n:02}") for n in range(30, 40)))
    everything = [f"page {n:02}" for n in reversed(range(40))]
    first = await store.search.find(query("page"), limit=7)
    second = await store.search.find(query("page"), limit=7, before=first[-1].key)
    assert [one.summary.subject for one in (*first, *second)] == everything[:14]
    for offset in (3, 10, 12):
        part = await store.search.find(query("page"), limit=5, offset=offset)
        assert [one.summary.subject for one in part] == everything[offset : offset + 5]
    assert len(await store.search.ids(query("page"))) == 40


@pytest.mark.parametrize("text", ["before:garbage", "hello before:garbage", "-to:", "has:everything"])
async def test_a_query_with_problems_finds_nothing(store: Store, text: str) -> None:
    await add(store, mail("hello"))
    assert await found(store, text) == []
    assert await store.search.ids(query(text)) == []
    assert await store.search.count(query(text)) == (0, 0)


async def test_unread_matches_are_counted(store: Store) -> None:
    ids = await add(store, *(mail("count me") for _ in range(5)), mail("other"))
    await store.search.indexing.settle()
    await store.mark_seen(ids[:2], seen=True)
    assert await store.search.count(query("count")) == (5, 3)
    assert await store.search.count(query("count -has:html")) == (5, 3)
    assert await store.search.count(query("count is:unread")) == (3, 3)
    assert await store.search.count(query("")) == (6, 4)


async def test_an_index_of_older_rules_is_made_anew(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mail.db") as store:
        await add(store, *(mail("kept invoice") for _ in range(5)))
        await store.search.indexing.settle()
    with closing(sqlite3.connect(tmp_path / "mail.db", isolation_level=None)) as connection:
        connection.execute(f"UPDATE search_state SET rules = {RULES + 1}")
    async with open_store(tmp_path / "mail.db") as store:
        await store.search.indexing.settle()
        assert len(await found(store, "voice")) == 5
        assert _number(store, "SELECT count(*) FROM search_text") == 5


async def test_a_search_goes_on_while_nothing_can_be_written(store: Store) -> None:
    await add(store, mail("before the trouble"))
    await store.search.indexing.settle()
    await add(store, mail("after the index"))
    store._writer._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError):
        await add(store, mail("refused"))
    assert await found(store, "the") == ["after the index", "before the trouble"]
    store._writer._connection.execute("PRAGMA query_only = OFF")
    await store.search.indexing.settle()
    assert _number(store, "SELECT count(*) FROM search_text") == 2


async def test_a_search_that_nobody_waits_for_ends(store: Store) -> None:
    await add(store, *(mail(f"m{n}", "x" * 50_000) for n in range(60)))
    await store.search.indexing.settle()
    searches = [asyncio.ensure_future(store.search.count(query("-(xy OR yx)"))) for _ in range(20)]
    await asyncio.sleep(0)
    for search in searches:
        search.cancel()
    await asyncio.gather(*searches, return_exceptions=True)
    assert await store.search.count(query("m1 -xy")) == (11, 11)


async def test_a_spooled_message_is_found_by_an_attachment_at_its_end(store: Store) -> None:
    part = 'Content-Type: {}\r\nContent-Disposition: attachment; filename="{}"\r\n\r\n{}\r\n'
    parts = "".join(f"--b\r\n{part.format('text/plain', f'file{n}.log', 'x' * 400_000)}" for n in range(3))
    raw = f"Subject: large\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n".encode()
    path = store.spool_folder / "body"
    path.write_bytes(raw)
    await store.add(capture_of_spool(path, len(raw)))
    assert await found(store, "filename:file2 has:attachment") == ["large"]
    await store.search.indexing.settle()
    assert await found(store, "filename:file2 has:attachment") == ["large"]


async def test_people_and_mailboxes_are_completed_newest_first(store: Store) -> None:
    people = ("ada@example.com", "adam@example.com", "bea@example.com")
    await add(store, *(mail("x", sender=one, to=f"to-{one}") for one in people))
    assert await store.search.complete("from", "ADAM@", limit=5) == ["adam@example.com"]
    assert await store.search.complete("from", "lovelace", limit=2) == ["bea@example.com", "adam@example.com"]
    assert (await store.search.complete("to", "to-b", limit=5)) == ["to-bea@example.com"]
    assert len(await store.search.complete("addressed", "", limit=4)) == 4
    assert await store.search.complete("subject", "x", limit=5) == []


async def test_users_are_completed_by_the_beginning_of_their_names(store: Store) -> None:
    for user in ("Shop", "shipping", "", "cron", "Shop"):
        await store.add(capture_of(mail("x"), user=user))
    assert await store.search.complete("user", "SH", limit=5) == ["Shop", "shipping"]
    assert await store.search.complete("user", "", limit=5) == ["Shop", "cron", "shipping"]


def capture_of_spool(path: Path, size: int) -> Capture:
    return msgspec.structs.replace(capture_of(b""), body=Spool(path, size))


def _number(store: Store, statement: str) -> int:
    with closing(connect_reader(store.path)) as connection:
        return int(connection.execute(statement).fetchone()[0])
