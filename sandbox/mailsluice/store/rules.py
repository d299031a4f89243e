"""The rules of automatic release, as JSON rows."""

import sqlite3

import msgspec

from mailsluice.rule import Rule
from mailsluice.store.readers import Readers
from mailsluice.store.writer import Writer

_read = msgspec.json.Decoder(Rule).decode


class Rules:
    """The rules that were made and not removed, whether they are on or off.

    Every change is on the disk before its method returns; `StoreError` means that nothing of it was kept.
    """

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer, self._readers = writer, readers

    async def add(self, rule: Rule) -> None:
        """Keep a new rule; one that is known already stays as it is."""
        query = "INSERT INTO rule (id, record) VALUES (:id, :record) ON CONFLICT (id) DO NOTHING"
        await self._write(query, id=rule.id, record=_json(rule))

    async def update(self, rule: Rule) -> None:
        """Keep what a rule has become; one that was removed meanwhile stays away."""
        await self._write("UPDATE rule SET record = :record WHERE id = :id", id=rule.id, record=_json(rule))

    async def remove(self, id: str) -> None:
        """Forget a rule; an unknown one is fine."""
        await self._write("DELETE FROM rule WHERE id = :id", id=id)

    async def _write(self, query: str, **values: str) -> None:
        def run(connection: sqlite3.Connection) -> None:
            connection.execute(query, values)

        await self._writer.submit(run, durable=True)

    # Last, as its name hides the type's within this class.
    async def list(self) -> list[Rule]:
        """All rules, oldest first."""
        query = "SELECT record FROM rule ORDER BY key"
        return await self._readers.read(lambda connection: [_read(record) for (record,) in connection.execute(query)])


def _json(rule: Rule) -> str:
    return msgspec.json.encode(rule).decode()
