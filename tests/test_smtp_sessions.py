"""Sessions without a message stay visible, with their story; a capture or a refusal is one line on the console."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from mailsluice.capture import SessionFacts, SessionRecord, new_id
from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from mailsluice.store import Store
from tests.smtp_client import ENVELOPE, Client, begin, connected, deliver, keeping, opened

Act = Callable[[Client], Coroutine[Any, Any, None]]


@pytest.fixture
async def strict(tmp_path: Path, settings: Settings) -> AsyncIterator[Sandbox]:
    """A sandbox with users and small bounds."""
    (tmp_path / "users").write_text("ada:s3cret\n")
    bounds = {"max_message_size": 1000, "max_errors": 5, "max_commands": 20}
    async with opened(tmp_path, settings, smtp_auth_file=str(tmp_path / "users"), **bounds) as sandbox:
        yield sandbox


async def _refused(client: Client) -> None:
    await client.say("EHLO app.example")
    await client.say("MAIL FROM:<a@b> SIZE=5000")
    await client.say("QUIT")


async def _oversize(client: Client) -> None:
    await begin(client)
    await client.say("x" * 2000 + "\r\n.")
    await client.say("QUIT")


async def _oversize_chunk(client: Client) -> None:
    await client.say("EHLO app.example")
    await client.send(ENVELOPE + b"BDAT 600\r\n" + b"x" * 600 + b"BDAT 600 LAST\r\n" + b"x" * 600, 4)
    await client.say("QUIT")


async def _auth_failed(client: Client) -> None:
    await client.say("EHLO app.example")
    await client.say("AUTH PLAIN AGFkYQB3cm9uZw==")
    await client.say("QUIT")


async def _dropped_in_data(client: Client) -> None:
    await begin(client)
    client.writer.write(b"x" * 500)


async def _dropped_in_chunk(client: Client) -> None:
    await client.say("EHLO app.example")
    await client.send(ENVELOPE, 2)
    client.writer.write(b"BDAT 600 LAST\r\n" + b"x" * 500)


async def _dropped_after_hello(client: Client) -> None:
    await client.say("EHLO app.example")


async def _no_message(client: Client) -> None:
    await client.say("EHLO app.example")
    await client.say("QUIT")


async def _half_a_line(client: Client) -> None:
    client.writer.write(b"EHLO app.exam")
    client.writer.write_eof()
    assert await client.rest() == ""


async def _http(client: Client) -> None:
    client.writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await client.rest()).startswith("554 5.5.1 ")


async def _http_after_a_refusal(client: Client) -> None:
    await client.say("XYZZY")
    await _http(client)


async def _too_many_errors(client: Client) -> None:
    client.writer.write(b"XYZZY\r\n" * 5)
    assert "421 4.7.0" in await client.rest()


async def _too_many_commands(client: Client) -> None:
    client.writer.write(b"NOOP\r\n" * 21)
    assert "421 4.7.0" in await client.rest()


LOST = "the connection ended in the middle of a message, after 500 bytes"
KEPT: dict[str, tuple[Act, str, int, int, str]] = {
    # what happens: outcome, refusals, rejected messages, the last line of the story
    "refused": (_refused, "", 1, 1, "S: 552 5.3.4 "),
    "oversize": (_oversize, "", 1, 1, "S: 552 5.3.4 "),
    "oversize-chunk": (_oversize_chunk, "", 1, 1, "S: 552 5.3.4 "),
    "auth-failed": (_auth_failed, "", 1, 0, "S: 535 5.7.8 "),
    "dropped-in-data": (_dropped_in_data, LOST, 0, 0, "C: (500 bytes of message)"),
    "dropped-in-chunk": (_dropped_in_chunk, LOST, 0, 0, "C: (500 bytes of message)"),
    "dropped": (_dropped_after_hello, "ended without a message", 0, 0, "S: 250 AUTH PLAIN LOGIN"),
    "no-message": (_no_message, "ended without a message", 0, 0, "S: 221 2.0.0 Bye"),
    "half-a-line": (_half_a_line, "ended without a message", 0, 0, "C: (13 bytes without a line's end)"),
    "http": (_http, "spoke HTTP to the SMTP port", 0, 0, "S: 554 5.5.1 "),
    "http-later": (_http_after_a_refusal, "spoke HTTP to the SMTP port", 1, 0, "S: 554 5.5.1 "),
    "errors": (_too_many_errors, "Too many errors, closing the connection", 5, 0, "S: 421 4.7.0 "),
    "commands": (_too_many_commands, "Too many commands without a message", 0, 0, "S: 421 4.7.0 "),
}


@pytest.mark.parametrize(("act", "outcome", "refusals", "rejected", "last"), KEPT.values(), ids=KEPT)
async def test_a_session_without_a_message_is_kept_with_its_story(
    strict: Sandbox, act: Act, outcome: str, refusals: int, rejected: int, last: str
) -> None:
    async with keeping(strict) as kept, connected(strict) as client:
        await act(client)
    (record,) = kept
    assert record.outcome.startswith(outcome)
    assert bool(record.outcome) == bool(outcome)
    assert (len(record.refusals), record.rejected, record.captured) == (refusals, rejected, 0)
    assert record.transcript[0] == "S: 220 localhost ESMTP Mailsluice"
    assert record.transcript[-1].startswith(last)
    assert record.facts.peer.startswith("127.0.0.1:")
    assert record.facts.began <= record.ended
    assert (await strict.store.counts()).rejected == rejected
    assert await strict.store.list_sessions(limit=10) == [record]


async def test_the_story_of_a_refused_message_holds_its_envelope(strict: Sandbox) -> None:
    async with keeping(strict) as kept, connected(strict) as client:
        await _oversize(client)
    story = [line for line in kept[0].transcript if line.startswith("C: ")]
    assert story == [
        "C: EHLO app.example",
        "C: MAIL FROM:<a@b.example>",
        "C: RCPT TO:<c@d.example>",
        "C: DATA",
        "C: (2002 bytes of message)",
    ]


async def test_a_session_that_was_refused_something_and_brought_a_message_is_kept_too(strict: Sandbox) -> None:
    async with keeping(strict) as kept, connected(strict) as client:
        await _oversize_only(client)
        await deliver(client)
        await client.say("QUIT")
    assert (kept[0].captured, kept[0].rejected, kept[0].outcome) == (1, 1, "")
    assert kept[0].transcript[-1].startswith("S: 552 ")


async def _oversize_only(client: Client) -> None:
    await begin(client)
    await client.say("x" * 2000 + "\r\n.")


async def test_a_message_refused_at_every_command_is_rejected_once(strict: Sandbox) -> None:
    async with keeping(strict) as kept, connected(strict) as client:
        await client.say("EHLO app.example")
        refused = b"MAIL FROM:<a@b> SIZE=5000\r\nRCPT TO:<c@d>\r\nDATA\r\n"
        assert await client.codes(refused, 3) == ["552", "503", "503"]
        await client.say("QUIT")
    assert kept[0].rejected == 1


async def test_neither_a_probe_of_the_port_nor_a_good_session_is_kept(sandbox: Sandbox) -> None:
    async with connected(sandbox):
        pass
    async with connected(sandbox) as client:
        client.writer.write_eof()
        assert await client.rest() == ""
    for ending in ("QUIT", "NOOP"):
        async with connected(sandbox) as client:
            await client.say("EHLO app.example")
            await deliver(client)
            await client.say(ending)
    async with keeping(sandbox) as kept, connected(sandbox) as client:
        await client.say("XYZZY")
    assert await sandbox.store.list_sessions(limit=10) == kept


async def test_a_session_shows_its_messages_own_transaction_only(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        first = await deliver(client)
        await client.say("RSET")
        await client.say("AUTH PLAIN AGFkYQBi")
        second = await deliver(client)
    receipt = await sandbox.store.receipt(second)
    assert receipt is not None
    story = "\n".join(receipt.transcript)
    assert first not in story
    assert "C: AUTH PLAIN ****" in story
    assert story.count("MAIL FROM") == 1
    assert story.endswith(f"S: 250 2.0.0 Ok: queued as {second}")


async def test_a_thousand_messages_in_one_session_do_not_lengthen_the_story(sandbox: Sandbox) -> None:
    stream = (b"EHLO app.example\r\n" + ENVELOPE + b"DATA\r\nhi\r\n.\r\nRSET\r\n") * 100
    async with connected(sandbox) as client:
        replies = await client.send(stream, 600)
    receipt = await sandbox.store.receipt(replies[-2].rpartition(" ")[2])
    assert receipt is not None
    assert len(receipt.transcript) < 90


async def test_kept_sessions_are_bounded_to_the_newest_thousand(store: Store) -> None:
    ids = [new_id() for _ in range(1003)]
    records = [SessionRecord(SessionFacts(id, "unix", 0), 0, 0, 1, (), "", ()) for id in ids]
    await asyncio.gather(*map(store.keep_session, records))
    kept = await store.list_sessions(limit=5000)
    assert [one.facts.id for one in kept] == ids[:2:-1]
    assert (await store.counts()).rejected == 1003


# The console


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What stands on the console of a user."""
    return [record.getMessage() for record in caplog.records if record.name.startswith("mailsluice")]


