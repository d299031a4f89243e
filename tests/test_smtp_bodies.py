"""Bodies on their way in: in memory or in files, never too much of either, and no file left behind."""

import asyncio
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

import pytest

from mailsluice.capture import Capture, Spool
from mailsluice.errors import StoreError
from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from mailsluice.smtp.body import BodyWriter
from mailsluice.smtp.limits import BodyMemory
from mailsluice.store import Store
from tests.program import Program
from tests.smtp_client import ENVELOPE, Client, begin, connected, deliver, opened, port_of, raws, spool_files


async def test_bodies_beyond_the_memory_go_to_files_and_all_come_back_exactly(
    tmp_path: Path, settings: Settings
) -> None:
    contents = [b"%03d" % number * (number * 400) + b"\r\n" for number in range(60)]

    async with opened(tmp_path, settings, max_body_memory=100_000) as sandbox:
        halfway = asyncio.Barrier(len(contents) + 1)

        async def one(content: bytes) -> None:
            async with connected(sandbox) as client:
                await begin(client)
                client.writer.write(content)
                await client.writer.drain()
                await halfway.wait()
                assert (await client.say(b".")).startswith("250 ")

        async with asyncio.TaskGroup() as group:
            for content in contents:
                group.create_task(one(content))
            await halfway.wait()
        assert sorted(await raws(sandbox)) == sorted(contents)
        assert spool_files(sandbox) == []


async def test_memory_is_free_again_after_every_way_to_end(tmp_path: Path) -> None:
    memory = BodyMemory(1000, tmp_path)
    for size in (10, 600, 600, 2000):
        body = BodyWriter(memory)
        body.write(b"x" * (size // 2))
        body.write(b"y" * (size // 2))
        assert memory.take(1000) == (size > 1000)
        memory.give(1000 if size > 1000 else 0)
        body.close()
        body.close()
        assert memory.take(1000)
        memory.give(1000)
        if size == 2000:
            body = BodyWriter(memory)
            body.write(b"z" * size)
            spool = body.content()
            assert isinstance(spool, Spool)
            assert spool.path.read_bytes() == b"z" * size
            body.close()
            assert spool.path.exists()
            spool.delete()
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_takes_only_a_part_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Reluctant:
        def __init__(self, file: Any) -> None:
            self.file, self.name, self.close = file, file.name, file.close

        def write(self, piece: bytes) -> int:
            return int(self.file.write(piece[:1000]))

    real = tempfile.NamedTemporaryFile
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda **options: Reluctant(real(**options)))
    body, content = BodyWriter(BodyMemory(5000, tmp_path)), os.urandom(12_345)
    for at in range(0, len(content), 2500):
        body.write(content[at : at + 2500])
    spool = body.content()
    assert isinstance(spool, Spool)
    assert spool.path.read_bytes() == content
    spool.delete()


async def _oversize(client: Client) -> None:
    assert (await client.send(b"x" * 4_000_000 + b"\r\n.\r\n", 1))[0].startswith("552 ")


async def _gone(client: Client) -> None:
    client.writer.write(b"x" * 1_900_000)
    client.writer.write_eof()
    assert await client.rest() == ""


async def _too_slow(client: Client) -> None:
    client.writer.write(b"x" * 1_900_000)
    assert (await client.rest()).startswith("421 ")


async def _whole(client: Client) -> None:
    assert (await client.send(b"x" * 1_900_000 + b"\r\n.\r\n", 1))[0].startswith(("4", "2"))


def _no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def add(store: Store, capture: Capture) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.set_exception(StoreError("The disk is full"))
        assert isinstance(capture.body, Spool)
        capture.body.delete()
        return future

    monkeypatch.setattr(Store, "add", add)


def _no_space(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(file: IO[bytes], piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mailsluice.smtp.body._write_all", write)


def _fault_at_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailsluice.smtp.transaction.Transaction._make_capture", _fault)


def _fault(*_: object) -> Any:
    raise ZeroDivisionError("secret detail")


@pytest.mark.parametrize(
    ("prepare", "act"),
    [
        (None, _oversize),
        (None, _gone),
        (None, _too_slow),
        (None, _whole),
        (_no_store, _whole),
        (_no_space, _whole),
        (_fault_at_capture, _whole),
    ],
    ids=["oversize", "gone", "too-slow", "captured", "not-stored", "no-space", "fault"],
)
async def test_no_file_is_left_whatever_becomes_of_a_message(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, prepare: Any, act: Any
) -> None:
    async with opened(tmp_path, settings, max_message_size=2_000_000, idle_timeout=1) as sandbox:
        with monkeypatch.context() as patch:
            if prepare is not None:
                prepare(patch)
            async with connected(sandbox) as client:
                await begin(client)
                await act(client)
        assert spool_files(sandbox) == []
        async with connected(sandbox) as client:
            await client.say("EHLO app.example")
            await deliver(client, b"next\r\n")
        assert (await raws(sandbox))[-1] == b"next\r\n"


async def test_no_file_is_left_when_the_sandbox_ends_in_the_middle_of_a_message(
    tmp_path: Path, settings: Settings
) -> None:
    async with opened(tmp_path, settings) as sandbox:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(sandbox))
        client = Client(reader, writer)
        await client.reply()
        await client.say("EHLO app.example")
        await client.send(ENVELOPE + b"BDAT 1700000\r\n" + b"x" * 1_700_000, 3)
        assert len(spool_files(sandbox)) == 1
    assert spool_files(sandbox) == []
    assert (await client.rest()).startswith("421 4.3.2")
    writer.close()
    await writer.wait_closed()


async def test_a_fault_in_the_middle_of_a_message_does_not_read_the_rest_as_commands(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(sandbox) as client:
        await begin(client)
        monkeypatch.setattr("mailsluice.smtp.transaction.Transaction._keep", _fault)
        client.writer.write(b"x\r\nMAIL FROM:<evil@b>\r\n" * 10_000 + b".\r\n")
        answer = await client.rest()
    assert answer.splitlines() == ["421 4.3.0 Internal fault, the message was not kept: see the server's console"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_huge_message_at_a_small_limit_takes_no_memory(start: Program.Starter) -> None:
    program = start("--max-message-size", "1MiB", "--database", ":memory:")
    piece = (b"x" * 98 + b"\r\n") * 10_000

    def peak() -> int:
        status = Path(f"/proc/{program.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    with socket.create_connection(("127.0.0.1", program.smtp_port), 30) as peer, peer.makefile("rb") as answers:
        peer.sendall(b"EHLO x\r\n" + ENVELOPE + b"DATA\r\n" + piece[:500_000] + b".\r\n")
        while b"queued as" not in answers.readline():
            pass
        before = peak()
        peer.sendall(ENVELOPE + b"DATA\r\n")
        for _ in range(300):
            peer.sendall(piece)
        peer.sendall(b".\r\nQUIT\r\n")
        assert [line[:3] for line in answers] == [b"250", b"250", b"354", b"552", b"221"]
        assert peak() - before < 8  # MB
