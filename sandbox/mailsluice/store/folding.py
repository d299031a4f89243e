"""Folding the write-ahead log into the database, beside the writer, which then never waits for the disk."""

import contextlib
import sqlite3
import threading
import time
from pathlib import Path
from typing import Final

_SHRINK_SECONDS: Final = 5.0  # between two: while the limits work against new mail there is always something gone
_AGAIN_SECONDS: Final = 1.0
_WAIT_SECONDS: Final = 1.0
_IN_THE_WAY_MS: Final = 20  # so long it waits for readers at most, and the writer for it


class Folding:
    """A thread that folds when it is told to.

    A folded log is written anew from its start, and behind that the old lies on, deleted mail too: only a log that was
    cut to nothing has forgotten.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wanted = threading.Event()
        self._idle, self._is_closing = threading.Event(), False
        self._is_to_shrink, self._shrunk_at = False, -_SHRINK_SECONDS
        self._thread = threading.Thread(target=self._work, name="store-folding", daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Whether what was asked for is done."""
        return self._idle.is_set()

    def wait(self) -> None:
        """Wait until what was asked for is done, for a short time at most."""
        self._idle.wait(_WAIT_SECONDS)

    def fold(self) -> None:
        """Fold soon what readers and writer allow."""
        self._idle.clear()
        self._wanted.set()

    def shrink(self) -> None:
        """Fold, and cut the log to nothing as soon as nobody reads from it."""
        self._is_to_shrink = True
        self._wanted.set()

    def close(self) -> None:
        """End after the fold that is under way."""
        self._is_closing = True
        self._wanted.set()
        self._thread.join()

    def _work(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=10, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout = {_IN_THE_WAY_MS}")
        while True:
            if not self._wanted.is_set():
                self._idle.set()
            self._wanted.wait(self._patience())
            self._wanted.clear()
            if self._is_closing:
                break
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                if self._is_to_shrink and time.monotonic() >= self._shrunk_at + _SHRINK_SECONDS:
                    self._shrink(connection)
        connection.close()

    def _patience(self) -> float | None:
        """Seconds until the log is to be cut; None while nobody wants it."""
        if not self._is_to_shrink:
            return None
        return max(_AGAIN_SECONDS, self._shrunk_at + _SHRINK_SECONDS - time.monotonic())

    def _shrink(self, connection: sqlite3.Connection) -> None:
        # Once more: the first took a while, and captures must not wait for what came in meanwhile.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        self._is_to_shrink = False  # what is told from here on is told of the next log
        try:
            (is_hindered, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            is_hindered = True
        if is_hindered:
            self._is_to_shrink = True
        else:
            self._shrunk_at = time.monotonic()
