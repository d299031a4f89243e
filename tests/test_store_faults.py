"""The writer meets full disks, locks and damage at each kind of write: nothing acknowledged is lost, and it goes on."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from mailsluice.store import Limits, Store, StoreError, open_store
from tests.captures import Clock, add, assert_counted, ids
from tests.writes import WRITES, Made, prepare

ROOT = Path(__file__).parents[1]


@pytest.fixture
def troubles() -> list[str]:
    """What the store said about its trouble."""
    return []


@pytest.fixture
async def kept(tmp_path: Path, troubles: list[str]) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "mail.db", clock=Clock(), on_trouble=troubles.append) as store:
        await store.search.indexing.settle()
        yield store


async def pragma(store: Store, statement: str) -> None:
    await store._writer.submit(lambda connection: connection.execute(statement).fetchall())


async def rows(store: Store) -> list[object]:
    """Everything that a reader sees."""
    return [
        await store.list_messages(limit=0),
        await store.counts(),
        await store.mailboxes(),
        await store.tags(),
        await store.list_sessions(limit=10),
        await store.journal.list(limit=0),
    ]


async def made_in(store: Store) -> Made:
    return await prepare(store, store._clock)  # type: ignore[arg-type]  # the fixture's


@pytest.mark.parametrize("kind", WRITES)
async def test_a_write_to_a_locked_database_changes_nothing_and_works_later(
    kept: Store, troubles: list[str], kind: str
) -> None:
    made = await made_in(kept)
    await pragma(kept, "PRAGMA busy_timeout = 10")
    before = await rows(kept)
    with closing(sqlite3.connect(kept.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            await WRITES[kind](kept, made)
        assert "locked" in kept.trouble
        assert await rows(kept) == before
        other.execute("ROLLBACK")
    await kept.probe()
    assert (kept.trouble, [bool(trouble) for trouble in troubles]) == ("", [True, False])
    await WRITES[kind](kept, made)
    assert_counted(kept)


@pytest.mark.parametrize("kind", WRITES)
async def test_a_write_that_is_not_permitted_changes_nothing_and_works_later(kept: Store, kind: str) -> None:
    made = await made_in(kept)
    before = await rows(kept)
    kept._writer._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="cannot be written"):
        await WRITES[kind](kept, made)
    assert await rows(kept) == before
    kept._writer._connection.execute("PRAGMA query_only = OFF")
    await WRITES[kind](kept, made)
    assert_counted(kept)


async def test_a_full_database_loses_nothing_and_goes_on_when_mail_was_purged(kept: Store, troubles: list[str]) -> None:
    clock = kept._clock
    every = [await add(kept, body=os.urandom(50_000)) for _ in range(10)]
    (pages,) = await kept._writer.submit(lambda connection: connection.execute("PRAGMA page_count").fetchone())
    await pragma(kept, f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        await add(kept, body=os.urandom(300_000))
    assert "free some space" in kept.trouble
    assert await ids(kept) == every
    await kept.delete(every[:8])
    assert isinstance(clock, Clock)
    clock.forward(11)
    await kept.upkeep.round()
    await kept.probe()
    assert [bool(trouble) for trouble in troubles] == [True, False]
    every.append(await add(kept, body=os.urandom(300_000)))
    assert await ids(kept) == every[8:]
    assert_counted(kept)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no RLIMIT_FSIZE")
def test_files_that_cannot_grow_lose_nothing_at_any_kind_of_write(tmp_path: Path) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "sandbox"), str(ROOT / "web")])
    run = subprocess.run(
        [sys.executable, "-m", "tests.full_disk_program", str(tmp_path / "mail.db")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert [line.partition(":")[0] for line in report["during"]] == list(WRITES)
    assert all("full or failing" in line for line in report["during"]), report["during"]
    assert [bool(trouble) for trouble in report["troubles"]] == [True, False]
    with closing(sqlite3.connect(tmp_path / "mail.db")) as connection:
        stored = {id for (id,) in connection.execute("SELECT id FROM message UNION ALL SELECT id FROM trash")}
        assert stored.issuperset(report["before"] + report["after"])
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_damage_to_one_message_leaves_the_others_readable_and_captures_going(tmp_path: Path) -> None:
    path, clock = tmp_path / "mail.db", Clock()
    async with open_store(path) as store:
        first, broken, last = [await add(store, body=os.urandom(60_000)) for _ in range(3)]
        content = await store.raw(broken)
        assert content is not None
    _damage(path, content[30_000:30_100])
    async with open_store(path, clock=clock) as store:
        with pytest.raises(StoreError, match="damaged"):
            await store.raw(broken)
        new = await add(store)
        assert await store.raw(first)
        assert await store.raw(last)
        await store.delete([broken])
        assert await ids(store) == [first, last, new]
        clock.forward(11)
        await store.upkeep.round()
        assert await add(store)
        assert store.trouble == ""


async def test_upkeep_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailsluice.store.upkeep._TROUBLE_SECONDS", 0.0)
    async with open_store(tmp_path / "mail.db", limits=Limits(messages=1)) as store:
        store._writer._connection.execute("PRAGMA query_only = ON")
        store.upkeep.wake()
        async with asyncio.timeout(20):
            while not store.trouble:
                await store.counts()
            store._writer._connection.execute("PRAGMA query_only = OFF")
            await add(store)
            new = await add(store)
            while await ids(store) != [new]:
                await store.counts()


def _damage(path: Path, content: bytes) -> None:
    """Break the page that this content lies in, so that the next one cannot be found from it."""
    data = bytearray(path.read_bytes())
    page = data.index(content) // 8192
    data[page * 8192 : page * 8192 + 4] = b"\xff\xff\xff\xf0"
    path.write_bytes(data)
