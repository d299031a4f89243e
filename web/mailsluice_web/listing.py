"""What the list shows: one page of messages, newest first, and the counts above it."""

import re
from typing import Final

import msgspec
from starlette.requests import Request

from mailsluice.release import Release
from mailsluice.sandbox import Sandbox
from mailsluice.store.records import Counts, ListedMessage

PAGE: Final = 50
"""Messages a page, and the step by which a list grows."""

LONGEST: Final = 500
"""A list that grew so long goes on as a page of its own."""

_OPEN_MESSAGE: Final = re.compile(r"/messages/([0-9A-Za-z]{22})(?:[/?#]|$)")


class Listing(msgspec.Struct, frozen=True):
    """A stretch of the captured mail.

    `before` is where it starts (None: at the newest), `older` where the next stretch starts (None: no more),
    `shown` how many rows the list has with this stretch, `sequence` the newest event it knows. `releases` has the
    newest release of each message that has one.
    """

    messages: list[ListedMessage]
    counts: Counts
    sequence: str
    before: int | None
    older: int | None
    shown: int
    releases: dict[str, Release]

    @property
    def limit(self) -> int:
        """How many rows a refresh must ask for, so that a grown list stays as long as it is."""
        return min(max(PAGE, self.shown), LONGEST)

    @property
    def grows(self) -> bool:
        """Whether the next stretch joins this list, rather than being a page of its own."""
        return self.shown < LONGEST


async def read_listing(request: Request) -> Listing:
    """The stretch that the query asks for: `before`, `limit`, and `shown` rows that stand above it already."""
    sandbox: Sandbox = request.state.sandbox
    before = _number(request, "before", highest=2**63 - 1)
    above = _number(request, "shown", highest=LONGEST) or 0
    limit = _number(request, "limit", highest=LONGEST) or PAGE
    sequence = sandbox.events.sequence
    found = await sandbox.store.list_messages(limit=limit + 1, before=before)
    messages = found[:limit]
    return Listing(
        messages=messages,
        counts=await sandbox.store.counts(),
        sequence=sequence,
        before=before,
        older=messages[-1].key if len(found) > limit and messages else None,
        shown=above + len(messages),
        releases=await sandbox.store.journal.newest_of([message.id for message in messages]),
    )


def open_message(request: Request) -> str:
    """The id of the message that stands open in the page from which htmx asks."""
    match = _OPEN_MESSAGE.search(request.headers.get("hx-current-url", ""))
    return match[1] if match else ""


def _number(request: Request, name: str, *, highest: int) -> int | None:
    text = request.query_params.get(name, "")
    return min(int(text), highest) if text.isascii() and text.isdigit() and len(text) < 20 else None
