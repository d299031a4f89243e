"""The journal and the disk: durability, bounds, faults, restarts and old databases."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from mailsluice.capture import now
from mailsluice.release import Release
from mailsluice.store import Store, StoreError, open_store
from mailsluice.store.database import migrations
from mailsluice.store.releases import forget_oldest
from tests.released import RAW, make_release
from tests.test_store import make_capture

FULL, NORMAL = 2, 1
BESIDE = ("mailsluice.store.indexing", "mailsluice.store.upkeep")  # they write whenever they like
MEGABYTE = 1 << 20


async def one(store: Store, query: str) -> int:
    return await store._writer.submit(lambda connection: int(connection.execute(query).fetchone()[0]))


def finished(release: Release) -> Release:
    return msgspec.structs.replace(release, state="delivered", changed=now())


async def test_a_durable_job_is_committed_with_full_durability_and_captures_are_not(store: Store) -> None:
    def level(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA synchronous").fetchone()[0])

    assert await store._writer.submit(level) == NORMAL
    assert await store._writer.submit(level, durable=True) == FULL
    assert await store._writer.submit(level) == NORMAL


async def test_full_durability_ends_with_a_durable_job_that_failed(store: Store) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(StoreError):
        await store._writer.submit(fail, durable=True)
    assert await one(store, "PRAGMA synchronous") == NORMAL


async def test_a_store_with_full_durability_keeps_it(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mail.db", durability="full") as store:
        await store.journal.count_sent("home", 1)
        assert await one(store, "PRAGMA synchronous") == FULL


async def test_every_write_of_journal_and_rules_asks_for_full_durability(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = make_release()
    commits: list[bool] = []
    submit = store._writer.submit

    def watch(run: object, **given: object) -> object:
        if run.__module__ not in BESIDE:
            commits.append(bool(given.get("durable")))
        return submit(run, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(store._writer, "submit", watch)
    await store.journal.add([(release, RAW)])
    assert commits == [False, True], "the pieces first, then the row that makes them durable too"
    commits.clear()
    await store.journal.update(release, sent=1)
    await store.journal.count_sent("home", 1)
    await store.journal.park("home", None)
    await store.rules.remove("x")
    assert commits == [True] * 4


async def test_releases_ledger_and_parkings_come_back_after_a_restart(tmp_path: Path) -> None:
    release = make_release(state="sending", is_past_dot=True)
    async with open_store(tmp_path / "mail.db") as store:
        await store.journal.add([(release, os.urandom(MEGABYTE))])
        await store.journal.update(release, sent=4)
    async with open_store(tmp_path / "mail.db") as store:
        assert await store.journal.open() == [release]
        assert len(await store.journal.source(release.id) or b"") == MEGABYTE
        assert await store.journal.sent_since("home", 0) == [(release.changed, 4)]


async def test_the_newest_ten_thousand_finished_records_are_kept_and_all_that_are_open(store: Store) -> None:
    oldest, waiting, newest = make_release(), make_release(), make_release()
    await store.journal.add([(oldest, RAW), (waiting, RAW)])
    await store.journal.update(finished(oldest))
    columns = "message, profile, state, is_open, is_to_me, created, changed, rule, kept, record"
    copies = (
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 9999) "
        f"INSERT INTO release (id, {columns}) SELECT n, {columns} FROM number, release WHERE id = '{oldest.id}'"
    )
    await store._writer.submit(lambda connection: connection.execute(copies).fetchall())
    await store.journal.add([(newest, RAW)])
    assert await store.journal.get(oldest.id)
    await store.journal.update(finished(newest))
    assert await one(store, "SELECT count(*) FROM release WHERE is_open = 0") == 10_000
    assert await store.journal.get(oldest.id) is None
    assert await one(store, f"SELECT count(*) FROM release_chunk WHERE release_id = '{oldest.id}'") == 0
    assert await store.journal.open() == [waiting]


async def test_of_the_bytes_of_finished_releases_the_oldest_go_first(store: Store) -> None:
    _, first, second, third = made = [make_release() for _ in range(4)]
    await store.journal.add([(release, os.urandom(MEGABYTE)) for release in made])
    for release in (first, second, third):
        await store.journal.update(finished(release))
    await store._writer.submit(lambda connection: forget_oldest(connection, size=MEGABYTE * 3 // 2))
    kept = [await store.journal.source(release.id) is not None for release in made]
    assert kept == [True, False, False, True]
    assert await store.journal.states() == {"queued": 1, "delivered": 3}


async def test_bytes_beyond_a_gibibyte_go_when_a_release_ends(store: Store) -> None:
    first, second = make_release(), make_release()
    await store.journal.add([(first, RAW), (second, RAW)])
    await store.journal.update(finished(first))
    await store._writer.submit(lambda connection: connection.execute("UPDATE release SET kept = 700 << 20").fetchall())
    assert await store.journal.source(first.id) == RAW
    await store.journal.update(finished(second))
    assert (await store.journal.source(first.id), await store.journal.source(second.id)) == (None, RAW)
    assert await store.journal.get(first.id)


@pytest.mark.parametrize("size", [300 << 10, 8 * MEGABYTE], ids=["one step", "many steps"])
async def test_a_full_disk_keeps_nothing_of_a_release(store: Store, size: int) -> None:
    await store.add(make_capture())
    pages = await one(store, "PRAGMA page_count")
    await one(
        store, f"PRAGMA max_page_count = {pages + 300}" if size > MEGABYTE else f"PRAGMA max_page_count = {pages}"
    )
    small, large = make_release(), make_release()
    with pytest.raises(StoreError, match="full"):
        await store.journal.add([(small, RAW), (large, os.urandom(size))])
    assert await store.journal.open() == []
    await one(store, "PRAGMA max_page_count = 1000000")
    assert await one(store, "SELECT count(*) FROM release_chunk") == 0
    await store.journal.add([(large, RAW)])
    assert await store.journal.source(large.id) == RAW


async def test_a_full_disk_keeps_a_record_as_it_was(store: Store) -> None:
    release = make_release()
    await store.journal.add([(release, RAW)])
    await one(store, f"PRAGMA max_page_count = {await one(store, 'PRAGMA page_count')}")
    longer = msgspec.structs.replace(finished(release), transcript=(os.urandom(300 << 10).hex(),))
    with pytest.raises(StoreError, match="full"):
        await store.journal.update(longer, sent=1)
    assert await store.journal.get(release.id) == release
    assert await store.journal.sent_since("home", 0) == []


async def test_a_capture_beside_a_release_that_fails_is_kept(store: Store) -> None:
    update = asyncio.ensure_future(store.journal.update(make_release()))
    captures = [store.add(make_capture()) for _ in range(5)]
    await asyncio.gather(*captures)
    with pytest.raises(LookupError):
        await update
    assert (await store.counts()).messages == 5


async def test_an_add_that_is_given_up_leaves_all_or_nothing(store: Store) -> None:
    drafts = [(make_release(), os.urandom(5 * MEGABYTE)), (make_release(), RAW)]
    adding = asyncio.create_task(store.journal.add(drafts))
    while not await one(store, "SELECT count(*) FROM release_chunk"):
        assert not adding.done()
    adding.cancel()
    await asyncio.wait([adding])
    kept = await store.journal.open()
    assert kept in ([], [release for release, _ in drafts])
    await one(store, "SELECT 1")  # behind the removal
    assert await one(store, "SELECT count(DISTINCT release_id) FROM release_chunk") == len(kept)
    assert await store.journal.add(drafts) == [release for release, _ in drafts]
    assert [await store.journal.source(release.id) for release, _ in drafts] == [raw for _, raw in drafts]


async def test_pieces_of_a_release_that_was_never_queued_are_removed_at_the_start(tmp_path: Path) -> None:
    release = make_release()
    async with open_store(tmp_path / "mail.db") as store:
        await store.journal.add([(release, RAW)])
    with closing(sqlite3.connect(tmp_path / "mail.db", isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO release_chunk (release_id, number, encoding, content) VALUES ('x', 0, 0, x'00')"
        )
    async with open_store(tmp_path / "mail.db") as store:
        assert await one(store, "SELECT count(*) FROM release_chunk") == 1
        assert await store.journal.source(release.id) == RAW


async def test_a_database_from_before_releases_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    capture, release = make_capture(), make_release()
    _make_format_2(path, message=capture.id)
    async with open_store(path) as store:
        assert await one(store, "PRAGMA user_version") == len(migrations())
        assert await store.raw(capture.id) == b"the bytes"
        assert (await store.counts()).messages == 1
        await store.journal.add([(release, RAW)])
        assert await store.journal.open() == [release]


def _make_format_2(path: Path, *, message: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        for step in migrations()[:2]:
            connection.executescript(step)
        connection.executescript(f"PRAGMA application_id = {0x4D534C55}; PRAGMA user_version = 2")
        connection.execute(
            "INSERT INTO message (id, session, received, size, attachments, subject, snippet, message_id, "
            "envelope_sender, user, addresses) VALUES (?, 's', 1, 9, 0, '', '', '', '', '', '{}')",
            (message,),
        )
        receipt = '{"envelope":{"sender":"","recipients":[]},"session":{"id":"s","peer":"p","began":1},"transcript":[]}'
        connection.execute("INSERT INTO source VALUES (1, 0, ?, ?)", (b"the bytes", receipt))
        connection.execute("UPDATE counter SET messages = 1, unread = 1, size = 9")
