"""Every bound at its edge, and what a stubborn peer cannot take."""

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mailsluice.capture import Capture
from mailsluice.events import Captured
from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from mailsluice.smtp.inflow import Inflow, LineTooLong
from mailsluice.store import Store
from tests.smtp_client import (
    ENVELOPE,
    SECONDS,
    Client,
    begin,
    connected,
    deliver,
    keeping,
    opened,
    port_of,
    raws,
    spool_files,
)


async def test_a_message_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(
    tmp_path: Path, settings: Settings
) -> None:
    async with opened(tmp_path, settings, max_message_size=1000) as sandbox, connected(sandbox) as client:
        await client.say("EHLO app.example")
        assert (await client.say("MAIL FROM:<a@b> SIZE=1000")).startswith("250 ")
        await client.say("RSET")
        assert (await client.say("MAIL FROM:<a@b> SIZE=1001")).startswith("552 5.3.4")
        for size in (1001, 1000, 100_000, 1000):
            stream = ENVELOPE + b"DATA\r\n" + b"x" * (size - 2) + b"\r\n.\r\n"
            assert (await client.codes(stream, 4))[3] == ("250" if size == 1000 else "552")
        assert [len(raw) for raw in await raws(sandbox)] == [1000, 1000]


async def test_dots_that_were_stuffed_do_not_count(tmp_path: Path, settings: Settings) -> None:
    async with opened(tmp_path, settings, max_message_size=400) as sandbox, connected(sandbox) as client:
        await client.say("EHLO app.example")
        await deliver(client, b"..\r\n" * 133)
        assert await raws(sandbox) == [b".\r\n" * 133]


async def test_recipients_beyond_the_limit_are_refused_and_the_others_get_the_message(
    tmp_path: Path, settings: Settings
) -> None:
    async with opened(tmp_path, settings, max_recipients=3) as sandbox, connected(sandbox) as client:
        await client.say("EHLO app.example")
        stream = b"MAIL FROM:<a@b>\r\n" + b"".join(b"RCPT TO:<r%d@d>\r\n" % number for number in range(5))
        replies = await client.send(stream + b"DATA\r\nhi\r\n.\r\n", 8)
        assert [reply[:9] for reply in replies[1:6]] == ["250 2.1.5"] * 3 + ["452 4.5.3"] * 2
        assert replies[7].startswith("250 ")
        await deliver(client)


