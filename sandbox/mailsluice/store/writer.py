"""One thread that writes: everything waiting goes into one transaction, and only then is anybody told."""

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from mailsluice.errors import StoreError
from mailsluice.store.database import explain
from mailsluice.store.folding import Folding
from mailsluice.store.tally import Tally

_BATCH_JOBS: Final = 500
_LOOK_SECONDS: Final = 0.25
_LOOK_BYTES: Final = 4 << 20
_PASSIVE_CHECKPOINT_BYTES: Final = 16 << 20
_FORCED_CHECKPOINT_BYTES: Final = 64 << 20
_READERS_MAY_HOLD_MS: Final = 20
_BUSY_MS: Final = 10_000

T = TypeVar("T")
Run = Callable[[sqlite3.Connection], T]


class _Job(Generic[T]):
    """Work for the writer thread; `after` runs on the loop once it is committed, though its caller may be gone."""

    __slots__ = ("after", "done", "durable", "error", "proves_health", "result", "run")

    def __init__(
        self,
        run: Run[T],
        done: "asyncio.Future[T]",
        after: Callable[[T], None] | None,
        proves_health: bool,
        durable: bool,
    ) -> None:
        self.run, self.done, self.after, self.proves_health = run, done, after, proves_health
        self.durable = durable
        self.result: T
        self.error: Exception | None = None

    def deliver(self) -> None:
        if self.error is None and self.after is not None:
            self.after(self.result)
        if self.done.done():  # cancelled: the client hung up, the message stays
            return
        if self.error is None:
            self.done.set_result(self.result)
        else:
            self.done.set_exception(self.error)


class Writer:
    """Runs jobs in order of arrival, grouped into transactions.

    A job may be run a second time, alone, when another one in its transaction failed: it must change nothing but the
    database. `trouble` is empty, or says in one sentence why the newest transaction failed.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, path: Path, tally: Tally, on_trouble: Callable[[str], None]
    ) -> None:
        self.trouble = ""
        self._tally = tally
        self._next_look, self._next_look_at = 0.0, 0
        self._connection, self._path, self._on_trouble = connection, path, on_trouble
        self._synchronous = int(connection.execute("PRAGMA synchronous").fetchone()[0])
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._folding = Folding(path)
        self._thread.start()

    def submit(
        self,
        run: Run[T],
        *,
        after: Callable[[T], None] | None = None,
        proves_health: bool = False,
        durable: bool = False,
    ) -> "asyncio.Future[T]":
        """Queue a job; the future ends after the commit, or with a StoreError.

        `after` runs on the loop once it is committed. `proves_health`: that it was written ends `trouble`. `durable`:
        its transaction is on the disk before the future ends, whatever the durability of captures: after a power cut a
        captured mail can be sent again by the app, but a release that is forgotten would be mailed to people twice.
        """
        done: asyncio.Future[T] = self._loop.create_future()
        if self._closing:
            done.set_exception(StoreError("Mailsluice is shutting down"))
            return done
        self._jobs.put(_Job(run, done, after, proves_health, durable))
        return done

    def fold_log(self) -> None:
        """Have the write-ahead log folded into the database and cut to nothing soon: deleted mail lies in it too."""
        self._folding.shrink()

    async def folded(self) -> None:
        """Wait until the write-ahead log is folded in, if that is under way, for a short time at most."""
        if not self._folding.is_idle:
            await asyncio.to_thread(self._folding.wait)

    async def close(self) -> None:
        """Finish what is queued, then close the connection."""
        self._closing = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._folding.close)
        with contextlib.suppress(sqlite3.Error):  # the log cannot be folded in on a full disk: it is kept
            self._connection.close()

    def _work(self) -> None:
        while batch := self._next_batch():
            self._transact(batch)
            self._loop.call_soon_threadsafe(_deliver, batch)
            self._limit_log()

    def _next_batch(self) -> "list[_Job[Any]]":
        """All that waits, up to a bound, after waiting for the first; empty when the writer closes."""
        first = self._jobs.get()
        if first is None:
            return []
        batch = [first]
        with contextlib.suppress(queue.Empty):
            while len(batch) < _BATCH_JOBS:
                job = self._jobs.get_nowait()
                if job is None:
                    self._jobs.put(None)  # for the next call: this batch comes first
                    break
                batch.append(job)
        return batch

    def _transact(self, batch: list[_Job[Any]]) -> None:
        if self._attempt(batch) and len(batch) > 1:
            for job in batch:
                self._attempt([job])

    def _attempt(self, batch: list[_Job[Any]]) -> bool:
        """Run jobs in one transaction; True if it failed and was rolled back."""
        connection = self._connection
        durable = any(job.durable for job in batch)
        try:
            if durable:  # SQLite changes it between transactions only
                connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            self._tally.clear()
            for job in batch:
                job.error = None
                job.result = job.run(connection)
            self._tally.write(connection)
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._roll_back()
            self._fail(batch, explain(error, path=self._path))
            return True
        except Exception as error:  # a bug in one job must end neither the thread nor the other jobs
            self._roll_back()
            for job in batch:
                job.error = error
            return True
        finally:
            if durable:
                self._relax()
        if self.trouble and any(job.proves_health for job in batch):
            self._tell_trouble("")
        return False

    def _relax(self) -> None:
        """Commit as captures ask for it again."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA synchronous = {self._synchronous}")

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _fail(self, batch: list[_Job[Any]], trouble: str) -> None:
        for job in batch:
            job.error = StoreError(trouble)
        if len(batch) == 1:
            self._tell_trouble(trouble)

    def _tell_trouble(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self._loop.call_soon_threadsafe(self._on_trouble, trouble)

    def _log_size(self) -> int:
        try:
            return os.stat(f"{self._path}-wal").st_size
        except OSError:
            return 0

    def _limit_log(self) -> None:
        """Look at the write-ahead log now and then: asking the system after each commit would cost as much as one."""
        now = time.monotonic()
        if now < self._next_look and self._tally.ever < self._next_look_at:
            return
        self._next_look, self._next_look_at = now + _LOOK_SECONDS, self._tally.ever + _LOOK_BYTES
        size = self._log_size()
        # Steady load: the passive one never gets to the log's start. One that is under way leaves less to do here.
        if size > _FORCED_CHECKPOINT_BYTES * (1 if self._folding.is_idle else 2):
            self._connection.execute(f"PRAGMA busy_timeout = {_READERS_MAY_HOLD_MS}")  # a long search is a long reader
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        elif size > _PASSIVE_CHECKPOINT_BYTES:
            self._folding.fold()


def _deliver(batch: list[_Job[Any]]) -> None:
    for job in batch:
        job.deliver()
