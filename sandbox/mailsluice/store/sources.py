"""How the bytes of a message lie in the database: as they are, compressed, or in pieces."""

import sqlite3
import sys
from collections.abc import Iterator
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from mailsluice.capture import Spool

AS_IS: Final = 0
ZSTD: Final = 1
CHUNKED: Final = 2

_WORTH_COMPRESSING: Final = 16 << 10  # below it, compressing takes longer than writing
_CHUNK: Final = 256 << 10


def pack(content: bytes) -> tuple[int, bytes]:
    """Encoding and bytes to store: compressed where that saves an eighth or more."""
    if len(content) > _WORTH_COMPRESSING:
        packed = zstd.compress(content, level=1)
        if len(packed) < len(content) * 7 // 8:
            return ZSTD, packed
    return AS_IS, content


def unpack(encoding: int, content: bytes) -> bytes:
    """The bytes that were packed."""
    return zstd.decompress(content) if encoding == ZSTD else content


def packed_chunks(spool: Spool) -> Iterator[tuple[int, int, bytes]]:
    """Number, encoding and content of each piece of a spooled body."""
    with spool.path.open("rb") as file:
        number = 0
        while piece := file.read(_CHUNK):
            yield number, *pack(piece)
            number += 1


def insert_chunk(connection: sqlite3.Connection, *, message_id: str, chunk: tuple[int, int, bytes]) -> None:
    """Store one piece of a message whose own row comes later."""
    connection.execute(
        "INSERT INTO chunk (message_id, number, encoding, content) VALUES (?, ?, ?, ?)", (message_id, *chunk)
    )


def delete_leftover_chunks(connection: sqlite3.Connection) -> None:
    """Remove pieces whose message was never acknowledged, because the program died in between."""
    connection.execute("DELETE FROM chunk WHERE message_id NOT IN (SELECT id FROM message)")


def read_source(connection: sqlite3.Connection, id: str) -> bytes | None:
    """The exact bytes of a message, or None if there is no such message."""
    row = connection.execute(
        "SELECT encoding, content FROM source WHERE message = (SELECT key FROM message WHERE id = :id)", {"id": id}
    ).fetchone()
    if row is None:
        return None
    if row[0] != CHUNKED:
        return unpack(*row)
    pieces = connection.execute(
        "SELECT encoding, content FROM chunk WHERE message_id = :id ORDER BY number", {"id": id}
    )
    return b"".join(unpack(*piece) for piece in pieces)
