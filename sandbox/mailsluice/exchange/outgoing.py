"""From the store to a file: which messages go out, oldest first, and few in memory at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

from mailsluice.capture import now
from mailsluice.errors import Refusal
from mailsluice.exchange.archive import ZipWriter
from mailsluice.exchange.mail import Mail
from mailsluice.exchange.mbox import MboxWriter
from mailsluice.search import parse
from mailsluice.store import ListedMessage, Receipt, Store

_PAGE: Final = 500
_AT_ONCE: Final = 100
_BYTES_AT_ONCE: Final = 8 << 20  # one larger message goes by itself


class Writer(Protocol):
    """Makes a file of messages; what `add` and `end` return, one after the other, is the file."""

    media_type: str
    extension: str

    def add(self, mail: Mail) -> bytes:
        """The next message."""

    def end(self) -> bytes:
        """What closes the file."""


WRITERS: Final[dict[str, type[Writer]]] = {"zip": ZipWriter, "mbox": MboxWriter}


async def chosen(store: Store, *, ids: Sequence[str] = (), query: str = "") -> list[str]:
    """Ids of what is to go out, oldest first: these messages, what the query finds, or all without both.

    Refusal for a query that is not understood, and for an id that names nothing.
    """
    if ids:
        found = {id: await store.get(id) for id in dict.fromkeys(ids)}
        for id, message in found.items():
            if message is None:
                raise Refusal(f"There is no message {id[:64]}.", field="id")
        keys = {message.id: message.key for message in found.values() if message}
        return sorted(keys, key=keys.__getitem__)
    if query.strip():
        asked = parse(query, now=now())
        if asked.problems:
            raise Refusal(" ".join(asked.problems), field="query")
        return (await store.search.ids(asked))[::-1]
    newest_first: list[str] = []
    before: int | None = None
    while page := await store.list_messages(limit=_PAGE, before=before):
        newest_first += [message.id for message in page]
        before = page[-1].key
    return newest_first[::-1]


async def batches(store: Store, ids: Sequence[str]) -> AsyncIterator[list[Mail]]:
    """The messages with their envelopes, a few at a time; what was deleted meanwhile is passed over."""
    for start in range(0, len(ids), _AT_ONCE):
        found = await asyncio.gather(*(store.get(id) for id in ids[start : start + _AT_ONCE]))
        batch: list[ListedMessage] = []
        for listed in filter(None, found):
            if batch and sum(one.size for one in batch) + listed.size > _BYTES_AT_ONCE:
                yield await _read(store, batch)
                batch = []
            batch.append(listed)
        if batch:
            yield await _read(store, batch)


async def pieces(store: Store, ids: Sequence[str], writer: Writer) -> AsyncIterator[bytes]:
    """The file, piece by piece."""
    async for batch in batches(store, ids):
        yield await asyncio.to_thread(_written, writer, batch)
    yield await asyncio.to_thread(writer.end)


def _written(writer: Writer, batch: list[Mail]) -> bytes:
    return b"".join([writer.add(mail) for mail in batch])


async def _read(store: Store, batch: list[ListedMessage]) -> list[Mail]:
    raws = await asyncio.gather(*(store.raw(one.id) for one in batch))
    receipts = await asyncio.gather(*(store.receipt(one.id) for one in batch))
    return [
        _mail(listed, raw, receipt)
        for listed, raw, receipt in zip(batch, raws, receipts, strict=True)
        if raw is not None and receipt is not None
    ]


def _mail(listed: ListedMessage, raw: bytes, receipt: Receipt) -> Mail:
    recipients = tuple(one.address for one in receipt.envelope.recipients)
    return Mail(raw, listed.id, listed.received, receipt.envelope.sender, recipients, listed.seen, listed.pinned)