async def test_recipients_that_are_long_are_bounded_together(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        stream = b"MAIL FROM:<a@b>\r\n" + (b"RCPT TO:<" + b"x" * 15_000 + b"@d>\r\n") * 75
        codes = await client.codes(stream, 76)
        assert set(codes[:65]) == {"250"}
        assert codes[-1] == "452"
        await client.say("RSET")
        await deliver(client)


@pytest.mark.parametrize("at", [0, 1, 50, 99, 100, 101])
async def test_a_command_line_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(
    tmp_path: Path, settings: Settings, at: int
) -> None:
    async with opened(tmp_path, settings, max_command_size=100) as sandbox, connected(sandbox) as client:
        for size, code in ((100, "250 2.0.0"), (101, "500 5.5.2"), (100, "250 2.0.0"), (100_000, "500 5.5.2")):
            line = b"NOOP " + b"x" * (size - 6) + b"\r\n"  # CR counts, LF does not
            client.writer.write(line[:at])
            await client.writer.drain()
            assert (await client.send(line[at:], 1))[0].startswith(code)


@pytest.mark.parametrize("cut", range(1, 14))
async def test_a_long_line_is_skipped_up_to_its_end_however_it_arrives(cut: int) -> None:
    stream = b"0123456789\nnext\n"
    inflow = Inflow(high_water=1000, waiting=lambda: None)
    inflow.feed(stream[:cut])
    inflow.feed(stream[cut:])
    with pytest.raises(LineTooLong):
        await inflow.line(9)
    assert await inflow.line(9) == b"next"


async def test_a_sender_that_is_held_back_stays_so_when_tls_begins() -> None:
    class Tap:
        paused = False

        def pause_reading(self) -> None:
            self.paused = True

        def resume_reading(self) -> None:
            self.paused = False

    plain, tls, inflow = Tap(), Tap(), Inflow(high_water=10, waiting=lambda: None)
    inflow.attach(plain)
    inflow.feed(b"x" * 11)
    assert plain.paused
    inflow.attach(tls)
    assert not plain.paused
    assert tls.paused
    assert await inflow.piece() == b"x" * 11
    assert not tls.paused


async def test_commands_without_a_message_are_bounded_and_a_message_begins_the_count_anew(
    tmp_path: Path, settings: Settings
) -> None:
    async with (
        opened(tmp_path, settings, max_commands=10) as sandbox,
        keeping(sandbox) as kept,
        connected(sandbox) as client,
    ):
        await client.say("EHLO app.example")
        for _ in range(3):
            await deliver(client)
            assert await client.codes(b"NOOP\r\n" * 7, 7) == ["250"] * 7
        await deliver(client)
        client.writer.write(b"NOOP\r\n" * 50)
        answer = (await client.rest()).splitlines()
        assert len(answer) == 11
        assert answer[-1].startswith("421 4.7.0 Too many commands")
    assert kept[0].captured == 4


async def test_errors_are_bounded(tmp_path: Path, settings: Settings) -> None:
    async with (
        opened(tmp_path, settings, max_errors=3) as sandbox,
        keeping(sandbox) as kept,
        connected(sandbox) as client,
    ):
        assert await client.codes(b"XYZZY\r\nNOOP\r\nXYZZY\r\nNOOP\r\n", 4) == ["500", "250", "500", "250"]
        client.writer.write(b"XYZZY\r\nNOOP\r\n")
        answer = (await client.rest()).splitlines()
        assert [line[:9] for line in answer] == ["500 5.5.2", "421 4.7.0"]
    assert kept[0].outcome == "Too many errors, closing the connection"


async def test_sessions_are_bounded_and_one_that_ends_makes_room(tmp_path: Path, settings: Settings) -> None:
    async with (
        opened(tmp_path, settings, max_sessions=2) as sandbox,
        connected(sandbox) as first,
        connected(sandbox),
    ):
        async with keeping(sandbox) as kept, connected(sandbox, greeting="421 4.3.2 Too many sessions") as third:
            assert await third.rest() == ""
        assert kept[0].outcome == "Too many sessions are open, try again later"
        assert kept[0].transcript == ("S: 421 4.3.2 Too many sessions are open, try again later",)
        assert (await first.say("QUIT")).startswith("221 ")
        assert await first.rest() == ""
        await _room_again(sandbox)


async def test_sessions_are_bounded_per_peer(tmp_path: Path, settings: Settings) -> None:
    async with opened(tmp_path, settings, max_sessions_per_peer=1) as sandbox, connected(sandbox):
        async with connected(sandbox, greeting="421 4.3.2 ") as second:
            assert await second.rest() == ""
        if sys.platform == "linux":  # all of 127/8 is ours
            async with connected(sandbox, local_addr=("127.0.0.2", 0)) as other:
                await other.say("EHLO app.example")
                await deliver(other)


async def _room_again(sandbox: Sandbox) -> None:
    for _ in range(1000):
        async with connected(sandbox, greeting="") as client:
            if (await client.reply()).startswith("220 "):
                return
    raise AssertionError("a session that ended still counts")


NO_COMMAND = "421 4.4.2 No command for too long"
TOO_SLOW = "421 4.4.2 The message took too long"
SILENT = [
    (b"", 0, NO_COMMAND),
    (b"EHLO app.example\r\n", 1, NO_COMMAND),
    (b"NOO", 0, NO_COMMAND),
    (b"x" * 100_000, 0, NO_COMMAND),
    (b"EHLO x\r\nAUTH LOGIN\r\n", 2, NO_COMMAND),
    (ENVELOPE, 2, NO_COMMAND),
    (ENVELOPE + b"DATA\r\nbegun", 3, TOO_SLOW),
    (ENVELOPE + b"BDAT 10\r\nbegun", 2, TOO_SLOW),
    (b"BDAT 10\r\nbegun", 0, TOO_SLOW),
    (ENVELOPE + b"BDAT 800000\r\n" + b"x" * 700_000, 2, TOO_SLOW),
]


async def test_a_silent_peer_hears_421_wherever_it_stopped(tmp_path: Path, settings: Settings) -> None:
    async with opened(tmp_path, settings, idle_timeout=1) as sandbox:

        async def one(stream: bytes, replies: int, text: str) -> None:
            async with connected(sandbox) as client:
                await client.send(stream, replies)
                assert (await client.rest()).startswith(text)

        with sandbox.events.subscribe() as events:
            async with asyncio.TaskGroup() as group:
                for case in SILENT:
                    group.create_task(one(*case))
            for _ in SILENT:
                await asyncio.wait_for(events.next(), SECONDS)
        kept = await sandbox.store.list_sessions(limit=100)
        assert sorted(one.outcome for one in kept) == sorted(
            f"{text[10:]}{' to arrive' if text == TOO_SLOW else ''}, closing the connection" for _, _, text in SILENT
        )
        assert all(one.transcript[-1].endswith(one.outcome) for one in kept)
        assert spool_files(sandbox) == []


async def test_a_message_that_trickles_in_hears_421(tmp_path: Path, settings: Settings) -> None:
    async with (
        opened(tmp_path, settings, data_timeout=1) as sandbox,
        keeping(sandbox) as kept,
        connected(sandbox) as client,
    ):
        await begin(client)

        async def trickle() -> None:
            for number in range(10_000):
                client.writer.write(b"%d\r\n" % number)
                await asyncio.sleep(0.01)  # the pace of a slow client

        task = asyncio.create_task(trickle())
        assert (await client.rest()).startswith("421 4.4.2 The message took too long")
        task.cancel()
    assert kept[0].outcome == "The message took too long to arrive, closing the connection"


async def test_a_session_that_rests_after_its_message_ended_well(tmp_path: Path, settings: Settings) -> None:
    async with opened(tmp_path, settings, idle_timeout=1) as sandbox:
        async with connected(sandbox) as client:
            await client.say("EHLO app.example")
            await deliver(client)
            assert (await client.rest()).startswith("421 4.4.2 No command for too long")
        async with keeping(sandbox), connected(sandbox) as client:
            await client.say("XYZZY")
        assert len(await sandbox.store.list_sessions(limit=10)) == 1


async def test_a_peer_that_never_reads_is_held_back_and_then_dropped(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailsluice.smtp.protocol._LINGER_SECONDS", 0.1)
    loop, sent = asyncio.get_running_loop(), 0
    async with opened(tmp_path, settings, idle_timeout=1, max_commands=10**9) as sandbox, keeping(sandbox) as kept:
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.setblocking(False)
            await loop.sock_connect(peer, ("127.0.0.1", port_of(sandbox)))
            with contextlib.suppress(ConnectionError):
                while sent < 64_000_000:
                    await asyncio.wait_for(loop.sock_sendall(peer, b"NOOP\r\n" * 10_000), SECONDS)
                    sent += 60_000
    assert sent < 64_000_000
    assert kept[0].outcome == "The replies were not read, closing the connection"


def _reset(client: Client) -> None:
    raw: socket.socket = client.writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.writer.transport.abort()


@pytest.mark.parametrize("size", [10, 700_000])
@pytest.mark.parametrize("leave", [_reset, lambda client: client.writer.close()], ids=["reset", "close"])
async def test_a_message_that_waits_for_its_commit_is_kept_though_its_client_left(
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    leave: Callable[[Client], None],
    size: int,
) -> None:
    arrived, released, add = asyncio.Event(), asyncio.Event(), Store.add

    def add_later(store: Store, capture: Capture) -> "asyncio.Future[None]":
        async def later() -> None:
            arrived.set()
            await released.wait()
            await add(store, capture)

        return asyncio.ensure_future(later())

    monkeypatch.setattr(Store, "add", add_later)
    async with opened(tmp_path, settings, max_sessions=1) as sandbox:
        async with connected(sandbox) as client:
            await begin(client)
            unread = ENVELOPE + b"DATA\r\nnever acknowledged\r\n.\r\n" if leave is _reset else b"NOOP\r\n"
            client.writer.write(b"x" * size + b"\r\n.\r\n" + unread)
            await arrived.wait()
            leave(client)
        if leave is _reset:
            await _room_again(sandbox)
        with sandbox.events.subscribe() as events:
            released.set()
            while not isinstance(await asyncio.wait_for(events.next(), SECONDS), Captured):
                pass
        await _room_again(sandbox)
        assert [len(raw) for raw in await raws(sandbox)] == [size + 2]
        kept = {one.outcome for one in await sandbox.store.list_sessions(limit=100)}
        assert kept <= {"Too many sessions are open, try again later"}
        assert spool_files(sandbox) == []


async def test_a_peer_that_resets_during_its_250_harms_nobody(sandbox: Sandbox) -> None:
    for _ in range(50):
        async with connected(sandbox) as client:
            await client.send(b"EHLO x\r\n" + ENVELOPE + b"DATA\r\n", 4)
            client.writer.write(b"hi\r\n.\r\n")
            await client.writer.drain()
            _reset(client)
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        await deliver(client, b"last\r\n")
    assert (await raws(sandbox))[-1] == b"last\r\n"
