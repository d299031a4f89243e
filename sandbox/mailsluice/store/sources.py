"""How the bytes of a message lie in the database: as they are, compressed, or in pieces."""

import sqlite3
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from mailsluice.capture import Spool

AS_IS: Final = 0
ZSTD: Final = 1
CHUNKED: Final = 2

_WORTH_COMPRESSING: Final = 128 << 10  # below it, compressing costs more time than it saves in writing
CHUNK: Final = 256 << 10
_CHUNKS_A_STEP: Final = 8

Chunk = tuple[int, int, bytes]
"""Number, encoding and content of one piece."""


_local = threading.local()


def _compressor() -> zstd.ZstdCompressor:
    """This thread's compressor: making one costs as much as compressing a few kilobytes."""
    try:
        found: zstd.ZstdCompressor = _local.compressor
    except AttributeError:
        found = _local.compressor = zstd.ZstdCompressor(level=1)
    return found


def pack(content: bytes) -> tuple[int, bytes]:
    """Encoding and bytes to store: compressed where that saves an eighth or more."""
    if len(content) > _WORTH_COMPRESSING:
        packed = _compressor().compress(content, zstd.ZstdCompressor.FLUSH_FRAME)
        if len(packed) < len(content) * 7 // 8:
            return ZSTD, packed
    return AS_IS, content


def unpack(encoding: int, content: bytes) -> bytes:
    """The bytes that were packed."""
    return zstd.decompress(content) if encoding == ZSTD else content


def packed_steps(spool: Spool) -> Iterator[list[Chunk]]:
    """A spooled body as lists of pieces, each list small enough that writing it holds nobody up."""
    with spool.path.open("rb") as file:
        pieces = enumerate(iter(lambda: file.read(CHUNK), b""))
        while step := [(number, *pack(piece)) for number, piece in islice(pieces, _CHUNKS_A_STEP)]:
            yield step


def insert_chunks(connection: sqlite3.Connection, *, message_id: str, chunks: list[Chunk]) -> None:
    """Store pieces of a message whose own row comes later."""
    connection.executemany(
        "INSERT INTO chunk (message_id, number, encoding, content) VALUES (?, ?, ?, ?)",
        ((message_id, *chunk) for chunk in chunks),
    )


def delete_leftover_chunks(connection: sqlite3.Connection) -> None:
    """Remove pieces whose message was never acknowledged, because the program died in between."""
    known = "SELECT id FROM message UNION ALL SELECT id FROM trash"
    connection.execute(f"DELETE FROM chunk WHERE message_id NOT IN ({known})")


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
