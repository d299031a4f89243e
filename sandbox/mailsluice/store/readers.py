"""Connections that only read, one a thread of a small pool: reads never wait for writes."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from mailsluice.store.database import connect_reader, explained

T = TypeVar("T")

_READERS: Final = 4


class Readers:
    """Runs queries beside the loop, several at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    async def read(self, run: Callable[[sqlite3.Connection], T]) -> T:
        """What the query finds; StoreError when the database cannot be read."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, run)

    def _run(self, run: Callable[[sqlite3.Connection], T]) -> T:
        with explained(self._path):
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = connect_reader(self._path)
                self._connections.append(connection)
            return run(connection)

    async def close(self) -> None:
        """Finish what was begun, then let go of the file."""
        await asyncio.to_thread(self._pool.shutdown)
        for connection in self._connections:
            connection.close()
