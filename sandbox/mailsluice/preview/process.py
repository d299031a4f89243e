"""Small pictures of attachments, drawn by processes that may crash, hang or be taken over without harm to anyone.

    async with Previews() as previews:
        picture = await previews.image(part.content(), width=320)
        pages = await previews.pages(part.content(), first=3, width=640)

A child starts with the first picture asked for, serves some dozens, and ends when nobody asks for half a minute. One
that takes too long or answers nonsense is killed with whatever it has started.
"""

import asyncio
import struct
from typing import Final, Self

import msgspec

from mailsluice.preview.drawing import Child
from mailsluice.preview.wire import IMAGE, MAX_SIDE, PAGES, Answer, Drawn, Job, Limits, Reason

_SENTENCES: Final[dict[Reason, str]] = {
    "large": "This file is too large to show.",
    "slow": "This file takes too long to draw.",
    "damaged": "This file is damaged, or of a kind that cannot be shown.",
    "locked": "This file needs a password.",
    "failed": "This file is too large or too damaged to show.",
    "unavailable": "Previews do not work on this machine.",
}
_TYPES: Final = ((b"\x89PNG\r\n\x1a\n", 0, "image/png"), (b"WEBP", 8, "image/webp"))
_WIDEST: Final = 2000
_BROKEN: Final = (EOFError, OSError, ValueError, struct.error, msgspec.MsgspecError)


class Picture(msgspec.Struct, frozen=True):
    """A picture that is safe to serve, and how large the original is (pixels, or points of a page)."""

    content: bytes
    content_type: str
    width: int
    height: int
    original_width: int
    original_height: int


class Pages(msgspec.Struct, frozen=True):
    """The first pages of a document, and how many it has."""

    pictures: tuple[Picture, ...]
    total: int


class Refused(msgspec.Struct, frozen=True):
    """Why there is no picture: a word for programs and a sentence for people."""

    reason: Reason
    text: str


class Previews:
    """Draws attachments in bounded child processes, a few at a time; the others wait."""

    def __init__(self, limits: Limits | None = None, *, command: tuple[str, ...] = ()) -> None:
        self._limits, self._command = limits or Limits(), command
        self._turn = asyncio.Semaphore(self._limits.at_once)
        self._idle: dict[Child, asyncio.TimerHandle] = {}
        self._children: set[Child] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    async def image(self, content: bytes, *, width: int) -> Picture | Refused:
        """The image, its first frame if it moves, at most `width` pixels wide and twice as high; never enlarged."""
        answer = await self._answer(Job(IMAGE, _within(width, _WIDEST), 1, content))
        pictures = _checked(answer)
        return pictures[0] if pictures else _refused(answer.reason or "failed")

    async def pages(self, content: bytes, *, first: int, width: int) -> Pages | Refused:
        """The first pages of a PDF, each at most `width` pixels wide and twice as high."""
        answer = await self._answer(Job(PAGES, _within(width, _WIDEST), _within(first, 50), content))
        pictures = _checked(answer)
        return Pages(pictures, max(answer.total, len(pictures))) if pictures else _refused(answer.reason or "failed")

    async def close(self) -> None:
        """End all children; what is being drawn is refused."""
        self._closed = True
        for timer in self._idle.values():
            timer.cancel()
        self._idle.clear()
        await asyncio.gather(*(child.kill() for child in self._children), *self._leaving)
        self._children.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _answer(self, job: Job) -> Answer:
        if len(job.content) > self._limits.content:
            return Answer("large")
        if not job.content:
            return Answer("damaged")
        async with self._turn:
            while not self._closed:
                try:
                    child = self._waiting() or await self._started()
                except OSError:
                    return Answer("unavailable")
                fresh = not child.answered
                try:
                    return await self._ask(child, job)
                except TimeoutError:
                    return Answer("slow")
                except _BROKEN:
                    # A used child may have died of an earlier file: only a fresh one speaks against this one.
                    if fresh:
                        return Answer("failed")
        return Answer("unavailable")

    async def _ask(self, child: Child, job: Job) -> Answer:
        """The child's answer; a child that gave none, or whose answer nobody awaited, is killed."""
        answer = None
        try:
            answer = await asyncio.wait_for(child.ask(job), self._limits.seconds)
        finally:
            if answer is None or child.answered >= self._limits.jobs or self._closed:
                await self._end(child)
            else:
                loop = asyncio.get_running_loop()
                self._idle[child] = loop.call_later(self._limits.idle_seconds, self._retire, child)
        return answer

    async def _started(self) -> Child:
        child = await Child.start(self._limits, self._command)
        self._children.add(child)
        if self._closed:
            await self._end(child)
        return child

    def _waiting(self) -> Child | None:
        """A child without work that still lives."""
        while self._idle:
            child, timer = self._idle.popitem()
            timer.cancel()
            if child.lives:
                return child
            self._children.discard(child)
        return None

    def _retire(self, child: Child) -> None:
        """Let a child go that nobody needed for a while."""
        if self._idle.pop(child, None):
            self._children.discard(child)
            task = asyncio.create_task(child.leave())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _end(self, child: Child) -> None:
        self._children.discard(child)
        await asyncio.shield(child.kill())


def _within(asked: int, most: int) -> int:
    return max(1, min(asked, most))


def _refused(reason: Reason) -> Refused:
    return Refused(reason, _SENTENCES[reason])


def _checked(answer: Answer) -> tuple[Picture, ...]:
    """The pictures of an answer; none if one is not what a child makes, since it may no longer be itself."""
    pictures = tuple(_picture(drawn) for drawn in answer.pictures)
    return tuple(filter(None, pictures)) if all(pictures) else ()


def _picture(drawn: Drawn) -> Picture | None:
    content_type = next((name for magic, at, name in _TYPES if drawn.content.startswith(magic, at)), "")
    sides = (drawn.width, drawn.height)
    if not content_type or not all(0 < side <= MAX_SIDE for side in sides):
        return None
    original = (max(0, drawn.original_width), max(0, drawn.original_height))
    return Picture(drawn.content, content_type, *sides, *original)
