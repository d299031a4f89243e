"""The store's promises: exact bytes, true counters, clear refusals, recovery."""

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from mailsluice.capture import Capture, Envelope, Recipient, SessionFacts, Spool, new_id, now
from mailsluice.store import Store, StoreError, open_store
from mailsluice.store.database import migrations
from tests.nasty import head, multipart

LARGE = os.urandom(1 << 20)
FILE = "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n"


def make_capture(body: bytes | Spool = b"Subject: x\r\n\r\nhello\r\n", **changes: object) -> Capture:
    envelope = Envelope("a@example.com", (Recipient("b@example.org", ("NOTIFY=NEVER",)),), ("SIZE=1",))
    session = SessionFacts(id=new_id(), peer="127.0.0.1:5", began=now(), helo="app", user="ada", warnings=("odd",))
    return Capture(new_id(), now(), envelope, session, ("S: 220 x", "C: EHLO app"), body)


def spooled(store: Store, content: bytes) -> Spool:
    path = store.spool_folder / "body"
    path.write_bytes(content)
    return Spool(path, len(content))


@pytest.mark.parametrize(
    "body",
    [b"", b"\r\n", b"x" * 5000, os.urandom(5000), b"\0\xff\r\n.\n" * 3000, b"a" * (500 << 10)],
    ids=["empty", "line", "compressible", "random", "binary", "large"],
)
async def test_the_bytes_come_back_exactly(store: Store, body: bytes) -> None:
    capture = make_capture(body)
    await store.add(capture)
    assert await store.raw(capture.id) == body


async def test_a_spooled_body_comes_back_exactly_and_its_file_is_gone(store: Store) -> None:
    capture = make_capture(spooled(store, LARGE))
    await store.add(capture)
    assert await store.raw(capture.id) == LARGE
    assert not list(store.spool_folder.iterdir())


@pytest.mark.parametrize(("count", "size"), [(33, 80 << 10), (1, 3 << 20)])
async def test_a_large_message_is_listed_with_all_its_attachments_and_its_text(
    store: Store, count: int, size: int
) -> None:
    file = FILE + "YWFh\r\n" * (size // 6)
    text = "Content-Type: text/plain\r\n\r\nSee the files."
    body = (head("large") + multipart("mixed", "b", *[file] * count, text)).encode()
    capture = make_capture(spooled(store, body))
    await store.add(capture)
    listed = await store.get(capture.id)
    assert listed is not None
    assert (listed.summary.attachments, listed.summary.snippet) == (count, "See the files.")


async def test_envelope_session_and_transcript_come_back(store: Store) -> None:
    capture = make_capture()
    await store.add(capture)
    receipt = await store.receipt(capture.id)
    assert receipt is not None
    assert (receipt.envelope, receipt.session, receipt.transcript) == (
        capture.envelope,
        capture.session,
        capture.transcript,
    )


async def test_the_list_is_newest_first_and_pages_by_key(store: Store) -> None:
    captures = [make_capture() for _ in range(5)]
    for capture in captures:
        await store.add(capture)
    ids = [capture.id for capture in captures]
    first = await store.list_messages(limit=2)
    second = await store.list_messages(limit=2, before=first[-1].key)
    rest = await store.list_messages(limit=0, before=second[-1].key)
    assert [one.id for one in (*first, *second, *rest)] == ids[::-1]


async def test_recipients_that_no_header_names_are_unlisted(store: Store) -> None:
    await store.add(make_capture(b"To: Someone <c@example.net>\r\n\r\n"))
    (listed,) = await store.list_messages(limit=1)
    assert listed.unlisted == ("b@example.org",)


async def test_addresses_that_only_a_header_names_are_absent(store: Store) -> None:
    await store.add(make_capture(b"To: List <list@example.net>, B@example.org\r\n\r\n"))
    (listed,) = await store.list_messages(limit=1)
    assert listed.unlisted == ()
    assert listed.absent == ("list@example.net",)


async def test_latest_is_the_newest(store: Store) -> None:
    assert await store.get("latest") is None
    for _ in range(2):
        await store.add(make_capture())
    capture = make_capture()
    await store.add(capture)
    latest = await store.get("latest")
    assert latest is not None
    assert latest.id == capture.id


async def test_the_counters_agree_with_the_rows(store: Store) -> None:
    captures = [make_capture(b"x" * size) for size in (10, 20, 30, 40)]
    for capture in captures:
        await store.add(capture)
    await store.mark_seen([captures[0].id, captures[1].id], seen=True)
    await store.mark_seen([captures[1].id, "unknown"], seen=False)
    await store.delete([captures[0].id, captures[3].id, captures[3].id, "unknown"])
    counts = await store.counts()
    assert (counts.messages, counts.unread, counts.size) == (2, 2, 50)
    assert (counts.accepted, counts.accepted_size, counts.deleted) == (4, 100, 2)


async def test_the_counters_agree_when_captures_and_deletions_share_a_transaction(store: Store) -> None:
    first, last = make_capture(b"x" * 10), make_capture(b"x" * 20)
    captures = [store.add(make_capture()) for _ in range(5)]
    captures.append(store.add(first))
    edits = [asyncio.ensure_future(edit) for edit in (store.mark_seen([first.id], seen=True), store.delete(None))]
    await asyncio.sleep(0)  # both are queued now
    await asyncio.gather(*captures, *edits, store.add(last))
    counts = await store.counts()
    assert (counts.messages, counts.unread, counts.size, counts.deleted, counts.accepted) == (1, 1, 20, 6, 7)


async def test_marking_tells_only_what_changed(store: Store) -> None:
    one, two = make_capture(), make_capture()
    await store.add(one)
    await store.add(two)
    await store.mark_seen([one.id], seen=True)
    assert await store.mark_seen(None, seen=True) == [two.id]


async def test_deleting_all_empties_every_table_and_a_key_is_never_used_again(store: Store) -> None:
    await store.add(make_capture())
    (before,) = await store.list_messages(limit=1)
    assert (await store.delete(None)).ids is None
    await store.add(make_capture())
    (after,) = await store.list_messages(limit=0)
    assert after.key > before.key
    assert (await store.counts()).messages == 1


async def test_a_capture_whose_sender_hung_up_is_kept_and_told(tmp_path: Path) -> None:
    told: list[str] = []
    async with open_store(tmp_path / "mail.db", on_captured=told.append) as store:
        small, large = make_capture(), make_capture(spooled(store, LARGE))
        for capture in (small, large):
            waiting = asyncio.ensure_future(store.add(capture))
            waiting.cancel()
    async with open_store(tmp_path / "mail.db") as store:
        assert {one.id for one in await store.list_messages(limit=0)} == {small.id, large.id} == set(told)


async def test_everything_is_private(tmp_path: Path) -> None:
    async with open_store(tmp_path / "new" / "mail.db") as store:
        await store.add(make_capture())
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
        assert stat.S_IMODE(store.spool_folder.stat().st_mode) == 0o700
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir() if path.is_file()
        }
        assert set(modes.values()) == {0o600}, modes


