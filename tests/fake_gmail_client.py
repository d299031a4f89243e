"""Raw conversations with the fake Gmail: a fixed session id and clock, and the steps up to each stage."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.gmail import FakeGmail, Knobs
from tests.smtp_client import Client

SID = "d9443c01a7336-2a2f3c65d66sm50829075ad.20"
NOW = 1_768_875_001.0
USER, APP_PASSWORD, NORMAL_PASSWORD, TOKEN = "ada@gmail.com", "abcdefghijklmnop", "correct horse", "ya29.token"
MESSAGE = b"From: Ada <ada@gmail.com>\r\nTo: bob@example.com\r\nSubject: hi\r\n\r\nHello\r\n"


class Clock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def fake(knobs: Knobs | None = None, *, clock: Clock | None = None) -> FakeGmail:
    """A fake Gmail whose replies are known to the byte, with one account."""
    gmail = FakeGmail(knobs, clock=clock or Clock(), ids=lambda: SID)
    gmail.add_account(USER, app_password=APP_PASSWORD, normal_password=NORMAL_PASSWORD, token=TOKEN)
    return gmail


def trust(gmail: FakeGmail) -> ssl.SSLContext:
    """A client's context that trusts the fake's authority and nobody else."""
    return ssl.create_default_context(cafile=gmail.ca_file)


@asynccontextmanager
async def plain(gmail: FakeGmail, *, port: int = 0) -> AsyncIterator[Client]:
    """A client on 587 that has read nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port or gmail.starttls_port)
    try:
        yield Client(reader, writer)
    finally:
        await left(writer)


@asynccontextmanager
async def secure(gmail: FakeGmail) -> AsyncIterator[Client]:
    """A client on 465 that has said EHLO."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", gmail.tls_port, ssl=trust(gmail), server_hostname="smtp.gmail.com"
    )
    client = Client(reader, writer)
    try:
        assert (await client.reply()).startswith("220 ")
        assert (await client.say("EHLO app.example")).startswith("250-")
        yield client
    finally:
        await left(writer)


@asynccontextmanager
async def logged_in(gmail: FakeGmail) -> AsyncIterator[Client]:
    """A client on 465 whose AUTH was accepted."""
    async with secure(gmail) as client:
        assert await client.say(auth_plain()) == "235 2.7.0 Accepted"
        yield client


async def left(writer: asyncio.StreamWriter) -> None:
    """Close, however the other side has left."""
    writer.close()
    with suppress(OSError, EOFError):
        await writer.wait_closed()


def encoded(text: str) -> str:
    """Base64."""
    return base64.b64encode(text.encode()).decode()


def auth_plain(user: str = USER, password: str = APP_PASSWORD) -> str:
    """An AUTH PLAIN command."""
    return f"AUTH PLAIN {encoded(f'{chr(0)}{user}{chr(0)}{password}')}"


async def begin(client: Client, *recipients: str) -> None:
    """MAIL and RCPT that are accepted."""
    assert (await client.say(f"MAIL FROM:<{USER}>")).startswith("250 2.1.0")
    for recipient in recipients or ("bob@example.com",):
        assert (await client.say(f"RCPT TO:<{recipient}>")).startswith("250 2.1.5")


async def send(client: Client, *recipients: str, raw: bytes = MESSAGE) -> str:
    """A message by DATA; the reply to it."""
    await begin(client, *recipients)
    assert (await client.say("DATA")).startswith("354  Go ahead")
    stuffed = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
    client.writer.write(stuffed + b".\r\n")
    return await client.reply()


def signed(text: str) -> str:
    """A verbatim sample whose `<id>` stands for the session's id."""
    return text.replace("<id>", SID)


def samples(table: str) -> list[tuple[str, str]]:
    """Names and verbatim replies of a table: a name at the margin, its lines indented by four."""
    blocks = [block.split("\n") for block in table.strip("\n").split("\n\n")]
    return [(name, signed("\n".join(line[4:] for line in lines))) for name, *lines in blocks]
