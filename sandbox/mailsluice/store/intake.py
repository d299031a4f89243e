"""Captures on their way into the database."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

from mailsluice.capture import Capture, Spool
from mailsluice.errors import StoreError
from mailsluice.message.bounds import Bounds
from mailsluice.message.summary import Summary
from mailsluice.store import edits
from mailsluice.store.database import explain
from mailsluice.store.rows import insert_capture, safe_summary
from mailsluice.store.sorting import Sorter
from mailsluice.store.sources import insert_chunks, packed_steps
from mailsluice.store.tags import tag_messages
from mailsluice.store.tally import Tally
from mailsluice.store.writer import Writer

_SPOOLED_AT_ONCE: Final = 2  # each has some 2 MB in memory on its way from file to file
_LOOKED_AT: Final = 512 << 10  # what the rules for tags read of a spooled body


class Intake:
    """Stores captures; `on_captured` runs on the loop with the id of each that is committed."""

    def __init__(
        self,
        writer: Writer,
        tally: Tally,
        sorter: Sorter,
        *,
        path: Path,
        bounds: Bounds,
        on_captured: Callable[[str], None],
    ) -> None:
        self._writer, self._tally, self._sorter = writer, tally, sorter
        self._path, self._bounds, self._on_captured = path, bounds, on_captured
        self._spoolers = ThreadPoolExecutor(1, thread_name_prefix="store-spool")
        self._spooling = asyncio.Semaphore(_SPOOLED_AT_ONCE)
        self._adding: set[asyncio.Task[None]] = set()

    def add(self, capture: Capture) -> "asyncio.Future[None]":
        """Store a capture; see `Store.add`."""
        if isinstance(capture.body, Spool):
            task = asyncio.create_task(self._add_spooled(capture, capture.body))
            self._adding.add(task)
            task.add_done_callback(self._adding.discard)
            return asyncio.shield(task)
        body = capture.body

        def run(connection: sqlite3.Connection) -> None:
            summary, mailbox = safe_summary(body, self._bounds), self._sorter.mailbox(capture)
            tags = self._sorter.tags(capture, summary, mailbox=mailbox, beginning=body)
            self._insert(connection, capture, summary, mailbox, tags)

        return self._writer.submit(run, after=lambda _: self._on_captured(capture.id), proves_health=True)

    async def close(self) -> None:
        """Finish what was begun."""
        if self._adding:
            await asyncio.wait(self._adding)
        self._spoolers.shutdown()

    def _insert(
        self, connection: sqlite3.Connection, capture: Capture, summary: Summary, mailbox: str, tags: list[str]
    ) -> None:
        mailbox = self._sorter.bounded(connection, mailbox)
        key, size = insert_capture(connection, capture, summary, mailbox=mailbox)
        self._tally.count(size, mailbox=mailbox)
        if tags:
            tag_messages(connection, [key], tags)

    async def _add_spooled(self, capture: Capture, spool: Spool) -> None:
        """Write the pieces in transactions of their own, which holds nobody up; the message's row comes last."""
        loop = asyncio.get_running_loop()
        try:
            async with self._spooling:
                summary, mailbox, tags = await loop.run_in_executor(self._spoolers, self._look, capture, spool)
                steps = packed_steps(spool)
                while (step := await loop.run_in_executor(self._spoolers, next, steps, None)) is not None:
                    await self._writer.submit(partial(insert_chunks, message_id=capture.id, chunks=step))
                await self._writer.submit(
                    lambda connection: self._insert(connection, capture, summary, mailbox, tags),
                    after=lambda _: self._on_captured(capture.id),
                    proves_health=True,
                )
        except OSError as error:
            raise StoreError(explain(error, path=self._path)) from error
        except StoreError:
            await self._forget_chunks(capture.id)
            raise
        finally:
            spool.delete()

    def _look(self, capture: Capture, spool: Spool) -> tuple[Summary, str, list[str]]:
        """The summary of a spooled body, which is not taken into memory for that, and its mailbox and tags."""
        with spool.path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as body:
            summary, beginning = safe_summary(body, self._bounds), body[:_LOOKED_AT]
        mailbox = self._sorter.mailbox(capture)
        return summary, mailbox, self._sorter.tags(capture, summary, mailbox=mailbox, beginning=beginning)

    async def _forget_chunks(self, id: str) -> None:
        try:
            await self._writer.submit(lambda connection: edits.delete_chunks(connection, id))
        except StoreError:
            return  # the next start removes them
