"""What the tests of check and delivery share: a profile for a fake Gmail, a way to it, servers that say anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from mailsluice.relay.check import Patience, Step, check
from mailsluice.relay.profile import Profile
from mailsluice.relay.secret import Secret
from mailsluice.relay.targets import Resolver, Target
from mailsluice.relay.walk import PATIENCE
from tests.gmail import FakeGmail

USER: Final = "ada@gmail.com"
APP_PASSWORD: Final = "abcdefghijklmnop"
SECRET: Final = Secret(APP_PASSWORD)
HURRY: Final = Patience(name=5, connect=0.5, greeting=0.5, tls=5, ehlo=0.5, auth=0.5, look=1, reply=0.5, message=0.5)
"""Short where a test waits for a time-out, long where a slow machine works."""

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def loopback(host: str, port: int) -> tuple[Target, ...]:
    """Every name leads to this machine."""
    return (Target("127.0.0.1", ("127.0.0.1", port)),)


def gmail_profile(gmail: FakeGmail, *, security: Any = "starttls", **changes: Any) -> Profile:
    """Ada's profile, with the names and the security of the real Gmail."""
    port = gmail.tls_port if security == "tls" else gmail.starttls_port
    standard: dict[str, Any] = {
        "name": "work",
        "host": "smtp.gmail.com",
        "port": port,
        "security": security,
        "ca_file": gmail.ca_file,
        "user": USER,
    }
    return Profile(**standard | changes)


async def checked(
    profile: Profile,
    secret: Secret | None = SECRET,
    *,
    patience: Patience = PATIENCE,
    resolver: Resolver = loopback,
) -> list[Step]:
    """Every step of a check."""
    return [step async for step in check(profile, secret, patience=patience, resolver=resolver)]


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[int]:
    """A server that talks so to everybody; its port."""
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talks.add(task)
        try:
            await talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()
            talks.discard(task)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(listening.sockets[0].getsockname()[1])
    finally:
        listening.close()
        await asyncio.sleep(0)  # a connection that was accepted just now gets its task
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def saying(words: bytes) -> Talk:
    """Says this, then listens until the client has gone."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        while await reader.read(1024):
            pass

    return talk
