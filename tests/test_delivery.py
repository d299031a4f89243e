import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mailsluice.errors import Refusal
from mailsluice.relay.check import Step
from mailsluice.relay.delivery import Delivery, deliver
from mailsluice.relay.secret import Secret
from mailsluice.relay.targets import Target
from tests.gmail import DROP, STALL, FakeGmail, replies
from tests.smarthost import APP_PASSWORD, HURRY, SECRET, USER, gmail_profile, loopback, saying, server

RAW = b"From: ada@gmail.com\r\nTo: bob@example.com\r\nSubject: Hello\r\nMessage-ID: <1@x.test>\r\n\r\nHello\r\n"
BOB = "bob@example.com"


@pytest.fixture
async def gmail() -> AsyncIterator[FakeGmail]:
    async with FakeGmail() as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD)
        yield gmail


async def sent(
    gmail: FakeGmail, raw: bytes = RAW, *, to: tuple[str, ...] = (BOB,), sender: str = USER, **changes: Any
) -> Delivery:
    keywords = {"secret": SECRET, "patience": HURRY, "on_step": None, "resolver": loopback}
    arguments = {name: changes.pop(name, keywords[name]) for name in keywords}
    secret = arguments.pop("secret")
    profile = gmail_profile(gmail, **{"allow": ("*@*",)} | changes)
    return await deliver(profile, secret, raw, sender=sender, recipients=to, **arguments)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_message_is_delivered_and_the_final_line_kept(gmail: FakeGmail, security: str) -> None:
    delivery = await sent(gmail, security=security)
    (message,) = gmail.delivered
    assert (delivery.state, delivery.accepted, delivery.refused) == ("delivered", (BOB,), {})
    assert delivery.verdict is None
    assert delivery.reply
    assert delivery.reply.code == 250
    assert message.session in delivery.reply.text
    assert message.recipients == (BOB,)
    assert message.sender == USER


@pytest.mark.parametrize(
    "raw",
    [
        RAW,
        b".\r\n..\r\n.leading\r\n\r\n.\r\nend\r\n.\r\n",
        b"Subject: no end",
        b"Subject: x\r\n\r\n" + "Grüße ✓".encode() + b"\r\n",
        b"Subject: x\r\n\r\n" + b"x" * 998 + b"\r\n",
        b"Subject: large\r\n\r\n" + b"." * 10 + (b"0123456789abcdef" * 4 + b"\r\n.") * 20_000 + b"\r\n",
    ],
    ids=["plain", "dots", "no line end", "8 bit", "long line", "large"],
)
async def test_the_bytes_arrive_as_they_were(gmail: FakeGmail, raw: bytes) -> None:
    delivery = await sent(gmail, raw, patience=HURRY)
    assert delivery.state == "delivered", delivery
    assert gmail.delivered[0].raw == raw + (b"" if raw.endswith(b"\r\n") else b"\r\n")


@pytest.mark.parametrize("raw", [b"Subject: x\rBcc: v@x\r\n\r\n", b"Subject: x\nBcc: v@x\r\n\r\n", b"\r\n\r"])
async def test_lone_line_ends_are_not_made_into_new_headers(gmail: FakeGmail, raw: bytes) -> None:
    with pytest.raises(ValueError, match="CRLF"):
        await sent(gmail, raw)
    assert gmail.connections == 0


async def test_size_and_8_bit_are_declared(gmail: FakeGmail) -> None:
    raw = "Subject: x\r\n\r\nGrüße\r\n".encode()
    await sent(gmail, raw)
    assert gmail.delivered[0].parameters == (f"SIZE={len(raw)}", "BODY=8BITMIME")


async def test_an_address_in_other_letters_asks_for_smtputf8(gmail: FakeGmail) -> None:
    assert (await sent(gmail, to=("jürgen@example.com",))).state == "delivered"
    assert "SMTPUTF8" in gmail.delivered[0].parameters


async def test_one_delivery_is_one_sign_in(gmail: FakeGmail) -> None:
    await sent(gmail, to=(BOB, "eve@example.com"))
    assert (gmail.auth_attempts, gmail.connections) == (1, 1)


async def test_each_recipient_is_named_once(gmail: FakeGmail) -> None:
    assert (await sent(gmail, to=(BOB, BOB))).accepted == (BOB,)


async def test_a_delivery_tells_its_steps(gmail: FakeGmail) -> None:
    steps: list[Step] = []
    await sent(gmail, on_step=steps.append)
    assert [step.stage for step in steps] == ["name", "connect", "greeting", "tls", "ehlo", "auth"]


async def test_the_server_is_told_goodbye_after_a_delivery(gmail: FakeGmail) -> None:
    await sent(gmail)
    await gmail.closed()
    assert [event.text for event in gmail.log if event.kind == "command"][-1] == "QUIT"


# What the smarthost refuses


