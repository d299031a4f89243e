"""What the fake Gmail does with messages: limits, chunks, file types, headers, mailboxes."""

import bz2
import gzip
import io
import re
import tarfile
import zipfile
from email.message import EmailMessage

import pytest

from tests.fake_gmail_client import MESSAGE, NOW, SID, USER, Clock, begin, fake, logged_in, secure, send, signed
from tests.gmail import Knobs, replies
from tests.gmail.content import BLOCKED

OK = signed("250 2.0.0 OK  1768875001 <id> - gsmtp")
TOO_BIG = replies.TOO_BIG.replace("{sid}", SID)
BLOCKED_MESSAGE = replies.BLOCKED.replace("{sid}", SID)


async def test_the_hundred_and_first_recipient_is_refused_and_the_hundred_get_the_mail() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        await begin(client, *(f"r{number}@example.com" for number in range(100)))
        assert await client.say("RCPT TO:<r100@example.com>") == replies.MANY_RECIPIENTS.replace("{sid}", SID)
        assert (await client.say("DATA")).startswith("354")
        assert await client.say("hi\r\n.") == OK
        assert len(gmail.delivered[0].recipients) == 100


async def test_a_message_of_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    limit = 35_882_577
    head = b"Subject: big\r\n\r\n"
    async with fake() as gmail, logged_in(gmail) as client:
        for size, reply in ((limit, OK), (limit + 1, TOO_BIG)):
            raw = head + b"x" * (size - len(head) - 2) + b"\r\n"
            assert await send(client, raw=raw) == reply
        assert [len(message.raw) for message in gmail.delivered] == [limit]


