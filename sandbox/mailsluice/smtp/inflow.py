"""What arrives on a connection, as lines or as pieces, with the sender held back when it is too fast."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol


class Tap(Protocol):
    """What can be told to stop delivering and to go on: a transport."""

    def pause_reading(self) -> None:
        """Deliver nothing for now."""

    def resume_reading(self) -> None:
        """Deliver again."""


class LineTooLong(Exception):
    """A line exceeded its limit; all of it is gone."""


class Inflow:
    """The bytes of one connection, in order, each handed out once.

    `waiting` is called before every wait for more: the moment to send what was held back. Ends with EOFError once
    the peer has ended and everything was handed out. At most `high_water` bytes and one delivery are held.
    """

    __slots__ = (
        "_at",
        "_buffer",
        "_high_water",
        "_loop",
        "_paused",
        "_pieces",
        "_size",
        "_tap",
        "_waiter",
        "_waiting",
        "ended",
    )

    def __init__(
        self, *, high_water: int, waiting: Callable[[], None], loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        # Asking for the running loop is a system call before Python 3.12, too dear for every wait.
        self._loop = loop or asyncio.get_running_loop()
        self.ended = False
        self._buffer = b""
        self._at = 0  # where the unread part of the buffer begins
        self._pieces: deque[bytes] = deque()
        self._size = 0  # bytes in pieces
        self._high_water = high_water
        self._waiting = waiting
        self._tap: Tap | None = None
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None

    def attach(self, tap: Tap) -> None:
        """Hold this transport back from now on; the one before it, if any, delivers through it."""
        if self._paused and self._tap is not None:
            self._tap.resume_reading()
            tap.pause_reading()
        self._tap = tap

    @property
    def is_empty(self) -> bool:
        """Would whoever asks now have to wait?"""
        return not self._pieces and self._at >= len(self._buffer)

    def feed(self, piece: bytes) -> None:
        """Take what arrived."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > self._high_water and not self._paused and self._tap is not None:
            self._tap.pause_reading()
            self._paused = True
        self._wake()

    def end(self) -> None:
        """The peer sends no more."""
        self.ended = True
        self._wake()

    def discard(self) -> bytes:
        """Hand out, usually to be forgotten, all that has arrived."""
        rest = b"".join((self._buffer[self._at :], *self._pieces))
        self._buffer, self._at, self._size = b"", 0, 0
        self._pieces.clear()
        if self._paused:
            self._let_flow()
        return rest

    async def line(self, limit: int) -> bytes:
        """The next line without its LF; raises LineTooLong above `limit` bytes."""
        searched = self._at
        while True:
            end = self._buffer.find(b"\n", searched)
            if end >= 0:
                line = self._buffer[self._at : end]
                self._at = end + 1
                if len(line) > limit:
                    raise LineTooLong
                return line
            left = len(self._buffer) - self._at
            if left > limit:
                self._buffer, self._at = b"", 0
                await self._skip_line()
                raise LineTooLong
            piece = await self._next()
            self._buffer = self._buffer[self._at :] + piece if left else piece
            self._at, searched = 0, left

    async def piece(self, limit: int = 0) -> bytes:
        """Whatever there is next, at least one byte, at most `limit` bytes where one is given."""
        if self._at >= len(self._buffer):
            self._buffer, self._at = await self._next(), 0
        start, size = self._at, len(self._buffer)
        self._at = min(start + limit, size) if limit else size
        piece = self._buffer[start : self._at]
        if self._at == size:
            self._buffer, self._at = b"", 0
        return piece

    async def peek(self) -> int:
        """The next byte, which is still to be handed out."""
        if self._at >= len(self._buffer):
            self._buffer, self._at = await self._next(), 0
        return self._buffer[self._at]

    def give_back(self, rest: bytes) -> None:
        """Put bytes that belong to something else back to the front."""
        self._buffer, self._at = (rest + self._buffer[self._at :] if self._at < len(self._buffer) else rest), 0

    async def _skip_line(self) -> None:
        while True:
            piece = await self._next()
            end = piece.find(b"\n")
            if end >= 0:
                self._buffer, self._at = piece, end + 1
                return

    async def _next(self) -> bytes:
        while not self._pieces:
            if self.ended:
                raise EOFError
            self._waiting()
            self._waiter = self._loop.create_future()
            await self._waiter
        piece = self._pieces.popleft()
        self._size -= len(piece)
        if self._paused and self._size <= self._high_water // 2:
            self._let_flow()
        return piece

    def _let_flow(self) -> None:
        if self._tap is not None:
            self._paused = False
            self._tap.resume_reading()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