@pytest.mark.parametrize(
    ("recipient", "state", "kind"),
    [
        ("nosuchuser@x.test", "refused", "address"),
        ("nodomain@x.test", "refused", "address"),
        ("badrecipient@x.test", "refused", "address"),
        ("syntax@x.test", "refused", "protocol"),
        ("busy@x.test", "deferred", "transient"),
        ("quota@x.test", "deferred", "limit"),
        ("throttle@x.test", "deferred", "limit"),
        ("toobig@x.test", "refused", "content"),
        ("bigheader@x.test", "refused", "content"),
        ("blocked@x.test", "refused", "content"),
        ("malformed@x.test", "refused", "content"),
        ("loop@x.test", "refused", "content"),
        ("noncompliant@x.test", "refused", "content"),
        ("unsolicited@x.test", "refused", "policy"),
    ],
)
async def test_a_refused_message_has_its_reply_and_its_meaning(
    gmail: FakeGmail, recipient: str, state: str, kind: str
) -> None:
    delivery = await sent(gmail, to=(recipient,))
    assert delivery.state == state
    assert delivery.accepted == ()
    assert delivery.reply
    assert delivery.refused == {recipient: delivery.reply}
    assert delivery.verdict
    assert (delivery.verdict.kind, bool(delivery.verdict.remedy)) == (kind, True)
    assert gmail.delivered == []


@pytest.mark.parametrize("sender", ["badsender@x.test", "syntax@x.test", "wantauth@x.test"])
async def test_a_refused_sender_is_a_refusal_for_everybody(gmail: FakeGmail, sender: str) -> None:
    delivery = await sent(gmail, sender=sender)
    assert delivery.state == "refused"
    assert delivery.reply
    assert delivery.reply.code in (530, 553, 555)


async def test_some_recipients_may_be_refused(gmail: FakeGmail) -> None:
    delivery = await sent(gmail, to=("nosuchuser@x.test", BOB))
    assert (delivery.state, delivery.accepted) == ("partly", (BOB,))
    assert [reply.code for reply in delivery.refused.values()] == [550]
    assert delivery.reply
    assert delivery.reply.code == 250
    assert delivery.verdict
    assert delivery.verdict.kind == "address"


async def test_a_refused_message_is_refused_for_those_accepted_before(gmail: FakeGmail) -> None:
    delivery = await sent(gmail, to=(BOB, "nosuchuser@x.test", "blocked@x.test"))
    assert delivery.state == "refused"
    assert {address: reply.code for address, reply in delivery.refused.items()} == {
        BOB: 552,
        "nosuchuser@x.test": 550,
        "blocked@x.test": 552,
    }


async def test_the_101st_recipient_is_refused_and_the_others_get_it(gmail: FakeGmail) -> None:
    delivery = await sent(gmail, to=tuple(f"r{number}@example.com" for number in range(101)))
    assert (delivery.state, len(delivery.accepted)) == ("partly", 100)
    assert list(delivery.refused) == ["r100@example.com"]
    assert delivery.verdict
    assert delivery.verdict.kind == "limit"


async def test_a_message_that_is_too_large_is_refused_before_it_is_sent(gmail: FakeGmail) -> None:
    gmail.knobs.size = 50
    delivery = await sent(gmail)
    assert delivery.state == "refused"
    assert delivery.verdict
    assert delivery.verdict.kind == "content"
    assert not any("the message," in line for line in delivery.transcript)


# What the network and the sign-in refuse


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (replies.BAD_CREDENTIALS, "failed"),
        (replies.WEB_LOGIN, "failed"),
        (replies.MANY_LOGINS, "deferred"),
        (replies.AUTH_TEMPORARY, "deferred"),
    ],
)
async def test_without_a_sign_in_nothing_is_sent(gmail: FakeGmail, reply: str, state: str) -> None:
    gmail.fail_next("auth", reply)
    delivery = await sent(gmail)
    assert delivery.state == state
    assert delivery.reply
    assert delivery.reply.code == int(reply[:3])
    assert delivery.verdict
    assert not any(line.startswith("C: MAIL") for line in delivery.transcript)
    assert gmail.auth_attempts == 1


async def test_a_certificate_that_is_not_right_fails_the_delivery(gmail: FakeGmail) -> None:
    gmail.knobs.certificate = "expired"
    delivery = await sent(gmail)
    assert (delivery.state, delivery.reply) == ("failed", None)
    assert gmail.auth_attempts == 0


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "mail", "rcpt", "data"])
@pytest.mark.parametrize("trouble", [DROP, STALL])
async def test_a_connection_lost_before_the_final_dot_is_put_off(gmail: FakeGmail, stage: str, trouble: str) -> None:
    gmail.fail_next(stage, trouble, times=2)
    delivery = await sent(gmail)
    assert delivery.state == "deferred", delivery
    assert delivery.verdict
    assert delivery.verdict.kind == "network"
    assert gmail.delivered == []


@pytest.mark.parametrize("trouble", [DROP, STALL])
async def test_a_connection_lost_after_the_final_dot_is_unknown_and_not_sent_again(
    gmail: FakeGmail, trouble: str
) -> None:
    gmail.fail_next("message", trouble)
    delivery = await sent(gmail)
    assert (delivery.state, delivery.accepted, delivery.reply) == ("unknown", (), None)
    assert delivery.verdict
    assert delivery.verdict.retry_after is None
    assert sum(event.kind == "message" for event in gmail.log) == 1


