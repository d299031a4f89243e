import asyncio
from collections.abc import AsyncIterator

import pytest

from mailsluice.relay.delivery import deliver
from mailsluice.relay.profile import Profile
from mailsluice.relay.session import Gone, Session, open_session
from mailsluice.relay.transaction import BeforeDot, Delivery
from tests.gmail import DROP, FakeGmail, replies
from tests.smarthost import APP_PASSWORD, HURRY, SECRET, USER, Talk, gmail_profile, loopback, server

BOB = "bob@example.com"
RAW = b"Subject: Hello\r\n\r\nHello\r\n.\r\n..\r\n"


@pytest.fixture
async def gmail() -> AsyncIterator[FakeGmail]:
    async with FakeGmail() as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD)
        yield gmail


@pytest.fixture
async def session(gmail: FakeGmail) -> AsyncIterator[Session]:
    profile = gmail_profile(gmail, allow=("*@*",))
    async with open_session(profile, SECRET, patience=HURRY, resolver=loopback) as session:
        yield session


async def send(session: Session, *to: str, raw: bytes = RAW, before_dot: BeforeDot | None = None) -> Delivery:
    return await session.send(raw, sender=USER, recipients=to or (BOB,), before_dot=before_dot)


def commands(gmail: FakeGmail) -> list[str]:
    return [event.text.partition(" ")[0] for event in gmail.log if event.kind == "command"]


async def test_several_messages_go_over_one_sign_in(gmail: FakeGmail, session: Session) -> None:
    raws = [b"Subject: %d\r\n\r\n.\r\nx\r\n" % number for number in range(3)]
    states = [(await send(session, raw=raw)).state for raw in raws]
    assert states == ["delivered"] * 3
    assert [message.raw for message in gmail.delivered] == raws
    assert (gmail.connections, gmail.auth_attempts) == (1, 1)


async def test_a_refused_message_does_not_spoil_the_next(gmail: FakeGmail, session: Session) -> None:
    for refused in ("nosuchuser@x.test", "blocked@x.test", "badrecipient@x.test"):
        assert (await send(session, refused)).state == "refused"
        assert session.is_usable
        assert (await send(session)).accepted == (BOB,)
    gmail.fail_next("mail", replies.bad_sender("x"))
    assert (await send(session)).state == "refused"
    assert (await send(session)).state == "delivered"
    assert [message.recipients for message in gmail.delivered] == [(BOB,)] * 4
    assert gmail.connections == 1


async def test_each_message_has_its_own_part_of_the_transcript(session: Session) -> None:
    first, second = await send(session), await send(session, "eve@x.test")
    assert any("AUTH" in line for line in first.transcript)
    assert "eve@x.test" not in str(first.transcript)
    assert second.transcript[1] == "C: RSET"
    assert BOB not in str(second.transcript)
    assert session.transcript[: len(first.transcript)] == first.transcript


async def test_it_ends_with_quit(gmail: FakeGmail) -> None:
    async with open_session(gmail_profile(gmail), SECRET, patience=HURRY, resolver=loopback) as session:
        await send(session, USER)
    await gmail.closed()
    assert commands(gmail)[-1] == "QUIT"


async def test_a_sign_in_that_fails_is_the_outcome_of_every_message(gmail: FakeGmail) -> None:
    gmail.fail_next("auth", replies.BAD_CREDENTIALS)
    async with open_session(gmail_profile(gmail), SECRET, patience=HURRY, resolver=loopback) as session:
        assert session.failure
        assert not session.is_usable
        assert (await send(session, USER)) is session.failure
        assert (session.failure.state, session.failure.stage, session.is_past_dot) == ("failed", "auth", False)
    assert gmail.auth_attempts == 1


@pytest.mark.parametrize("ended", ["idle", "cut", "dropped"])
async def test_a_session_that_died_between_two_messages_is_noticed(
    gmail: FakeGmail, session: Session, ended: str
) -> None:
    if ended == "idle":
        gmail.knobs.idle = 0.01
    assert (await send(session)).state == "delivered"
    if ended == "cut":
        for wire in gmail._wires:
            wire.abort()
    if ended == "dropped":
        gmail.fail_next("mail", DROP)  # in the middle of the next: it is an outcome of that one
        assert (await send(session)).state == "deferred"
        assert not session.is_past_dot
    else:
        await gmail.closed()
    with pytest.raises(Gone):
        await send(session)
    assert not session.is_past_dot
    assert len(gmail.delivered) == 1