@pytest.mark.parametrize("size", [99, 100, 101, 199, 200, 201, 1000, 100_000])
async def test_the_limit_counts_what_arrived_without_stuffed_dots(size: int) -> None:
    async with fake(Knobs(size=100)) as gmail, logged_in(gmail) as client:
        raw = b".\r\n" * (size // 3) + b"x" * (size % 3)
        reply = await send(client, raw=raw + b"\r\n") if size % 3 else await send(client, raw=raw)
        taken = len(raw) + (2 if size % 3 else 0) <= 100
        assert reply == (OK if taken else TOO_BIG)
        assert await client.say("NOOP") == signed("250 2.0.0 OK <id> - gsmtp")


async def test_a_message_comes_in_chunks_too() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        await begin(client)
        half = len(MESSAGE) // 2
        client.writer.write(b"BDAT %d\r\n%b" % (half, MESSAGE[:half]))
        assert await client.reply() == signed("250 2.0.0 OK <id> - gsmtp")
        assert await client.say("DATA") == signed("503 5.5.1 No DATA after BDAT <id> - gsmtp")
        client.writer.write(b"BDAT %d LAST\r\n%b" % (len(MESSAGE) - half, MESSAGE[half:]))
        assert await client.reply() == OK
        assert gmail.delivered[0].raw == MESSAGE


async def test_a_chunk_out_of_turn_is_read_and_refused() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        client.writer.write(b"BDAT 6 LAST\r\nQUIT\r\n")
        assert (await client.reply()).startswith("503-5.5.1 MAIL first.")
        assert (await client.say("NOOP")).startswith("250")


async def test_dots_are_unstuffed_and_only_crlf_dot_crlf_ends_a_message() -> None:
    raw = b".\r\n..\r\na\n.\nb\r.\rc\r\n.d\r\n"
    async with fake() as gmail, logged_in(gmail) as client:
        assert await send(client, raw=raw) == OK
        assert await send(client, raw=b"") == OK
        assert [message.raw for message in gmail.delivered] == [raw, b""]


async def test_what_was_sent_is_kept_with_its_envelope() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        await client.say("MAIL FROM:<someone@else.example> BODY=8BITMIME SIZE=90")
        await client.say("RCPT TO:<bob@example.com>")
        await client.say("DATA")
        assert await client.say(MESSAGE + b".") == OK
        (message,) = gmail.delivered
        assert (message.account, message.sender, message.recipients) == (
            USER,
            "someone@else.example",
            ("bob@example.com",),
        )
        assert (message.parameters, message.raw, message.session) == (("BODY=8BITMIME", "SIZE=90"), MESSAGE, SID)
        assert (message.reply, message.time) == (OK, NOW)


async def test_the_daily_limit_rolls() -> None:
    clock = Clock()
    async with fake(Knobs(daily_limit=2), clock=clock) as gmail, logged_in(gmail) as client:
        for _ in range(2):
            await send(client)
            clock.now += 3600
        await begin(client)
        assert await client.say("DATA") == replies.DAILY_LIMIT.replace("{sid}", SID)
        clock.now += 23 * 3600
        assert (await client.say("DATA")).startswith("354")
        gmail.accounts[USER].daily_limit = 1


async def test_mail_that_comes_too_fast_is_turned_away() -> None:
    clock = Clock()
    async with fake(Knobs(pace=1.0), clock=clock) as gmail:
        async with logged_in(gmail) as client:
            await send(client)
            await begin(client)
            assert await client.say("DATA") == replies.THROTTLED.replace("{sid}", SID)
            assert await client.rest() == ""
        clock.now += 1
        async with logged_in(gmail) as client:
            assert (await send(client)).startswith("250")


async def test_a_second_session_of_an_account_can_be_one_too_many() -> None:
    async with fake(Knobs(sessions_at_once=1)) as gmail:
        async with logged_in(gmail) as first:
            async with logged_in(gmail) as second:
                await begin(second)
                assert await second.say("DATA") == replies.THROTTLED.replace("{sid}", SID)
            assert (await first.say("NOOP")).startswith("250")
        await gmail.closed()
        async with logged_in(gmail) as client:
            assert (await send(client)).startswith("250")


async def test_fifty_one_hops_are_a_loop() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        assert await send(client, raw=b"Received: x\r\n" * 50 + MESSAGE) == OK
        assert await send(client, raw=b"Received: x\r\n" * 51 + MESSAGE) == replies.MANY_HOPS.replace("{sid}", SID)


def zipped(*names: str, content: bytes = b"x") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(name: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return stream.getvalue()


def locked(name: str) -> bytes:
    """An archive whose entry is marked as encrypted."""
    content = bytearray(zipped(name))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((f"a{suffix}", b"x") for suffix in sorted(BLOCKED)),
        ("PHOTO.JPG.EXE", b"x"),
        ("résumé.js", b"x"),
        ("a.zip", zipped("readme.txt", "run.EXE")),
        ("a.zip", zipped("inner.zip", content=zipped("run.bat"))),
        ("a.bin", zipped("run.bat")),
        ("a.zip", locked("inner.zip")),
        ("a.tgz", tarred("run.vbs")),
        ("run.cmd.gz", gzip.compress(b"x", mtime=0)),
        ("a.zip.bz2", bz2.compress(zipped("run.dll"))),
        ("macros.docm", zipped("word/document.xml", "word/vbaProject.bin")),
    ],
)
async def test_a_forbidden_file_is_blocked_in_archives_too(name: str, content: bytes) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        assert await send(client, raw=with_attachment(name, content)) == BLOCKED_MESSAGE


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"x"),
        ("a.zip", zipped("readme.txt")),
        ("a.zip", b"PK\x03\x04 broken"),
        ("a.docx", zipped("word/document.xml")),
        ("a.zip", locked("readme.txt")),
        ("a.tgz", b"broken"),
        ("a.gz", b"broken"),
        ("a.bz2", b"broken"),
    ],
)
async def test_other_files_pass(name: str, content: bytes) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        assert await send(client, raw=with_attachment(name, content)) == OK


def with_attachment(name: str, content: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = USER, "file"
    message.set_content("See the file.")
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes().replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"Message-ID: <a@b>\r\n\r\n", "'From' header is missing."),
        (b"From: a@b.c, d@e.f\r\nMessage-ID: <a@b>\r\n\r\n", "Messages with multiple addresses in From: header"),
        (b"From: a@b.c\r\n\r\n", "Messages missing a valid Message-ID: header are not accepted."),
        (
            b"From: a@b.c\r\nMessage-ID: <a@b>\r\nSubject: a\r\nSUBJECT: b\r\n\r\n",
            "There are multiple Subject headers.",
        ),
    ],
)
async def test_the_strict_receiver_refuses_what_submission_repairs(raw: bytes, why: str) -> None:
    async with fake(Knobs(strict_mx=True)) as gmail, logged_in(gmail) as client:
        assert (await send(client, raw=raw)).startswith(f"550-5.7.1 {why}")
        gmail.knobs.strict_mx = False
        assert await send(client, raw=raw) == OK


