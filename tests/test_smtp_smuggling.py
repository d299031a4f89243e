"""Streams of CR, LF and dots, cut anywhere, through the real socket: stored is what a strict receiver sees."""

import asyncio
import itertools
import random
from pathlib import Path

import pytest

from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from tests.smtp_client import ENVELOPE, SECONDS, Client, connected, opened, raws

ENDS = [b"", b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r", b"\n\n", b"\r\r\n", b"\r\n\r", b"\r\n\n", b"\0"]
DOTS = [b".", b"..", b"...", b". ", b" ."]
SMUGGLED = b"MAIL FROM:<evil@b>\r\nRCPT TO:<evil@d>\r\nDATA\r\nsmuggled\r\n.\r\n"


def strictly_read(stream: bytes) -> tuple[bytes, bytes]:
    """Content and rest after DATA, line by line as RFC 5321 words it: a line is what CRLF ends, nothing else."""
    content = b""
    while True:
        line, end, stream = stream.partition(b"\r\n")
        assert end, "the stream holds no end"
        if line == b".":
            return content, stream
        content += line.removeprefix(b".") + b"\r\n"


def expected(stream: bytes) -> list[bytes]:
    """The messages of a session that sends this behind its first 354; lines that are no command are passed over."""
    content, rest = strictly_read(stream)
    messages = [content]
    while rest:
        if rest.startswith(SMUGGLED[:18]) and b"DATA\r\n" in rest:
            content, rest = strictly_read(rest.partition(b"DATA\r\n")[2])
            messages.append(content)
        else:
            rest = rest.partition(b"\n")[2]
    return messages


async def _converse(client: Client, pieces: list[bytes]) -> None:
    await client.say("EHLO app.example")
    await client.send(ENVELOPE + b"DATA\r\n", 3)
    for piece in pieces:
        client.writer.write(piece)
        await client.writer.drain()
        await asyncio.sleep(0)  # a packet of its own, as far as the loop can tell
    client.writer.write_eof()
    await asyncio.wait_for(client.reader.read(), SECONDS)


@pytest.mark.parametrize("dots", DOTS, ids=repr)
async def test_no_mix_of_line_ends_and_dots_smuggles_a_message(tmp_path: Path, settings: Settings, dots: bytes) -> None:
    async with opened(tmp_path, settings) as sandbox:
        wanted: list[bytes] = []
        for before, after in itertools.product(ENDS, ENDS):
            stream = b"first" + before + dots + after + SMUGGLED + b"\r\n.\r\n"
            async with connected(sandbox) as client:
                await _converse(client, [stream])
            wanted += expected(stream)
        assert await raws(sandbox) == wanted


@pytest.mark.parametrize(
    "ending",
    [
        b"\r\n.\r\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\n.\n",
        b"\r.\r",
        b"\r\n.\r",
        b"\r\n.\r\r\n",
        b"\r\n\r.\r\n",
        b"\r\n..\r\n",
    ],
    ids=repr,
)
async def test_cutting_the_stream_anywhere_changes_nothing(sandbox: Sandbox, ending: bytes) -> None:
    stream = b"a" + ending + SMUGGLED.partition(b"smuggled")[0] + b"b" + ending + b"\r\n.\r\n"
    wanted = expected(stream)
    for cut in range(len(stream) + 1):
        async with connected(sandbox) as client:
            await _converse(client, [stream[:cut], stream[cut:]])
    stored = await raws(sandbox)
    assert stored == wanted * (len(stored) // len(wanted))
    assert len(stored) == len(wanted) * (len(stream) + 1)


@pytest.mark.parametrize("seed", range(4))
async def test_any_mix_in_any_pieces_is_read_as_a_strict_receiver_would(sandbox: Sandbox, seed: int) -> None:
    chance, wanted = random.Random(seed), []
    for _ in range(60):
        words = [b"\r\n", b"\n", b"\r", b".", b"..", b"x", b"MAIL", b"DATA", b"\0"]
        content = b"".join(chance.choices(words, k=chance.randrange(40)))
        stream = content + b"\r\n.\r\n"
        stream = stream[: len(stream) - len(strictly_read(stream)[1])]  # whatever ends it first
        stream += SMUGGLED
        cuts = sorted(chance.choices(range(len(stream)), k=chance.randrange(8)))
        edges = [0, *cuts, len(stream)]
        async with connected(sandbox) as client:
            await _converse(client, [stream[a:b] for a, b in itertools.pairwise(edges)])
        wanted += expected(stream)
    assert await raws(sandbox) == wanted


async def test_every_byte_may_come_alone(sandbox: Sandbox) -> None:
    stream = b"..a\r\n.\rb\r\n.\n.\r\r\n..\r\n\r\n.\r\n" + SMUGGLED
    async with connected(sandbox) as client:
        await _converse(client, [bytes([byte]) for byte in stream])
    assert await raws(sandbox) == expected(stream)