async def test_a_server_that_said_421_is_not_asked_again(session: Session) -> None:
    assert (await send(session, "throttle@x.test")).state == "deferred"
    assert not session.is_usable
    with pytest.raises(Gone):
        await send(session)


# Before the dot


async def test_all_but_the_dot_is_written_before_before_dot_ends(gmail: FakeGmail, session: Session) -> None:
    seen = []

    async def before_dot() -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        seen.append((len(gmail.delivered), session.is_past_dot, commands(gmail)[-1]))

    assert (await send(session, before_dot=before_dot)).state == "delivered"
    assert seen == [(0, False, "DATA")]
    assert session.is_past_dot


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
async def test_without_the_yes_before_the_dot_nothing_is_sent(
    gmail: FakeGmail, session: Session, error: type[BaseException]
) -> None:
    async def before_dot() -> None:
        raise error

    with pytest.raises(error):
        await send(session, before_dot=before_dot)
    assert (session.is_past_dot, session.is_usable) == (False, False)
    with pytest.raises(Gone):
        await send(session)
    assert gmail.delivered == []


async def test_without_the_yes_before_the_dot_not_even_quit_follows(gmail: FakeGmail) -> None:
    async def before_dot() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await deliver(
            gmail_profile(gmail), SECRET, RAW, sender=USER, recipients=[USER], patience=HURRY, resolver=loopback,
            before_dot=before_dot,
        )  # fmt: skip
    await gmail.closed()
    assert gmail.delivered == []
    assert commands(gmail)[-1] == "DATA"


async def test_who_is_refused_before_the_message_is_not_asked_about_the_dot(session: Session) -> None:
    asked = []

    async def before_dot() -> None:
        asked.append(True)

    await send(session, "nosuchuser@x.test", before_dot=before_dot)
    await send(session, "quota@x.test", before_dot=before_dot)
    assert asked == []


# Servers that answer oddly


def answering(answers: dict[bytes, bytes], after: bytes) -> Talk:
    """Says `after` to a message, and `answers` to commands."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        standard = {b"EHLO": b"250-x\r\n250 AUTH PLAIN\r\n", b"AUTH": b"235 ok\r\n", b"DATA": b"354 go\r\n"} | answers
        writer.write(b"220 x ESMTP\r\n")
        while line := await reader.readline():
            writer.write(standard.get(line[:4].strip(), b"250 ok\r\n"))
            if line.startswith(b"QUIT"):
                return
            if line.startswith(b"DATA") and standard[b"DATA"].startswith(b"354"):
                while await reader.readline() not in (b".\r\n", b""):
                    pass
                writer.write(after)

    return talk


async def sent_to(talk: Talk, *to: str) -> Delivery:
    async with server(talk) as port:
        profile = Profile(
            name="own", preset="custom", host="localhost", port=port, security="plain", user=USER, allow=("*@*",)
        )
        return await deliver(
            profile, SECRET, RAW, sender=USER, recipients=to or (BOB,), patience=HURRY, resolver=loopback
        )


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (b"250 ok\r\n", "delivered"),
        (b"251 taken\r\n", "delivered"),
        (b"354 more\r\n", "unknown"),
        (b"HTTP/1.1 400\r\n", "unknown"),
        (b"199 what\r\n", "unknown"),
        (b"", "unknown"),
        (b"451 4.3.0 later\r\n", "deferred"),
        (b"554 5.6.0 no\r\n", "refused"),
    ],
)
async def test_only_a_clear_answer_to_the_dot_is_an_answer(after: bytes, state: str) -> None:
    assert (await sent_to(answering({}, after))).state == state


async def test_any_yes_to_a_recipient_is_a_yes() -> None:
    delivery = await sent_to(answering({b"RCPT": b"252 perhaps\r\n"}, b"250 ok\r\n"))
    assert (delivery.state, delivery.accepted) == ("delivered", (BOB,))


async def test_an_answer_too_many_is_not_taken_for_that_to_the_next_message() -> None:
    async with server(answering({}, b"250 ok\r\n250 and again\r\n")) as port:
        profile = Profile(name="own", preset="custom", host="localhost", port=port, security="plain", user=USER)
        async with open_session(profile, SECRET, patience=HURRY, resolver=loopback) as session:
            assert (await send(session, USER)).state == "delivered"
            assert not session.is_usable
            with pytest.raises(Gone):
                await send(session, USER)
