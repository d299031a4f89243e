"""The listener over real sockets, with bytes that no client library would send."""

import asyncio
import base64
from dataclasses import replace
from pathlib import Path

import pytest

from mailsluice.options import Endpoint
from mailsluice.sandbox import Sandbox, open_sandbox
from mailsluice.settings import Settings
from mailsluice.smtp.auth import MECHANISMS
from mailsluice.sockets import bound
from tests.smtp_client import Client, begin, connected, only_receipt


async def test_the_reply_names_the_id_of_the_stored_message(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        await begin(client)
        reply = await client.say("Subject: x\r\n\r\nhi\r\n.")
    assert reply.startswith("250 2.0.0 Ok: queued as ")
    listed = await sandbox.store.get(reply.rpartition(" ")[2])
    assert listed is not None
    assert len(listed.id) == 22


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"x" * 300_000 + b"\r\n",
        b"a\rb\nc\r\r\n\n\r\n.\n.\r.\r\r\n",
        b".\r\n..\r\n.x\r\n",
        b"\0\xff\xfe\r\n" * 1000,
        b"X: " + b"y" * 2_500_000 + b"\r\n\r\n.\r\n",
    ],
    ids=["empty", "blank", "long-line", "bare-ends", "dots", "binary", "spooled"],
)
async def test_bytes_are_stored_exactly(sandbox: Sandbox, raw: bytes) -> None:
    async with connected(sandbox) as client:
        await begin(client)
        stuffed = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
        (reply,) = await client.send(stuffed + b".\r\n", 1)
    assert await sandbox.store.raw(reply.rpartition(" ")[2]) == raw


async def test_a_pipelined_session_is_answered_in_order_and_loses_nothing(sandbox: Sandbox) -> None:
    one = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
    async with connected(sandbox) as client:
        await client.say("EHLO x")
        replies = await client.send((one + b"first\r\n.\r\n") * 2 + b"QUIT\r\n", 9)
    assert [reply[:3] for reply in replies] == ["250", "250", "354", "250"] * 2 + ["221"]
    assert (await sandbox.store.counts()).messages == 2


async def test_a_client_that_closes_its_half_after_sending_all_is_answered(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        client.writer.write(b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n")
        client.writer.write_eof()
        replies = [await client.reply() for _ in range(6)]
    assert replies[4].startswith("250 2.0.0")
    assert replies[5].startswith("221 ")


async def test_the_envelope_keeps_parameters_as_they_were_written(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        await client.say("EHLO x")
        assert (await client.say("MAIL FROM:<> RET=HDRS ENVID=QQ314159 AUTH=<> BODY=8BITMIME SIZE=5")).startswith("250")
        assert (await client.say("RCPT TO:<c@d> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c@d")).startswith("250")
        await client.say("DATA")
        await client.say("hi\r\n.")
    envelope = (await only_receipt(sandbox)).envelope
    assert envelope.sender == ""
    assert envelope.parameters == ("RET=HDRS", "ENVID=QQ314159", "AUTH=<>", "BODY=8BITMIME", "SIZE=5")
    assert envelope.recipients[0].parameters == ("NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;c@d")


@pytest.mark.parametrize(
    "dialogue",
    [
        ["AUTH PLAIN " + base64.b64encode(b"\0ada\0s3cret").decode()],
        ["AUTH PLAIN", base64.b64encode(b"\0ada\0s3cret").decode()],
        ["AUTH LOGIN", base64.b64encode(b"ada").decode(), base64.b64encode(b"s3cret").decode()],
        ["AUTH LOGIN " + base64.b64encode(b"ada").decode(), base64.b64encode(b"s3cret").decode()],
        ["auth xoauth2 " + base64.b64encode(b"user=ada\x01auth=Bearer s3cret\x01\x01").decode()],
        ["AUTH CRAM-MD5", base64.b64encode(b"ada " + b"a" * 32).decode()],
    ],
    ids=["plain", "plain-challenge", "login", "login-initial", "xoauth2", "cram"],
)
@pytest.mark.parametrize("pipelined", [False, True])
async def test_any_credentials_do_and_never_stand_in_the_transcript(
    sandbox: Sandbox, dialogue: list[str], pipelined: bool
) -> None:
    async with connected(sandbox) as client:
        await client.say("EHLO x")
        if pipelined:
            replies = await client.send("".join(f"{line}\r\n" for line in dialogue).encode(), len(dialogue))
        else:
            replies = [await client.say(line) for line in dialogue]
        assert replies[-1].startswith("235 2.7.0")
        await client.send(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhi\r\n.\r\n", 4)
    receipt = await only_receipt(sandbox)
    assert receipt.session.user == "ada"
    story = "\n".join(receipt.transcript)
    assert "****" in story
    words = {word for line in dialogue for word in line.split()} - {"AUTH", "auth", "xoauth2", *MECHANISMS}
    assert words
    assert not [word for word in words if word in story]


@pytest.mark.parametrize(
    ("dialogue", "code"),
    [
        (["AUTH"], "501 5.5.4"),
        (["AUTH NTLM xyz"], "504 5.5.4"),
        (["AUTH PLAIN ???"], "501 5.5.2"),
        (["AUTH PLAIN " + base64.b64encode(b"nonsense").decode()], "501 5.5.2"),
        (["AUTH LOGIN", "*"], "501 5.7.0"),
    ],
)
async def test_a_failed_authentication_says_why(sandbox: Sandbox, dialogue: list[str], code: str) -> None:
    async with connected(sandbox) as client:
        await client.say("EHLO x")
        replies = [await client.say(line) for line in dialogue]
        assert replies[-1].startswith(code)
        assert (await client.say("NOOP")).startswith("250 ")


@pytest.mark.parametrize(
    "stream",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhi\r\n.\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"OPTIONS / HTTP/1.1\r\n",
        b"EHLO x\r\nHost: localhost\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhi\r\n.\r\n",
        b"host: x\r\n",
    ],
)
async def test_a_web_page_cannot_post_mail(sandbox: Sandbox, stream: bytes) -> None:
    async with connected(sandbox) as client:
        client.writer.write(stream)
        answer = await asyncio.wait_for(client.reader.read(), 10)
    assert b"554 5.5.1" in answer
    assert b"354" not in answer
    assert (await sandbox.store.counts()).messages == 0


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["RCPT TO:<a@b>"], "503 5.5.1"),
        (["DATA"], "503 5.5.1"),
        (["EHLO x", "MAIL FROM:<a@b>", "DATA"], "503 5.5.1"),
        (["EHLO x", "MAIL FROM:<a@b>", "MAIL FROM:<a@b>"], "503 5.5.1"),
        (["EHLO x", "MAIL FROM:<a@b>", "RCPT TO:<>"], "553 5.1.3"),
        (["EHLO x", "MAIL a@b"], "501 5.5.4"),
        (["EHLO x", "MAIL FROM:<a@b"], "553 5.1.7"),
        (["EHLO x", "MAIL FROM:<a@b> SIZE=x"], "501 5.5.4"),
        (["EHLO x", "MAIL FROM:<a@b> SIZE=99999999999999999999999"], "552 5.3.4"),
        (["EHLO"], "501 5.5.4"),
        (["XYZZY"], "500 5.5.2"),
        ([""], "500 5.5.2"),
        (["NOOP " + "x" * 20000], "500 5.5.2"),
        (["x" * 600000], "500 5.5.2"),
        (["VRFY root"], "252 2.1.5"),
        (["RSET"], "250 2.0.0"),
        (["HELO x"], "250 "),
    ],
)
async def test_a_reply_has_the_code_that_fits_and_the_session_goes_on(
    sandbox: Sandbox, lines: list[str], code: str
) -> None:
    async with connected(sandbox) as client:
        replies = [await client.say(line) for line in lines]
        assert replies[-1].startswith(code)
        assert (await client.say("NOOP")).startswith("250 2.0.0")


