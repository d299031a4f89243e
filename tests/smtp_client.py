"""A raw SMTP client for tests: bytes that no library would send, whole replies, and what is kept of a session."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mailsluice.capture import SessionRecord
from mailsluice.events import SessionKept
from mailsluice.sandbox import Sandbox, open_sandbox
from mailsluice.settings import Settings
from mailsluice.sockets import bound
from mailsluice.store import Receipt

SECONDS = 20
ENVELOPE = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"


class Client:
    """Sends bytes, reads whole replies; `said` holds every line that the server said."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.said: list[str] = []

    async def reply(self) -> str:
        """The next reply, its lines joined by a newline; empty when the server has closed."""
        lines = []
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), SECONDS)).decode().rstrip("\r\n")
            lines.append(line)
            self.said.append(line)
            if line[3:4] != "-":
                return "\n".join(lines)

    async def say(self, line: str | bytes) -> str:
        """Send a line; the reply to it."""
        self.writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return await self.reply()

    async def send(self, stream: bytes, replies: int) -> list[str]:
        """Send a stream at once; the replies to it."""
        self.writer.write(stream)
        return [await self.reply() for _ in range(replies)]

    async def codes(self, stream: bytes, replies: int) -> list[str]:
        """Send a stream at once; the codes of the replies to it."""
        return [reply[:3] for reply in await self.send(stream, replies)]

    async def rest(self) -> str:
        """Everything that the server says until it closes."""
        return (await asyncio.wait_for(self.reader.read(), SECONDS)).decode()

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """STARTTLS and the handshake."""
        assert (await self.say("STARTTLS")).startswith("220 2.0.0")
        await self.writer.start_tls(context, server_hostname="localhost")


@asynccontextmanager
async def connected(sandbox: Sandbox, *, greeting: str = "220 ", **options: Any) -> AsyncIterator[Client]:
    """A client that has heard the greeting; `options` go to the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(sandbox), **options)
    try:
        client = Client(reader, writer)
        if greeting:
            assert (await client.reply()).startswith(greeting)
        yield client
    finally:
        writer.close()


@asynccontextmanager
async def opened(folder: Path, settings: Settings, **changes: Any) -> AsyncIterator[Sandbox]:
    """A sandbox whose settings differ from the usual ones."""
    settings = replace(settings, **changes)
    with bound(settings.smtp, flag="--smtp") as sockets:
        async with open_sandbox(settings, database=str(folder / "mail.db"), smtp_sockets=sockets) as sandbox:
            yield sandbox


@asynccontextmanager
async def keeping(sandbox: Sandbox) -> AsyncIterator[list[SessionRecord]]:
    """The record of the one session that is kept in here; it is there once the context is left."""
    records: list[SessionRecord] = []
    with sandbox.events.subscribe() as events:
        yield records
        while not isinstance(event := await asyncio.wait_for(events.next(), SECONDS), SessionKept):
            assert event is not None
        record = await sandbox.store.get_session(event.id)
        assert record is not None
        records.append(record)


def port_of(sandbox: Sandbox) -> int:
    """Where a sandbox listens."""
    return int(sandbox.smtp_addresses[0].rpartition(":")[2])


def spool_files(sandbox: Sandbox) -> list[Path]:
    """Bodies in files that nobody has taken yet."""
    return list(sandbox.store.spool_folder.iterdir())


async def begin(client: Client) -> None:
    """Everything up to DATA and its 354."""
    assert (await client.say("EHLO app.example")).startswith("250-")
    assert await client.codes(ENVELOPE + b"DATA\r\n", 3) == ["250", "250", "354"]


async def deliver(client: Client, content: bytes = b"hi\r\n") -> str:
    """One message by DATA in a session that has said EHLO; its id."""
    replies = await client.send(ENVELOPE + b"DATA\r\n" + content + b".\r\n", 4)
    assert replies[3].startswith("250 2.0.0 Ok: queued as "), replies
    return replies[3].rpartition(" ")[2]


async def only_receipt(sandbox: Sandbox) -> Receipt:
    """How the only message came."""
    (listed,) = await sandbox.store.list_messages(limit=0)
    receipt = await sandbox.store.receipt(listed.id)
    assert receipt is not None
    return receipt


async def raws(sandbox: Sandbox) -> list[bytes]:
    """The bytes of all messages, oldest first."""
    listed = await sandbox.store.list_messages(limit=0)
    found = [await sandbox.store.raw(one.id) for one in reversed(listed)]
    return [raw for raw in found if raw is not None]
