"""What is done beside the captures: deleted mail purged, limits kept, space given back."""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self, TypeVar

from mailsluice.errors import StoreError
from mailsluice.store import retention, space, trash
from mailsluice.store.retention import Limits
from mailsluice.store.tally import Tally
from mailsluice.store.writer import Writer

T = TypeVar("T")

_PAUSE_SECONDS: Final = 0.25  # what is captured meanwhile goes into one round
_LONGEST_SECONDS: Final = 60.0  # messages grow old, releases end, clocks jump
_TROUBLE_SECONDS: Final = 10.0
_LONGEST_REST_SECONDS: Final = 0.01
_LEGIBLE_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


class Upkeep:
    """Works in small steps on the writer while it is open: `async with upkeep`.

    Both callbacks run on the loop: `on_deleted` with the ids that the limits removed, `on_purged` after anything was
    removed for good.
    """

    def __init__(
        self,
        writer: Writer,
        tally: Tally,
        *,
        limits: Limits,
        clock: Callable[[], int],
        on_deleted: Callable[[tuple[str, ...]], None],
        on_purged: Callable[[], None],
    ) -> None:
        self._writer, self._tally, self._limits, self._clock = writer, tally, limits, clock
        self._on_deleted, self._on_purged = on_deleted, on_purged
        self._wanted = asyncio.Event()
        self._next_purge: int | None = None
        self._next_expiry: int | None = None
        self._spared: frozenset[str] = frozenset()
        self._is_legible = False
        self._working = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def captured(self) -> None:
        """There is more mail than before."""
        if self._limits:
            self._wanted.set()

    def wake(self) -> None:
        """Something changed that may make work."""
        self._wanted.set()

    @contextlib.contextmanager
    def sparing(self, token: str) -> Iterator[None]:
        """Nothing of this deletion is purged meanwhile, though its time may come."""
        self._spared |= {token}  # never changed in place: the writer thread looks at it
        try:
            yield
        finally:
            self._spared -= {token}

    async def round(self) -> None:
        """Do all that is to be done at this moment; StoreError if the database cannot be written."""
        async with self._working:
            has_freed = False
            while await self._step(self._purge):
                has_freed = True
            while self._limits and (ids := await self._step(self._retain)):
                self._on_deleted(tuple(ids))
                has_freed = True
            if has_freed:
                self._on_purged()
                while await self._step(space.give_back):
                    pass
            if has_freed or self._is_legible:
                self._is_legible = await self._writer.submit(trash.is_legible)
                self._writer.fold_log()

    async def _run(self) -> None:
        while True:
            try:
                await self.round()
                pause = _PAUSE_SECONDS
            except StoreError as error:
                log.warning("old and deleted mail stays for now: %s", error)
                pause = _TROUBLE_SECONDS
            except Exception:  # a bug here must not end upkeep in silence
                log.exception("old and deleted mail stays for now")
                pause = _TROUBLE_SECONDS
            await asyncio.sleep(pause)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._patience()):
                    await self._wanted.wait()
            self._wanted.clear()

    def _patience(self) -> float:
        """Seconds until something is due."""
        longest = _LEGIBLE_SECONDS if self._is_legible else _LONGEST_SECONDS
        due = [moment for moment in (self._next_purge, self._next_expiry) if moment is not None]
        return min([longest, *(max((moment - self._clock()) / 1_000_000, 0.0) for moment in due)])

    def _purge(self, connection: sqlite3.Connection) -> int:
        now = self._clock()  # before who is spared is asked: an undo spares first and then looks at the clock
        purged = trash.purge(connection, now=now, limit=retention.STEP, but=self._spared)
        self._next_purge = trash.next_purge(connection)
        return purged

    def _retain(self, connection: sqlite3.Connection) -> list[str]:
        removed = retention.retain(connection, self._limits, now=self._clock())
        if not removed:
            self._next_expiry = retention.next_expiry(connection, self._limits)
        return removed

    async def _step(self, run: Callable[[sqlite3.Connection], T]) -> T:
        """One job, then a rest of twice its time: captures and the disk need it more."""

        def timed(connection: sqlite3.Connection) -> tuple[T, float]:
            began = time.monotonic()
            self._tally.write(connection)
            return run(connection), time.monotonic() - began

        result, worked = await self._writer.submit(timed)
        if result:
            await asyncio.sleep(min(2 * worked, _LONGEST_REST_SECONDS))
        return result
