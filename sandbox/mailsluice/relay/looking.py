"""A second, short look at a server that could not be talked to: why? No mail and no password goes over it."""

import asyncio

from mailsluice.relay.connection import Connection, NotSmtp
from mailsluice.relay.dialling import Unreachable, dial
from mailsluice.relay.targets import Target
from mailsluice.relay.tls import Certificate, looking_context, unverified_certificate


async def look_at_certificate(target: Target, *, host: str, starttls: bool, seconds: float) -> Certificate | None:
    """The certificate that this address shows, whoever signed it, or None if it shows none."""
    try:
        async with asyncio.timeout(seconds):
            return await _look(target, host, starttls, seconds)
    except (OSError, NotSmtp, Unreachable):
        return None


async def speaks_tls(target: Target, *, host: str, seconds: float) -> bool:
    """Does TLS begin at once behind this address?"""
    return await look_at_certificate(target, host=host, starttls=False, seconds=seconds) is not None


async def _look(target: Target, host: str, starttls: bool, seconds: float) -> Certificate | None:
    dialled, _ = await dial([target], seconds=seconds)
    context = looking_context()
    connection = await Connection.over(dialled, host=host, context=None if starttls else context, transcript=[])
    try:
        if starttls:
            await connection.greeting()
            await connection.hello()
            await connection.start_tls(context)
        return unverified_certificate(connection.tls) if connection.tls else None
    finally:
        await connection.close()
