"""BDAT (RFC 3030): exactly so many bytes, whatever they are and whatever becomes of the message."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from tests.smtp_client import ENVELOPE, Client, connected, deliver, keeping, opened, raws, spool_files

LIMIT = 1000


@pytest.fixture
async def small(tmp_path: Path, settings: Settings) -> AsyncIterator[Sandbox]:
    """A sandbox for messages of up to 1,000 bytes."""
    async with opened(tmp_path, settings, max_message_size=LIMIT) as sandbox:
        yield sandbox


async def greeted(client: Client) -> None:
    assert (await client.say("EHLO app.example")).startswith("250-")


def chunk(content: bytes, *, last: bool = False) -> bytes:
    return b"BDAT %d%s\r\n%s" % (len(content), b" LAST" if last else b"", content)


EXACT = {
    "crlf": b"Subject: x\r\n\r\nhi\r\n",
    "no-final-crlf": b"Subject: x\r\n\r\nhi",
    "dots": b".\r\n..\r\n.\r\n\r\n.\r\n",
    "commands": b"QUIT\r\nRSET\r\nBDAT 5 LAST\r\n",
    "binary": bytes(range(256)) * 20,
    "bare-ends": b"a\rb\nc\r\n\r",
    "one-byte": b".",
    "empty": b"",
    "spooled": os.urandom(2 << 20),
}


@pytest.mark.parametrize("size", [1, 7, 100_000, 10_000_000])
@pytest.mark.parametrize("content", EXACT.values(), ids=EXACT)
async def test_bytes_are_stored_exactly(sandbox: Sandbox, content: bytes, size: int) -> None:
    size = max(size, len(content) // 1000)
    chunks = [content[at : at + size] for at in range(0, len(content), size)] or [b""]
    stream = b"".join(chunk(one) for one in chunks[:-1]) + chunk(chunks[-1], last=True)
    async with connected(sandbox) as client:
        await greeted(client)
        codes = await client.codes(ENVELOPE + stream + b"NOOP\r\n", 2 + len(chunks) + 1)
    assert set(codes) == {"250"}
    assert await raws(sandbox) == [content]
    assert spool_files(sandbox) == []


async def test_last_may_come_alone_and_in_small_letters(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        await greeted(client)
        assert await client.codes(ENVELOPE + b"bdat 2\r\nhibdat 0 last\r\n", 4) == ["250"] * 4
    assert await raws(sandbox) == [b"hi"]


async def test_chunks_and_data_do_not_mix_within_a_message_but_within_a_session(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        await greeted(client)
        stream = (
            ENVELOPE + chunk(b"one ") + b"DATA\r\nRCPT TO:<x@y>\r\nMAIL FROM:<x@y>\r\n" + chunk(b"message", last=True)
        )
        assert await client.codes(stream, 7) == ["250", "250", "250", "503", "503", "503", "250"]
        await deliver(client, b"two\r\n")
        assert await client.codes(ENVELOPE + chunk(b"three", last=True), 3) == ["250"] * 3
    assert await raws(sandbox) == [b"one message", b"two\r\n", b"three"]


@pytest.mark.parametrize("abort", [b"RSET\r\n", b"EHLO again\r\n", b"HELO again\r\n"])
async def test_what_was_begun_is_dropped_by_a_new_beginning(sandbox: Sandbox, abort: bytes) -> None:
    async with connected(sandbox) as client:
        await greeted(client)
        await client.send(ENVELOPE + chunk(b"x" * 1_700_000), 3)
        assert len(spool_files(sandbox)) == 1
        assert (await client.send(abort, 1))[0].startswith("250")
        assert spool_files(sandbox) == []
        assert await client.codes(chunk(b"x", last=True), 1) == ["503"]
        assert await client.codes(ENVELOPE + chunk(b"new", last=True), 3) == ["250"] * 3
    assert await raws(sandbox) == [b"new"]


async def test_exactly_the_limit_is_taken(small: Sandbox) -> None:
    async with connected(small) as client:
        await greeted(client)
        stream = chunk(b"x" * 400) + chunk(b"y" * 600) + b"BDAT 0 LAST\r\n"
        assert await client.codes(ENVELOPE + stream, 5) == ["250"] * 5
    assert [len(raw) for raw in await raws(small)] == [LIMIT]


@pytest.mark.parametrize(
    "chunks",
    [[1001], [1, 1000], [1000, 1], [600, 600], [600, 600, 600], [1001, 1001]],
    ids=lambda sizes: "+".join(map(str, sizes)),
)
async def test_more_than_the_limit_is_refused_chunk_by_chunk_and_the_next_message_works(
    small: Sandbox, chunks: list[int]
) -> None:
    stream = b"".join(chunk(b"QUIT\r\n"[: size % 6] + b"QUIT\r\n" * (size // 6)) for size in chunks[:-1])
    stream += chunk(b"Q" * chunks[-1], last=True)
    async with connected(small) as client:
        await greeted(client)
        if max(chunks) > LIMIT:  # a chunk that could never be taken is not waited for
            client.writer.write(ENVELOPE + stream)
            assert "552 5.3.4" in await client.rest()
        else:
            replies = await client.send(ENVELOPE + stream, 2 + len(chunks))
            codes = [reply[:3] for reply in replies[2:]]
            first = codes.index("552")
            assert set(codes[:first]) <= {"250"}
            assert set(codes[first + 1 :]) <= {"503"}
            await deliver(client, b"next\r\n")
            assert await raws(small) == [b"next\r\n"]
    assert spool_files(small) == []


@pytest.mark.parametrize("size", ["99999999999999", "9223372036854775808", "0000000000000001001"])
@pytest.mark.parametrize("envelope", [ENVELOPE, b""], ids=["in-order", "out-of-order"])
async def test_a_huge_declared_chunk_is_refused_at_once(small: Sandbox, size: str, envelope: bytes) -> None:
    async with keeping(small) as kept, connected(small) as client:
        await greeted(client)
        client.writer.write(envelope + f"BDAT {size} LAST\r\n".encode() + b"MAIL FROM:<x@y>\r\n" * 1000)
        answer = (await client.rest()).splitlines()
    assert answer[-1].startswith("552 5.3.4 Message larger than 1000 bytes")
    assert len(answer) == 1 + envelope.count(b"\n")
    assert kept[0].outcome.startswith("Message larger than")


async def test_a_client_that_goes_on_sending_still_reads_why(small: Sandbox) -> None:
    async with connected(small) as client:
        await greeted(client)
        client.writer.write(ENVELOPE + b"BDAT 30000000 LAST\r\n" + b"x" * 30_000_000)
        await client.writer.drain()
        assert "552 5.3.4" in await client.rest()


UNREADABLE = ["", " ", " x", " -1", " +1", " 1.5", " 0x10", " 5 FIRST", " LAST", " 5 LAST LAST", " 1e3", " 5LAST", " ٣"]


@pytest.mark.parametrize("argument", [*UNREADABLE, " 1" * 30, " 1" + "0" * 30])
@pytest.mark.parametrize("envelope", [ENVELOPE, b""], ids=["in-order", "out-of-order"])
async def test_a_chunk_of_unknown_size_ends_the_session(sandbox: Sandbox, argument: str, envelope: bytes) -> None:
    async with connected(sandbox) as client:
        await greeted(client)
        client.writer.write(envelope + b"BDAT" + argument.encode() + b"\r\nMAIL FROM:<evil@b.example>\r\n")
        answer = (await client.rest()).splitlines()
    assert answer[-1].startswith("501 5.5.4 Write BDAT")
    assert len(answer) == 1 + envelope.count(b"\n")


async def test_chunks_out_of_order_are_dropped_byte_by_byte(sandbox: Sandbox) -> None:
    evil = b"RCPT TO:<evil@d.example>\r\n"
    async with connected(sandbox) as client:
        await greeted(client)
        assert await client.codes(chunk(evil), 1) == ["503"]
        assert await client.codes(b"MAIL FROM:<a@b>\r\n" + chunk(evil) + chunk(evil, last=True), 3) == [
            "250",
            "503",
            "503",
        ]
        assert await client.codes(b"RCPT TO:<c@d>\r\n" + chunk(b"fine", last=True), 2) == ["250"] * 2
    assert await raws(sandbox) == [b"fine"]
    (listed,) = await sandbox.store.list_messages(limit=0)
    receipt = await sandbox.store.receipt(listed.id)
    assert receipt is not None
    assert [one.address for one in receipt.envelope.recipients] == ["c@d"]


@pytest.mark.parametrize("size", [5, 1_800_000])
async def test_a_message_that_ends_in_the_middle_of_a_chunk_is_not_kept(sandbox: Sandbox, size: int) -> None:
    async with keeping(sandbox) as kept, connected(sandbox) as client:
        await greeted(client)
        await client.send(ENVELOPE + chunk(b"begun"), 3)
        client.writer.write(b"BDAT %d LAST\r\n" % (size + 1) + b"x" * size)
        client.writer.write_eof()
        assert await client.rest() == ""
    assert kept[0].outcome == f"the connection ended in the middle of a message, after {size} bytes"
    assert await raws(sandbox) == []
    assert spool_files(sandbox) == []


@pytest.mark.parametrize("at", range(1, 40))
async def test_a_stream_may_be_cut_anywhere(sandbox: Sandbox, at: int) -> None:
    stream = chunk(b"one\r\n.\r\n") + chunk(b"two", last=True) + b"NOOP\r\n"
    async with connected(sandbox) as client:
        await greeted(client)
        await client.send(ENVELOPE, 2)
        client.writer.write(stream[:at])
        await client.writer.drain()
        assert await client.codes(stream[at:], 3) == ["250"] * 3
    assert await raws(sandbox) == [b"one\r\n.\r\ntwo"]