def field(raw: bytes, name: str) -> list[str]:
    """All fields of a name, unfolded."""
    head = raw.partition(b"\r\n\r\n")[0].decode()
    return [
        re.sub(r"\r\n\s*", " ", value)
        for value in re.findall(rf"(?im)^{name}: ?([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head)
    ]


ORIGINAL, MADE_ID, MADE_DATE = "X-Google-Original-", "<696ee3f9.", "Mon, 19 Jan 2026 18:10:01 -0800 (PST)"
REWRITES: list[tuple[str, dict[str, list[str]]]] = [
    ("From: Ada <ada@gmail.com>", {"From": ["Ada <ada@gmail.com>"], f"{ORIGINAL}From": []}),
    ("From: ada@gmail.com", {"From": ["ada@gmail.com"], f"{ORIGINAL}From": []}),
    (
        "From: Shop <no-reply@shop.example>",
        {"From": ["Shop <ada@gmail.com>"], f"{ORIGINAL}From": ["Shop <no-reply@shop.example>"], "Sender": []},
    ),
    (
        "From: =?utf-8?q?Sh=C3=B6p?=\r\n <no-reply@shop.example>",
        {"From": ["=?utf-8?q?Sh=C3=B6p?= <ada@gmail.com>"]},
    ),
    ("From: no-reply@shop.example", {"From": ["ada@gmail.com"], f"{ORIGINAL}From": ["no-reply@shop.example"]}),
    ("From: Ada <Ada@gmail.com>", {"From": ["Ada <ada@gmail.com>"], f"{ORIGINAL}From": ["Ada <Ada@gmail.com>"]}),
    ("From: Ada <ada+x@gmail.com>", {"From": ["Ada <ada@gmail.com>"]}),
    ("From: n@m", {"From": ["ada@gmail.com"], f"{ORIGINAL}From": ["n@m"]}),
    (
        "From: Ada <ada@gmail.com>, Bob <bob@example.com>",
        {"From": ["ada@gmail.com"], f"{ORIGINAL}From": ["Ada <ada@gmail.com>, Bob <bob@example.com>"]},
    ),
    ("From: Ada <ada@work.example>", {"From": ["Ada <ada@work.example>"], f"{ORIGINAL}From": []}),
    ("Message-ID: <a.b@mailpit>", {"Message-ID": ["<a.b@mailpit>"], f"{ORIGINAL}Message-ID": []}),
    ("Message-ID: <a@b@c>", {f"{ORIGINAL}Message-ID": ["<a@b@c>"]}),
    ("Message-ID: <a b@c>", {f"{ORIGINAL}Message-ID": ["<a b@c>"]}),
    ("Message-ID: <a.@c>", {f"{ORIGINAL}Message-ID": ["<a.@c>"]}),
    ("Message-ID: <a@c.>", {f"{ORIGINAL}Message-ID": ["<a@c.>"]}),
    ("Date: Tue, 1 Jul 2025 10:00:00 +0200", {"Date": ["Tue, 1 Jul 2025 10:00:00 +0200"], f"{ORIGINAL}Date": []}),
    (
        "Date: Tue, 1 Jul 2025 10:00:00 +0200 (CEST)",
        {"Date": ["Tue, 1 Jul 2025 10:00:00 +0200 (CEST)"], f"{ORIGINAL}Date": []},
    ),
    (
        "Date: Tue, 1 Jul 2025 10:00:00 GMT",
        {"Date": [MADE_DATE], f"{ORIGINAL}Date": ["Tue, 1 Jul 2025 10:00:00 GMT"]},
    ),
    (
        "Date: Tue, 1 Jul 2025 10:00:00 PDT (-0700)",
        {"Date": [MADE_DATE], f"{ORIGINAL}Date": ["Tue, 1 Jul 2025 10:00:00 PDT (-0700)"]},
    ),
    ("X-Nothing: here", {"Date": [MADE_DATE], f"{ORIGINAL}Date": [], f"{ORIGINAL}Message-ID": []}),
    ("Bcc: secret@example.com", {"Bcc": ["secret@example.com"]}),
    ("Reply-To: a@b.example", {"Reply-To": ["a@b.example"]}),
    ("Sender: app@b.example", {"Sender": ["app@b.example"]}),
    ("List-Unsubscribe: <https://a.example>", {"List-Unsubscribe": ["<https://a.example>"]}),
]


@pytest.mark.parametrize(("header", "expected"), REWRITES)
async def test_a_header_is_rewritten_as_gmail_does(header: str, expected: dict[str, list[str]]) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        gmail.accounts[USER].aliases = ("ada@work.example",)
        await send(client, raw=f"{header}\r\n\r\nBody\r\n".encode())
        (message,) = gmail.delivered
        assert {name: field(message.rewritten, name) for name in expected} == expected
        assert len(field(message.rewritten, "Message-ID")) == len(field(message.rewritten, "From")) == 1
        if f"{ORIGINAL}Message-ID" in expected and "Message-ID" not in expected:
            (made,) = field(message.rewritten, "Message-ID")
            assert re.fullmatch(MADE_ID + r"[0-9a-f]+\.[0-9a-f]+\.[0-9a-f]+@mx\.google\.com>", made)
        assert message.rewritten.endswith(b"\r\n\r\nBody\r\n")


async def test_a_default_alias_becomes_from_and_the_login_becomes_sender() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        gmail.accounts[USER].default_alias = "ada@work.example"
        await send(client, raw=b"From: Shop <no-reply@shop.example>\r\n\r\n")
        rewritten = gmail.delivered[0].rewritten
        assert field(rewritten, "From") == ["Shop <ada@work.example>"]
        assert field(rewritten, "Sender") == [USER]


async def test_the_original_from_stands_right_below() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        await send(client, raw=b"To: x@y.example\r\nFrom: a@b.example\r\nX-After: 1\r\n\r\n")
        assert (
            b"From: ada@gmail.com\r\nX-Google-Original-From: a@b.example\r\nX-After: 1" in gmail.delivered[0].rewritten
        )


@pytest.mark.parametrize(("parameter", "protocol"), [("", "ESMTPSA"), (" SMTPUTF8", "UTF8SMTPSA")])
async def test_received_and_signatures_are_added_above(parameter: str, protocol: str) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        await client.say(f"MAIL FROM:<{USER}>{parameter}")
        await client.say("RCPT TO:<bob@example.com>")
        await client.say("DATA")
        await client.say(MESSAGE + b".")
        rewritten = gmail.delivered[0].rewritten
        assert field(rewritten, "Received") == [
            f"from app.example ([127.0.0.1]) by smtp.gmail.com with {protocol} id {SID}.2026.01.20.02.10.01 "
            f"for <bob@example.com> (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256); {MADE_DATE}"
        ]
        (signature,) = field(rewritten, "DKIM-Signature")
        assert "d=gmail.com; s=20230601; t=1768875001; x=1769479801; darn=example.com;" in signature


@pytest.mark.parametrize(
    ("time", "date"),
    [
        (1405167130, "Sat, 12 Jul 2014 05:12:10 -0700 (PDT)"),
        (1772963999, "Sun, 08 Mar 2026 01:59:59 -0800 (PST)"),
        (1772964000, "Sun, 08 Mar 2026 03:00:00 -0700 (PDT)"),
        (1793523600, "Sun, 01 Nov 2026 01:00:00 -0800 (PST)"),
    ],
)
async def test_server_dates_follow_pacific_time(time: int, date: str) -> None:
    clock = Clock()
    clock.now = time
    async with fake(clock=clock) as gmail, logged_in(gmail) as client:
        await send(client, raw=b"\r\n")
        assert field(gmail.delivered[0].rewritten, "Date") == [date]


def with_id(name: str, *, more: str = "") -> bytes:
    return f"From: {USER}\r\nMessage-ID: <{name}@x>\r\n{more}\r\nHi\r\n".encode()


async def test_a_message_is_filed_in_sent_and_in_local_inboxes() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        gmail.add_account("bob@gmail.com", app_password="b" * 16)
        await send(client, "b.ob+tag@googlemail.com", "stranger@example.com", raw=with_id("1"))
        (sent,), (received,) = gmail.mailbox(USER), gmail.mailbox("bob@gmail.com")
        assert (sent.labels, received.labels) == ({"\\Sent"}, {"\\Inbox"})
        assert field(received.raw, "Delivered-To") == ["b.ob+tag@googlemail.com"]
        assert field(received.raw, "Return-Path") == [f"<{USER}>"]
        assert len(field(received.raw, "Received")) == 2
        assert field(sent.raw, "DKIM-Signature") == []


async def test_mail_to_oneself_is_one_message_with_both_labels() -> None:
    async with fake(Knobs(self_sends_are_seen=True)) as gmail, logged_in(gmail) as client:
        await send(client, USER, raw=with_id("1"))
        (copy,) = gmail.mailbox(USER)
        assert copy.labels == {"\\Sent", "\\Inbox", "\\Seen"}


async def test_a_message_id_that_a_mailbox_has_is_accepted_and_not_shown() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        gmail.add_account("bob@gmail.com", app_password="b" * 16)
        for _ in range(2):
            assert await send(client, "bob@gmail.com", raw=with_id("1")) == OK
        assert await send(client, USER, raw=with_id("1")) == OK
        assert len(gmail.delivered) == 3
        assert [copy.labels for copy in gmail.mailbox("bob@gmail.com")] == [{"\\Inbox"}]
        assert [copy.labels for copy in gmail.mailbox(USER)] == [{"\\Sent"}]


@pytest.mark.parametrize(
    ("more", "labels", "category"),
    [
        ("Subject: [SPAM] buy\r\n", {"\\Junk"}, ""),
        ("List-Unsubscribe: <https://a.example>\r\n", {"\\Inbox"}, "promotions"),
        ("Subject: hello\r\n", {"\\Inbox"}, ""),
    ],
)
async def test_arriving_mail_is_sorted(more: str, labels: set[str], category: str) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        gmail.add_account("bob@gmail.com", app_password="b" * 16)
        await send(client, "bob@gmail.com", raw=with_id("1", more=more))
        (copy,) = gmail.mailbox("bob@gmail.com")
        assert (copy.labels, copy.category if copy.labels == {"\\Inbox"} else "") == (labels, category)


async def test_a_bounce_comes_back_after_its_delay() -> None:
    clock = Clock()
    async with fake(Knobs(bounce_delay=30, delivery_delay=10), clock=clock) as gmail, logged_in(gmail) as client:
        gmail.add_account("bob@gmail.com", app_password="b" * 16)
        await send(client, "bounce@example.com", "bob@gmail.com", raw=with_id("1"))
        assert (len(gmail.mailbox(USER)), len(gmail.mailbox("bob@gmail.com"))) == (1, 0)
        clock.now += 30
        _, bounce = gmail.mailbox(USER)
        assert len(gmail.mailbox("bob@gmail.com")) == 1
        assert field(bounce.raw, "From") == ["Mail Delivery Subsystem <mailer-daemon@googlemail.com>"]
        assert field(bounce.raw, "X-Failed-Recipients") == ["bounce@example.com"]
        assert field(bounce.raw, "In-Reply-To") == ["<1@x>"]
        assert b"Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried" in bounce.raw


async def test_bytes_that_are_no_mail_are_delivered_as_they_are() -> None:
    junk = bytes(set(range(256)) - set(b"\r\n")) + b"\r\n"
    async with fake() as gmail, logged_in(gmail) as client:
        for raw in (junk, b"\r\n", b"no header at all\r\n", b" folded\r\n", b": no name\r\n"):
            assert await send(client, raw=raw) == OK
            assert gmail.delivered[-1].rewritten.endswith(raw)


async def test_utf8_addresses_need_smtputf8() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        assert (await client.say(f"MAIL FROM:<{USER}>")).startswith("250")
        assert (await client.say("RCPT TO:<zoë@example.com>")).startswith("553-5.1.3")
        await client.say("RSET")
        assert (await client.say(f"MAIL FROM:<{USER}> SMTPUTF8")).startswith("250")
        assert (await client.say("RCPT TO:<zoë@example.com>")).startswith("250")


async def test_rset_forgets_and_keeps_the_login() -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        await begin(client)
        assert await client.say("RSET") == signed("250 2.1.5 Flushed <id> - gsmtp")
        assert (await client.say("DATA")).startswith("503-5.5.1 MAIL first.")
        assert await send(client) == OK
    async with fake() as gmail, secure(gmail) as client:
        assert (await client.say("RSET")).startswith("250 2.1.5")
