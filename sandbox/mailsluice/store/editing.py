"""What people change about stored messages."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from mailsluice.capture import new_id
from mailsluice.store import edits, tags, trash
from mailsluice.store.records import Deletion
from mailsluice.store.tally import Tally
from mailsluice.store.upkeep import Upkeep
from mailsluice.store.writer import Writer

T = TypeVar("T")


class Editing:
    """The changes; each is committed before its method returns. Unknown ids are passed over.

    An empty mailbox means all of them.
    """

    _writer: Writer
    _tally: Tally
    upkeep: Upkeep
    _clock: Callable[[], int]

    async def mark_seen(self, ids: Sequence[str] | None, *, seen: bool, mailbox: str = "") -> list[str]:
        """Mark these messages, or for None all (of a mailbox); the ids that changed."""
        return await self._edit(lambda connection: edits.mark_seen(connection, ids, seen=seen, mailbox=mailbox))

    async def pin(self, ids: Sequence[str], *, pinned: bool) -> list[str]:
        """Pin these messages, or let go of them; the ids that changed.

        Pinned messages are spared by retention, count towards no limit, and stay when all are deleted.
        """
        changed = await self._edit(lambda connection: edits.pin(connection, ids, pinned=pinned))
        self.upkeep.wake()
        return changed

    async def delete(self, ids: Sequence[str] | None, *, mailbox: str = "", pinned: bool = False) -> Deletion:
        """Delete these messages, or for None all (of a mailbox) but the pinned ones, and those too with `pinned`.

        They are gone from every list at once, and for good after ten seconds: until then `undo` brings them back.
        """
        token, until = new_id(), self._clock() + trash.UNDO_MICROSECONDS

        def run(connection: sqlite3.Connection) -> Deletion:
            return trash.throw_away(connection, ids, mailbox=mailbox, pinned=pinned, token=token, until=until)

        deletion = await self._edit(run)
        self.upkeep.wake()
        return deletion

    async def undo(self, deleted: str | Sequence[str]) -> list[Deletion]:
        """Take back the deletion of this token, or those by which messages of these ids went; what came back.

        Each comes back with all that it took, as it was. Nothing comes back after ten seconds.
        """

        def run(connection: sqlite3.Connection) -> list[Deletion]:
            tokens = [deleted] if isinstance(deleted, str) else trash.deletions_of(connection, deleted)
            found = (trash.take_back(connection, token, now=self._clock()) for token in tokens)
            return [one for one in found if one]

        return await self._edit(run)

    async def set_tags(self, ids: Sequence[str], names: Iterable[str]) -> list[str]:
        """Give these messages these tags and no others; the ids that exist."""
        return await self._edit(lambda connection: tags.set_tags(connection, ids, names))

    async def add_tags(self, ids: Sequence[str], names: Iterable[str]) -> list[str]:
        """Give these messages these tags too; the ids that exist."""
        return await self._edit(lambda connection: tags.add_tags(connection, ids, names))

    async def remove_tags(self, ids: Sequence[str], names: Iterable[str]) -> list[str]:
        """Take these tags from these messages; the ids that exist."""
        return await self._edit(lambda connection: tags.remove_tags(connection, ids, names))

    async def rename_tag(self, old: str, new: str) -> None:
        """Give a tag another name; LookupError if there is no such tag, Refusal if the new name is taken or no name."""
        await self._edit(lambda connection: tags.rename_tag(connection, old, new))

    async def delete_tag(self, name: str) -> None:
        """Take a tag from every message; LookupError if there is no such tag."""
        await self._edit(lambda connection: tags.delete_tag(connection, name))

    async def _edit(self, run: Callable[[sqlite3.Connection], T]) -> T:
        def counted(connection: sqlite3.Connection) -> T:
            self._tally.write(connection)  # what was captured in this transaction comes first
            return run(connection)

        return await self._writer.submit(counted)
