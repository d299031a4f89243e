"""What people change about stored messages."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from mailsluice.capture import new_id
from mailsluice.store import edits, tags, trash
from mailsluice.store.readers import Readers
from mailsluice.store.records import Deletion
from mailsluice.store.stretches import Stretch, newest_key, spans, stretches_of
from mailsluice.store.tally import Tally
from mailsluice.store.upkeep import Upkeep
from mailsluice.store.writer import Writer

T = TypeVar("T")


class Editing:
    """The changes; each is committed before its method returns. Unknown ids are passed over.

    An empty mailbox means all of them. Changes of many messages are made a stretch at a time: in between captures come
    in, and readers see what is done so far. "All" are those that there were when the method was called.
    """

    _writer: Writer
    _readers: Readers
    _tally: Tally
    upkeep: Upkeep
    _clock: Callable[[], int]
    _moving: asyncio.Lock

    async def mark_seen(self, ids: Sequence[str] | None, *, seen: bool, mailbox: str = "") -> list[str]:
        """Mark these messages, or for None all (of a mailbox); the ids that changed."""
        where = "seen <> :seen" + (" AND mailbox = :mailbox" if mailbox else "")
        stretches = await self._stretches(ids, where, {"seen": int(seen), "mailbox": mailbox})
        return await self._edit_ids(stretches, partial(edits.mark_seen, seen=seen, mailbox=mailbox))

    async def pin(self, ids: Sequence[str], *, pinned: bool) -> list[str]:
        """Pin these messages, or let go of them; the ids that changed.

        Pinned messages are spared by retention, count towards no limit, and stay when all are deleted.
        """
        changed = await self._edit_ids(stretches_of(ids), partial(edits.pin, pinned=pinned))
        self.upkeep.wake()
        return changed

    async def delete(self, ids: Sequence[str] | None, *, mailbox: str = "", pinned: bool = False) -> Deletion:
        """Delete these messages, or for None all (of a mailbox) but the pinned ones, and those too with `pinned`.

        They are gone from every list, and for good after ten seconds: until then `undo` brings them back. So many that
        it takes a while to delete them can be taken back for longer.
        """
        pinned = pinned or ids is not None
        where = trash.doomed(mailbox=mailbox, pinned=pinned)
        stretches = await self._stretches(ids, where, {"mailbox": mailbox})
        throw_away = partial(trash.throw_away, mailbox=mailbox, pinned=pinned)
        if len(stretches) < 2:
            done = await self._throw_away(stretches, throw_away)
        else:
            async with self._moving:
                done = await self._throw_away(stretches, throw_away)
        self.upkeep.wake()
        return done if ids is None else msgspec.structs.replace(done, ids=done.ids or ())

    async def undo(self, deleted: str | Sequence[str]) -> list[Deletion]:
        """Take back the deletion of this token, or those by which messages of these ids went; what came back.

        Each comes back with all that it took, as it was. Nothing comes back after ten seconds.
        """
        async with self._moving:
            if isinstance(deleted, str):
                tokens = [deleted]
            else:
                tokens = await self._edit(partial(trash.deletions_of, ids=deleted))
            found = [one for token in tokens if (one := await self._take_back(token))]
        self.upkeep.wake()  # there may be more than the limits allow
        return found

    async def _throw_away(self, stretches: Sequence[Stretch], throw_away: Callable[..., Deletion]) -> Deletion:
        """Delete these together; what was deleted, named if its ids were given."""
        token, until = new_id(), self._clock() + trash.UNDO_MICROSECONDS
        until += trash.STRETCH_MICROSECONDS * max(len(stretches) - 1, 0)
        run = partial(throw_away, token=token, until=until)
        done = [deletion async for deletion in self._edit_each(stretches, run)]
        named = tuple(id for deletion in done for id in deletion.ids or ())
        return Deletion(token, sum(deletion.messages for deletion in done), named or None, until)

    async def _take_back(self, token: str) -> Deletion | None:
        with self.upkeep.sparing(token):
            now = self._clock()
            found = await self._readers.read(partial(trash.take_back_spans, token=token, now=now))
            run = partial(trash.take_back, token=token, now=now)
            done = [deletion async for deletion in self._edit_each(found, run)]
        if len(done) < 2:
            return done[0] if done else None
        return Deletion(token, sum(one.messages for one in done), None, done[0].until)

    async def set_tags(self, ids: Sequence[str], names: Iterable[str]) -> list[str]:
        """Give these messages these tags and no others; the ids that exist."""
        return await self._edit_ids(stretches_of(ids), partial(tags.set_tags, names=tuple(names)))

    async def add_tags(self, ids: Sequence[str], names: Iterable[str]) -> list[str]:
        """Give these messages these tags too; the ids that exist."""
        return await self._edit_ids(stretches_of(ids), partial(tags.add_tags, names=tuple(names)))

    async def remove_tags(self, ids: Sequence[str], names: Iterable[str]) -> list[str]:
        """Take these tags from these messages; the ids that exist."""
        return await self._edit_ids(stretches_of(ids), partial(tags.remove_tags, names=tuple(names)))

    async def rename_tag(self, old: str, new: str) -> None:
        """Give a tag another name; LookupError if there is no such tag, Refusal if the new name is taken or no name."""
        known, name = await self._edit(partial(tags.begin_renaming, old=old, new=new))
        if known != name:
            await self._edit_tagged(known, partial(tags.rename_tag, old=known, new=name))

    async def delete_tag(self, name: str) -> None:
        """Take a tag from every message; LookupError if there is no such tag."""
        known = await self._edit(partial(tags.stored_name, name=name))
        await self._edit_tagged(known, partial(tags.delete_tag, name=known))

    async def _edit_tagged(self, name: str, run: Callable[..., None]) -> None:
        found = await self._readers.read(partial(tags.tagged_spans, name=name))
        async for _ in self._edit_each(found, run):
            pass

    async def _stretches(
        self, ids: Sequence[str] | None, where: str, values: Mapping[str, object]
    ) -> Sequence[Stretch]:
        """The ids, or for None all messages that meet a condition, in the stretches that are edited at once."""
        if ids is not None:
            return list(stretches_of(ids))
        newest = await self._edit(newest_key)  # in its turn: what was captured before the call is among them
        within = {**values, "newest": newest}
        return await self._readers.read(
            lambda connection: spans(connection, "message", f"{where} AND key <= :newest", within)
        )

    async def _edit_ids(self, stretches: Iterable[Stretch], run: Callable[..., list[str]]) -> list[str]:
        return [id async for ids in self._edit_each(stretches, run) for id in ids]

    async def _edit_each(self, stretches: Iterable[Stretch], run: Callable[..., T]) -> AsyncIterator[T]:
        """What an edit answers of each stretch; in between, the disk may take in what was written."""
        for number, stretch in enumerate(stretches):
            if number:
                await self._writer.folded()
            yield await self._edit(partial(run, stretch=stretch))

    async def _edit(self, run: Callable[[sqlite3.Connection], T]) -> T:
        def counted(connection: sqlite3.Connection) -> T:
            self._tally.write(connection)  # what was captured in this transaction comes first
            return run(connection)

        return await self._writer.submit(counted)