async def test_each_capture_is_one_line(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        first = await deliver(client)
        recipients = b"".join(b"RCPT TO:<r%d@d>\r\n" % number for number in range(10))
        replies = await client.send(b"MAIL FROM:<>\r\n" + recipients + b"BDAT 5 LAST\r\nhello", 12)
    assert lines(caplog) == [
        f"captured {first} from a@b.example for c@d.example (4 bytes)",
        f"captured {replies[-1].rpartition(' ')[2]} from <> for r0@d, r1@d, r2@d and 7 more (5 bytes)",
    ]


async def test_no_address_breaks_or_floods_the_console(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    evil = "\x9b31m\u202e\u2028" + "x" * 5000
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        stream = f"MAIL FROM:<{evil}@b>\r\n" + f"RCPT TO:<{evil}@d>\r\n" * 5 + "DATA\r\nhi\r\n.\r\n"
        assert (await client.codes(stream.encode(), 8))[-1] == "250"
    (line,) = lines(caplog)
    assert len(line) < 600
    assert line.isprintable()


async def test_captures_are_silent_when_the_user_wants_it(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        await deliver(client)
    assert lines(caplog) == []


@pytest.mark.parametrize(
    ("act", "console"),
    [
        (_refused, ["552 5.3.4 "]),
        (_oversize, ["552 5.3.4 "]),
        (_auth_failed, ["535 5.7.8 "]),
        (_http, ["554 5.5.1 "]),
        (_too_many_commands, ["421 4.7.0 "]),
        (_too_many_errors, ["500 5.5.2 "] * 5 + ["421 4.7.0 "]),
        (_dropped_in_data, ["127.0.0.1:"]),
    ],
    ids=["refused", "oversize", "auth", "http", "commands", "errors", "dropped"],
)
async def test_each_refusal_is_one_line(
    strict: Sandbox, caplog: pytest.LogCaptureFixture, act: Act, console: list[str]
) -> None:
    async with keeping(strict), connected(strict) as client:
        await act(client)
    told = lines(caplog)
    assert [line[: len(start)] for line, start in zip(told, console, strict=True)] == console
    assert all("127.0.0.1:" in line for line in told)