async def test_memory_is_a_private_file_that_is_gone_at_the_end() -> None:
    async with open_store(":memory:") as store:
        folder = store.path.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


async def test_a_database_in_use_is_refused_with_the_process_that_uses_it(store: Store) -> None:
    with pytest.raises(StoreError, match=rf"in use by another Mailsluice \(process {os.getpid()}\)"):
        async with open_store(store.path):
            pass


async def test_a_database_of_a_newer_version_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    async with open_store(path):
        pass
    _execute(path, f"PRAGMA user_version = {len(migrations()) + 1}")
    await _refused(path, "newer Mailsluice")


async def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    _execute(path, "CREATE TABLE mailbox (id TEXT)")
    before = path.read_bytes()
    await _refused(path, "another program")
    assert path.read_bytes()[100:] == before[100:]


@pytest.mark.parametrize("damage", ["header", "pages", "cut"])
async def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "mail.db"
    async with open_store(path) as store:
        for _ in range(50):
            await store.add(make_capture(os.urandom(20000)))
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[:100] = os.urandom(100)
    elif damage == "pages":
        content[8192:] = os.urandom(len(content) - 8192)
    else:
        del content[len(content) // 3 :]
    path.write_bytes(content)
    await _refused(path, "damaged")
    assert path.read_bytes() == bytes(content)


async def test_leftovers_of_a_death_in_mid_message_are_removed_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    async with open_store(path) as store:
        folder = store.spool_folder
    _execute(path, "INSERT INTO chunk (message_id, number, encoding, content) VALUES ('gone', 0, 0, x'00')")
    (folder / "half").write_bytes(b"half a body")
    async with open_store(path):
        assert not list(folder.iterdir())
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM chunk").fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize("spool", [False, True])
async def test_a_full_database_refuses_and_recovers_by_itself(tmp_path: Path, spool: bool) -> None:
    troubles: list[str] = []
    async with open_store(tmp_path / "mail.db", on_trouble=troubles.append) as store:
        first = make_capture()
        await store.add(first)
        pages = await _pragma(store, "PRAGMA page_count")
        await _pragma(store, f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError, match="full"):
            await store.add(make_capture(spooled(store, LARGE) if spool else os.urandom(300 << 10)))
        assert "free some space" in store.trouble
        with pytest.raises(StoreError):
            await store.probe()
        assert store.trouble
        await _pragma(store, "PRAGMA max_page_count = 1000000")
        await store.probe()
        assert store.trouble == ""
        await store.add(make_capture(LARGE))
        assert (await store.counts()).messages == 2
        assert not list(store.spool_folder.iterdir())
    assert [bool(trouble) for trouble in troubles] == [True, False]


async def test_a_read_only_database_says_so_and_recovers_by_itself(store: Store) -> None:
    await store.add(make_capture())
    store._writer._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="cannot be written: check its permissions"):
        await store.add(make_capture())
    assert store.trouble
    assert len(await store.list_messages(limit=0)) == 1
    store._writer._connection.execute("PRAGMA query_only = OFF")
    await store.probe()
    assert store.trouble == ""


async def test_one_failing_capture_does_not_take_its_neighbours_along(store: Store) -> None:
    twin = make_capture()
    captures = [make_capture() for _ in range(20)]
    futures = [store.add(capture) for capture in (*captures[:10], twin, twin, *captures[10:])]
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 1
    assert (await store.counts()).messages == 21


async def test_a_migration_is_recorded_once(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_store(tmp_path / "mail.db") as store:
            assert await _pragma(store, "PRAGMA user_version") == len(migrations())


def _execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()


async def _pragma(store: Store, statement: str) -> int:
    return await store._writer.submit(lambda connection: int(connection.execute(statement).fetchone()[0]))


async def _refused(path: Path, reason: str) -> None:
    with pytest.raises(StoreError, match=reason) as caught:
        async with open_store(path):
            pass
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