async def test_a_message_above_the_limit_is_drained_and_the_next_one_works(tmp_path: Path, settings: Settings) -> None:
    small = replace(settings, max_message_size=1000)
    with bound(small.smtp, flag="--smtp") as sockets:
        async with (
            open_sandbox(small, database=str(tmp_path / "mail.db"), smtp_sockets=sockets) as sandbox,
            connected(sandbox) as client,
        ):
            assert "250-SIZE 1000\n" in await client.say("EHLO x")
            assert (await client.say("MAIL FROM:<a@b> SIZE=1001")).startswith("552 5.3.4")
            await begin(client)
            (reply,) = await client.send(b"QUIT\r\n" * 200_000 + b".\r\n", 1)
            assert reply.startswith("552 5.3.4")
            await begin(client)
            assert (await client.say("x" * 900 + "\r\n.")).startswith("250 2.0.0")
            assert not list(sandbox.store.spool_folder.iterdir())
            assert (await sandbox.store.counts()).messages == 1


async def test_a_fault_is_451_without_a_word_of_the_exception(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(sandbox) as client:
        await begin(client)
        with monkeypatch.context() as patch:
            patch.setattr("mailsluice.smtp.transaction.Transaction._make_capture", _fault)
            reply = await client.say("hi\r\n.")
        assert reply.startswith("451 4.3.0")
        assert "secret detail" not in reply
        await begin(client)
        assert (await client.say("hi\r\n.")).startswith("250 ")
    assert "secret detail" in caplog.text


def _fault(*_: object) -> None:
    raise ZeroDivisionError("secret detail")


async def test_idle_sessions_hear_421_when_the_sandbox_ends(tmp_path: Path, settings: Settings) -> None:
    with bound(settings.smtp, flag="--smtp") as sockets:
        async with open_sandbox(settings, database=str(tmp_path / "mail.db"), smtp_sockets=sockets) as sandbox:
            port = int(sandbox.smtp_addresses[0].rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.readline()
    assert (await reader.read()).startswith(b"421 4.3.2")
    writer.close()
    await writer.wait_closed()


async def test_oddities_are_warnings_of_the_session(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        assert (await client.say("MAIL FROM:<a@b>")).startswith("250")
        assert (await client.say(b"RCPT TO:<j\xf6rg@d.example>")).startswith("250")
        await client.say("DATA")
        await client.say("hi\r\n.")
    receipt = await only_receipt(sandbox)
    assert receipt.envelope.recipients[0].address == "jörg@d.example"
    assert len(receipt.session.warnings) == 3


async def test_a_unix_socket_takes_mail(tmp_path: Path, settings: Settings) -> None:
    with bound(Endpoint(path=tmp_path / "s"), flag="--smtp") as sockets:
        async with open_sandbox(settings, database=str(tmp_path / "mail.db"), smtp_sockets=sockets) as sandbox:
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            client = Client(reader, writer)
            await client.reply()
            await begin(client)
            assert (await client.say("hi\r\n.")).startswith("250 ")
            assert (await only_receipt(sandbox)).session.peer == "unix"
            writer.close()
            await writer.wait_closed()
