"""The bytes and rows of releases: how they are written, found and, beyond a bound, forgotten."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from mailsluice.release import Release
from mailsluice.store.sources import CHUNK, Chunk, pack, unpack

_KEPT_RECORDS: Final = 10_000
_KEPT_BYTES: Final = 1 << 30
_STEP_BYTES: Final = 2 << 20
_STEP_PIECES: Final = 64

Piece = tuple[str, Chunk]
"""The release's id and a piece of its bytes."""

read_release = msgspec.json.Decoder(Release).decode


def packed_steps(drafts: Iterable[tuple[Release, bytes]]) -> Iterator[list[Piece]]:
    """The bytes of releases as lists of pieces, each list small enough that writing it holds nobody up."""
    step: list[Piece] = []
    size = 0
    for release, raw in drafts:
        for number, at in enumerate(range(0, len(raw) or 1, CHUNK)):
            encoding, content = pack(raw[at : at + CHUNK])
            step.append((release.id, (number, encoding, content)))
            size += len(content)
            if size >= _STEP_BYTES or len(step) >= _STEP_PIECES:
                yield step
                step, size = [], 0
    if step:
        yield step


def insert_pieces(connection: sqlite3.Connection, pieces: Sequence[Piece]) -> None:
    """Store pieces of releases whose own rows come later, in place of what an attempt that failed has left."""
    delete_pieces(connection, [id for id, (number, *_) in pieces if number == 0])
    connection.executemany(
        "INSERT INTO release_chunk (release_id, number, encoding, content) VALUES (?, ?, ?, ?)",
        ((id, *chunk) for id, chunk in pieces),
    )


def delete_pieces(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Remove the pieces of releases."""
    connection.executemany("DELETE FROM release_chunk WHERE release_id = ?", ((id,) for id in ids))


def delete_leftover_pieces(connection: sqlite3.Connection) -> None:
    """Remove pieces whose release was never queued, because the program died in between."""
    connection.execute("DELETE FROM release_chunk WHERE release_id NOT IN (SELECT id FROM release)")


def read_pieces(connection: sqlite3.Connection, id: str) -> bytes | None:
    """The bytes of a release, or None where there is no such release or its bytes are no longer kept."""
    query = (
        "SELECT encoding, content FROM release_chunk "
        "WHERE release_id = (SELECT id FROM release WHERE id = :id) ORDER BY number"
    )
    pieces = connection.execute(query, {"id": id}).fetchall()
    return b"".join(unpack(*piece) for piece in pieces) if pieces else None


def find(connection: sqlite3.Connection, id: str) -> Release | None:
    """The record of this id."""
    row = connection.execute("SELECT record FROM release WHERE id = :id", {"id": id}).fetchone()
    return read_release(row[0]) if row else None


def insert(connection: sqlite3.Connection, release: Release, *, kept: int) -> None:
    """Store the row of a release whose pieces, so many bytes, are stored already."""
    connection.execute(
        "INSERT INTO release "
        "(id, message, profile, state, is_open, is_to_me, created, changed, rule, batch, kept, record) VALUES "
        "(:id, :message, :profile, :state, :is_open, :is_to_me, :created, :changed, :rule, :batch, :kept, :record)",
        {
            "id": release.id,
            "message": release.message,
            "profile": release.profile,
            "is_to_me": release.is_to_me,
            "created": release.created,
            "rule": release.rule,
            "batch": release.batch,
            "kept": kept,
            **_changing(release),
        },
    )


def update(connection: sqlite3.Connection, release: Release) -> None:
    """Store how far a release has come; LookupError if there is none, as nothing may be dialled without a row."""
    cursor = connection.execute(
        "UPDATE release SET state = :state, is_open = :is_open, changed = :changed, record = :record WHERE id = :id",
        {"id": release.id, **_changing(release)},
    )
    if not cursor.rowcount:
        raise LookupError(f"there is no release {release.id}")


def forget_oldest(connection: sqlite3.Connection, *, records: int = _KEPT_RECORDS, size: int = _KEPT_BYTES) -> None:
    """Keep the newest finished records and, of their bytes, no more than `size`: the oldest go first."""
    gone = connection.execute(
        "DELETE FROM release WHERE is_open = 0 AND key <= "
        "(SELECT key FROM release WHERE is_open = 0 ORDER BY key DESC LIMIT 1 OFFSET :records) RETURNING id",
        {"records": records},
    ).fetchall()
    delete_pieces(connection, [id for (id,) in gone])
    (excess,) = connection.execute(
        "SELECT total(kept) - :size FROM release WHERE is_open = 0", {"size": size}
    ).fetchone()
    if excess <= 0:
        return
    dropped = list(_oldest_with_bytes(connection, excess))
    delete_pieces(connection, dropped)
    connection.executemany("UPDATE release SET kept = 0 WHERE id = ?", ((id,) for id in dropped))


def _oldest_with_bytes(connection: sqlite3.Connection, excess: float) -> Iterator[str]:
    """Finished releases from the oldest on, until their bytes make up for the excess."""
    rows = connection.execute("SELECT id, kept FROM release WHERE is_open = 0 AND kept > 0 ORDER BY key")
    for id, kept in rows:
        if excess <= 0:
            return
        excess -= kept
        yield id


def _changing(release: Release) -> dict[str, str | int]:
    return {
        "state": release.state,
        "is_open": release.is_open,
        "changed": release.changed,
        "record": msgspec.json.encode(release).decode(),
    }
