"""A connection as a dialogue sees it: lines, chunks, the end of a message, and TLS in the middle."""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast


class Hangup(Exception):
    """The connection is over: the peer left, or the reply was one that ends it."""


class Wire(asyncio.Protocol):
    """One accepted connection. Reads wait for the peer and raise `Hangup` when it has gone."""

    def __init__(self, opened: Callable[["Wire"], None]) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._opened = opened
        self._buffer = bytearray()
        self._news = asyncio.Event()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._news.set()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
        self._news.set()

    @property
    def peer(self) -> str:
        """The client's address, as EHLO's answer shows it."""
        name = self._transport.get_extra_info("peername")
        return str(name[0]) if name else "127.0.0.1"

    @property
    def pending(self) -> bool:
        """Whether the peer has sent more than was read."""
        return bool(self._buffer)

    @property
    def cipher(self) -> tuple[str, str, int]:
        """TLS version, cipher suite and its bits, as a Received header names them."""
        suite, version, bits = self._transport.get_extra_info("cipher") or ("", "", 0)
        return str(version).replace("TLSv1.", "TLS1_"), str(suite), int(bits)

    async def line(self, limit: int) -> bytes:
        """The next line without its end; at most `limit` bytes, of which a longer one has no end."""
        while (end := self._buffer.find(b"\n", 0, limit)) < 0:
            if len(self._buffer) >= limit:
                return self._take(limit)
            await self._more()
        return self._take(end + 1).rstrip(b"\r\n")

    async def exactly(self, size: int, limit: int) -> bytes:
        """The next `size` bytes; no more than `limit` of them are kept."""
        kept = bytearray()
        while size:
            if not self._buffer:
                await self._more()
            piece = self._take(min(size, len(self._buffer)))
            size -= len(piece)
            kept += piece[: max(0, limit - len(kept))]
        return bytes(kept)

    async def until_dot(self, limit: int) -> bytes:
        """The message up to CRLF.CRLF, dots unstuffed; of one that is longer than `limit`, limit + 1 bytes or more."""
        searched, kept = 0, bytearray()
        while kept or not self._buffer.startswith(b".\r\n"):
            if (end := self._buffer.find(b"\r\n.\r\n", max(0, searched - 4))) >= 0:
                kept += self._take(end + 2)
                break
            if len(kept) + len(self._buffer) > 2 * limit + 5:
                kept += self._take(len(self._buffer) - 5)[: max(0, 2 * limit - len(kept))]
            searched = len(self._buffer)
            await self._more()
        self._take(3)
        return bytes(kept).removeprefix(b".").replace(b"\r\n.", b"\r\n")

    async def pause(self) -> None:
        """Take the next piece that comes, and then nothing more: a peer with enough to say gets stuck."""
        if not self._buffer:
            await self._more()
        self._transport.pause_reading()

    def write(self, stream: bytes, *, pieces_of: int = 0) -> None:
        """Send, whole or in pieces that leave one by one."""
        if self._transport.is_closing():
            raise Hangup
        for start in range(0, len(stream), pieces_of or len(stream)):
            self._transport.write(stream[start : start + (pieces_of or len(stream))])

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Shake hands; raises `ssl.SSLError` or `ConnectionError` when the peer will not."""
        loop = asyncio.get_running_loop()
        handshake = loop.create_task(loop.start_tls(self._transport, self, context, server_side=True))
        try:
            await self._hand_on()
            transport = await handshake
        except (OSError, asyncio.IncompleteReadError):
            self._transport.abort()
            self.connection_lost(None)
            raise
        if transport is None:
            self.connection_lost(None)
            raise Hangup
        self._transport = transport

    async def _hand_on(self) -> None:
        """Give TLS what came before it was there: uvloop reads as soon as it has accepted."""
        await asyncio.sleep(0)  # from here on TLS is the transport's protocol
        tls = cast(asyncio.BufferedProtocol, self._transport.get_protocol())
        while came := self._take(len(self._buffer)):
            room = memoryview(tls.get_buffer(len(came)))
            size = min(len(room), len(came))
            room[:size] = came[:size]
            self._buffer[:0] = came[size:]
            tls.buffer_updated(size)

    def close(self) -> None:
        """End the connection after what was written."""
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    async def _more(self) -> None:
        if self.closed.done() or self._transport.is_closing():
            raise Hangup
        self._news.clear()
        await self._news.wait()

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken
