"""What real apps send is taken, and each oddity is told beside the message."""

import base64
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from mailsluice.message.parse import parse
from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from tests.smtp_client import Client, connected, deliver, only_receipt, opened, raws

ALWAYS = {"localhost", "PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"}
ANY_AUTH = "AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2"
FILE_AUTH = "AUTH PLAIN LOGIN"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "server.pem"
    trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


async def extensions(client: Client) -> set[str]:
    return {line[4:] for line in (await client.say("EHLO app.example")).splitlines()}


async def test_every_extension_is_offered_without_a_certificate(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        assert await extensions(client) == ALWAYS | {ANY_AUTH}


async def test_starttls_is_offered_with_a_certificate_until_tls_began(
    tmp_path: Path, settings: Settings, certificate: Path
) -> None:
    async with opened(tmp_path, settings, smtp_tls_cert=str(certificate)) as sandbox, connected(sandbox) as client:
        assert await extensions(client) == ALWAYS | {ANY_AUTH, "STARTTLS"}
        await client.start_tls(_trusting_anyone())
        assert await extensions(client) == ALWAYS | {ANY_AUTH}


async def test_auth_is_not_offered_before_required_tls(tmp_path: Path, settings: Settings, certificate: Path) -> None:
    required = {"smtp_tls_cert": str(certificate), "smtp_require_starttls": True}
    async with opened(tmp_path, settings, **required) as sandbox, connected(sandbox) as client:
        assert await extensions(client) == ALWAYS | {"STARTTLS"}
        await client.start_tls(_trusting_anyone())
        assert await extensions(client) == ALWAYS | {ANY_AUTH}


async def test_starttls_is_not_offered_within_implicit_tls(
    tmp_path: Path, settings: Settings, certificate: Path
) -> None:
    implicit = {"smtp_tls_cert": str(certificate), "smtp_tls": True}
    async with (
        opened(tmp_path, settings, **implicit) as sandbox,
        connected(sandbox, ssl=_trusting_anyone(), server_hostname="localhost") as client,
    ):
        assert await extensions(client) == ALWAYS | {ANY_AUTH}


async def test_only_mechanisms_that_a_hash_can_check_are_offered_with_a_file(
    tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "users").write_text("ada:s3cret\n")
    async with (
        opened(tmp_path, settings, smtp_auth_file=str(tmp_path / "users")) as sandbox,
        connected(sandbox) as client,
    ):
        assert await extensions(client) == ALWAYS | {FILE_AUTH}


def _trusting_anyone() -> "ssl.SSLContext":
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


NOT_OFFERED = "asks for delivery notifications, which this server does not offer"
ODD_ENVELOPES = {
    "author": ("MAIL FROM:<a@b.example> AUTH=<>", "AUTH in MAIL names the author of the message"),
    "body": ("MAIL FROM:<a@b.example> BODY=BINARYMIME", "BODY=BINARYMIME was not offered"),
    "ret": ("MAIL FROM:<a@b.example> RET=HDRS", f"RET {NOT_OFFERED}"),
    "envid": ("MAIL FROM:<a@b.example> ENVID=QQ314159", f"ENVID {NOT_OFFERED}"),
    "notify": ("RCPT TO:<c@d.example> NOTIFY=SUCCESS,FAILURE", f"NOTIFY {NOT_OFFERED}"),
    "orcpt": ("RCPT TO:<c@d.example> ORCPT=rfc822;c@d.example", f"ORCPT {NOT_OFFERED}"),
    "unknown-parameter": ("MAIL FROM:<a@b.example> XYZZY=1", "the parameter XYZZY of MAIL is not known here"),
    "null-sender": ("MAIL FROM:<>", "the sender is null (<>), as only that of a bounce should be"),
    "quoted": ('RCPT TO:<"c d"@d.example>', 'the address "c d"@d.example is quoted'),
    "route": ("RCPT TO:<@x.example,@y.example:c@d.example>", "the source route @x.example,@y.example: was left out"),
    "postmaster": ("RCPT TO:<postmaster>", "the address postmaster in RCPT has no domain"),
    "no-brackets": ("MAIL FROM:a@b.example", "the address stands without < and >"),
    "space": ("RCPT TO:<c d@d.example>", "there is white space in the address c d@d.example"),
    "unannounced": ("RCPT TO:<jürgen@d.example>", "an address outside ASCII was sent without SMTPUTF8"),
    "latin-1": (b"RCPT TO:<j\xf6rg@d.example>", "a command held bytes that are not UTF-8"),
}


@pytest.mark.parametrize(("command", "warning"), ODD_ENVELOPES.values(), ids=ODD_ENVELOPES)
async def test_an_odd_envelope_is_taken_and_told(sandbox: Sandbox, command: str | bytes, warning: str) -> None:
    line = command.encode() if isinstance(command, str) else command
    lines = [b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>"]
    lines[line.startswith(b"RCPT")] = line
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        codes = await client.codes(b"".join(one + b"\r\n" for one in lines) + b"DATA\r\nhi\r\n.\r\n", 4)
    assert codes == ["250", "250", "354", "250"]
    (told,) = [one for one in (await only_receipt(sandbox)).session.warnings if one.startswith(warning)]
    assert len(told) < 200


@pytest.mark.parametrize(
    "envelope",
    [
        b"MAIL FROM:<a@b.example> BODY=8BITMIME SIZE=10\r\nRCPT TO:<c@d.example>\r\n",
        b"MAIL FROM:<a@b.example> BODY=7BIT\r\nRCPT TO:<c@d.example>\r\n",
        "MAIL FROM:<jürgen@b.example> SMTPUTF8\r\nRCPT TO:<jürgen@d.example>\r\n".encode(),
    ],
)
async def test_what_was_offered_is_not_odd(sandbox: Sandbox, envelope: bytes) -> None:
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        assert await client.codes(envelope + b"DATA\r\nhi\r\n.\r\n", 4) == ["250", "250", "354", "250"]
    assert (await only_receipt(sandbox)).session.warnings == ()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"one\ntwo\r\n", "bare LF"),
        (b"one\rtwo\r\n", "bare CR"),
        (b"one\r\r\n", "bare CR"),
        (b"x" * 999 + b"\r\n", "longer than 998 bytes"),
        (b"x" * 2_000_000 + b"\r\n", "longer than 998 bytes"),
        (b"line\r\n" * 100_000 + b"line\nline\r\n" * 100_000, "bare LF"),
    ],
    ids=["lf", "cr", "cr-before-end", "999", "two-million", "late-lf"],
)
async def test_odd_lines_are_taken_exactly_and_told(sandbox: Sandbox, content: bytes, told: str) -> None:
    content = b"Subject: x\r\n\r\n" + content
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        await deliver(client, content)
    assert await raws(sandbox) == [content]
    assert told in parse(content).defects[-1]


@pytest.mark.parametrize(
    ("stream", "replies", "warning"),
    [
        (b"HELO app.example\r\n", 1, "the client said HELO, not EHLO"),
        (b"", 0, "the client sent MAIL before EHLO or HELO"),
        (b"EHLO app.example\nNOOP\r\n", 2, "a command ended in LF alone, not in CRLF"),
        (b"EHLO app.example\r\n" + b"AUTH PLAIN AGEAYg==\r\n" * 2, 3, "the client authenticated more than once"),
    ],
)
async def test_an_odd_opening_is_taken_and_told(sandbox: Sandbox, stream: bytes, replies: int, warning: str) -> None:
    async with connected(sandbox) as client:
        codes = await client.codes(stream, replies)
        assert set(codes) <= {"250", "235"}
        await deliver(client)
    (told,) = (await only_receipt(sandbox)).session.warnings
    assert told.startswith(warning)


async def test_auth_within_a_transaction_is_taken_and_told(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        await client.say("MAIL FROM:<a@b.example>")
        assert (await client.say("AUTH PLAIN AGFkYQBi")).startswith("235 ")
        assert await client.codes(b"RCPT TO:<c@d.example>\r\nDATA\r\nhi\r\n.\r\n", 3) == ["250", "354", "250"]
    facts = (await only_receipt(sandbox)).session
    assert facts.user == "ada"
    assert facts.warnings == ("the client authenticated within a transaction, between MAIL and the message",)


async def test_a_letter_that_only_looks_like_a_commands_letter_makes_no_command(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        assert (await client.say("MAıL FROM:<a@b.example>")).startswith("500 5.5.2")
        assert (await client.say("RſET")).startswith("500 5.5.2")


def _base64(text: bytes) -> bytes:
    return base64.b64encode(text)


@pytest.fixture
async def small(tmp_path: Path, settings: Settings, certificate: Path) -> AsyncIterator[Sandbox]:
    (tmp_path / "users").write_text("ada:s3cret\n")
    async with opened(
        tmp_path,
        settings,
        smtp_tls_cert=str(certificate),
        smtp_auth_file=str(tmp_path / "users"),
        max_message_size=100,
        max_recipients=2,
        max_command_size=500,
    ) as sandbox:
        yield sandbox


TOUR = (
    b"""
NOOP|MAIL|AUTH|AUTH PLAIN|EHLO|EHLO app.example|HELO|HELO x|EHLO x|HELP|VRFY a|EXPN a|TURN|ETRN x|XYZZY||RSET|STARTTLS x
MAIL FROM|MAIL FROM:<|MAIL FROM:<a@b> SIZE=101|MAIL FROM:<a@b> SIZE=x|RCPT TO:<a@b>|DATA|BDAT 0|MAIL FROM:<a@b>
MAIL FROM:<a@b>|DATA|RCPT|RCPT TO:<>|RCPT TO:<c@d>|RCPT TO:<c@d>|RCPT TO:<c@d>|DATA x|BDAT 0|DATA|RCPT TO:<a@b>
BDAT 0 LAST|AUTH NTLM|AUTH PLAIN ???|AUTH PLAIN YQ==|AUTH PLAIN AGFkYQB4|AUTH PLAIN AGFkYQBzM2NyZXQ=
""".replace(b"\n", b"|")
    .strip(b"|")
    .split(b"|")
)


async def test_every_reply_but_greeting_and_hello_carries_an_enhanced_code(small: Sandbox) -> None:
    big = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n" + b"x" * 200 + b"\r\n.\r\n"
    async with connected(small) as client:
        for command in TOUR:
            await client.say(command)
            if command == b"AUTH PLAIN" and client.said[-1].startswith("334"):
                await client.say(b"*")
        await client.send(b"NOOP " + b"x" * 600 + b"\r\n" + big, 5)
        await client.start_tls(_trusting_anyone())
        await client.say("EHLO x")
        await client.say("STARTTLS")
        client.writer.write(b"QUIT\r\n")
        client.said += (await client.rest()).splitlines()
    codes = {line[:3] for line in client.said}
    assert codes >= {"214", "220", "221", "235", "250", "252", "354", "452", "500", "501", "502", "503", "504", "535"}
    assert codes >= {"552", "553"}
    bare = [line for line in client.said if not re.match(r"([245])\d\d \1\.\d{1,3}\.\d{1,3} \S", line)]
    assert [line for line in bare if not re.match(r"250[- ]|220 localhost ESMTP|354 |334 ", line)] == []
    assert {line for line in bare if line.startswith("250 ")} <= {"250 localhost", f"250 {FILE_AUTH}"}


async def test_a_text_says_what_to_do(small: Sandbox) -> None:
    async with connected(small) as client:
        assert "Send EHLO first" in await client.say("AUTH PLAIN AGEAYg==")
        assert "Send MAIL first" in await client.say("RCPT TO:<a@b>")
        await client.say("EHLO x")
        assert "--max-message-size" in await client.say("MAIL FROM:<a@b> SIZE=101")
        assert "PLAIN, LOGIN" in await client.say("AUTH XOAUTH2 " + _base64(b"user=a\x01auth=b\x01\x01").decode())