async def test_a_message_cut_in_the_middle_is_put_off() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _accept_until_data(reader, writer)
        await reader.readline()
        writer.transport.abort()

    delivery = await _sent_in_clear(talk, b"Subject: x\r\n\r\n" + b"x\r\n" * 5_000_000)
    assert delivery.state == "deferred", delivery


async def test_a_no_in_the_middle_of_the_message_is_heard() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _accept_until_data(reader, writer)
        await reader.readline()
        writer.write(b"552 5.3.4 too large\r\n")
        await saying(b"")(reader, writer)

    delivery = await _sent_in_clear(talk, b"Subject: x\r\n\r\n" + b"x\r\n" * 5_000_000)
    assert delivery.state == "refused"
    assert str(delivery.reply) == "552 5.3.4 too large"


async def test_a_port_where_nobody_listens_puts_the_delivery_off(gmail: FakeGmail) -> None:
    async def nowhere(host: str, port: int) -> tuple[Target, ...]:
        return (Target("127.0.0.1", ("127.0.0.1", 1)),)

    delivery = await sent(gmail, resolver=nowhere)
    assert (delivery.state, delivery.reply) == ("deferred", None)


# Our own no, before anything is dialled


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"allow": ("@corp.test",)}, "not among the recipients"),
        ({"enabled": False}, "switched off"),
        ({"to": ()}, "at least one"),
        ({"to": ("bob@x.test>\r\nRCPT TO:<eve@x.test",)}, "one bare address"),
        ({"to": ("Bob <bob@x.test>",)}, "one bare address"),
        ({"to": ("nobody",)}, "one bare address"),
        ({"sender": "a@b.test> SIZE=1"}, "sender"),
        ({"sender": ""}, "sender"),
    ],
)
async def test_what_may_not_leave_is_refused_before_dialling(
    gmail: FakeGmail, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refusal, match=words):
        await sent(gmail, **changes)
    assert gmail.connections == 0


async def test_one_recipient_that_is_not_allowed_keeps_the_whole_message_here(gmail: FakeGmail) -> None:
    with pytest.raises(Refusal):
        await sent(gmail, to=("x@corp.test", BOB), allow=("@corp.test",))
    assert gmail.connections == 0


# The transcript


async def test_the_transcript_tells_the_dialogue_without_the_password(gmail: FakeGmail) -> None:
    delivery = await sent(gmail)
    lines = [line for line in delivery.transcript if line.startswith("C:")]
    assert lines == [
        "C: EHLO mailsluice.local",
        "C: STARTTLS",
        "C: EHLO mailsluice.local",
        "C: AUTH PLAIN ****",
        f"C: MAIL FROM:<{USER}> SIZE={len(RAW)}",
        f"C: RCPT TO:<{BOB}>",
        "C: DATA",
        f"C: (the message, {len(RAW)} bytes)",
        "C: QUIT",
    ]
    assert "S: 235 2.7.0 Accepted" in delivery.transcript
    assert any(line.startswith("S: 250-SIZE") for line in delivery.transcript)
    _assert_hidden(delivery)


async def test_no_part_of_a_failed_delivery_holds_the_password(gmail: FakeGmail) -> None:
    gmail.fail_next("auth", f"535 5.7.8 {APP_PASSWORD} is wrong")
    _assert_hidden(await sent(gmail))


async def test_control_characters_of_a_server_are_not_repeated(gmail: FakeGmail) -> None:
    gmail.fail_next("mail", "550 5.7.1 \x1b[2J\x07 gone \udcff")
    delivery = await sent(gmail)
    assert all(line.isprintable() for line in delivery.transcript)


async def test_a_password_that_is_not_ascii_is_sent_as_utf_8(gmail: FakeGmail) -> None:
    gmail.fail_next("auth", replies.BAD_CREDENTIALS)
    assert (await sent(gmail, secret=Secret("pässwörd"))).state == "failed"


def _assert_hidden(delivery: Delivery) -> None:
    shown = repr(delivery)
    assert APP_PASSWORD not in shown
    assert base64.b64encode(APP_PASSWORD.encode()).decode().rstrip("=") not in shown
    assert base64.b64encode(f"\0{USER}\0{APP_PASSWORD}".encode()).decode().rstrip("=") not in shown


async def _accept_until_data(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answers = {b"EHLO": b"250-x\r\n250 AUTH PLAIN\r\n", b"AUTH": b"235 ok\r\n", b"DATA": b"354 go\r\n"}
    writer.write(b"220 x ESMTP\r\n")
    while line := await reader.readline():
        verb = line[:4].strip()
        writer.write(answers.get(verb, b"250 ok\r\n"))
        if verb == b"DATA":
            return


async def _sent_in_clear(talk: Any, raw: bytes) -> Delivery:
    from mailsluice.relay.profile import Profile

    async with server(talk) as port:
        profile = Profile(name="own", preset="custom", host="localhost", port=port, security="plain", user=USER)
        return await deliver(profile, SECRET, raw, sender=USER, recipients=[USER], patience=HURRY, resolver=loopback)
