"""What the fake Gmail can do wrong on demand: certificates, silence, cuts, pieces, crowds; and its two other doors."""

import asyncio
import json
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.fake_gmail_client import (
    APP_PASSWORD,
    MESSAGE,
    NORMAL_PASSWORD,
    SID,
    USER,
    Clock,
    auth_plain,
    begin,
    fake,
    logged_in,
    plain,
    secure,
    send,
    signed,
    trust,
)
from tests.gmail import DROP, STALL, FakeGmail, Knobs, in_thread, replies
from tests.gmail.knobs import STAGES, CertificateKind
from tests.smtp_client import Client

ROOT = Path(__file__).parents[1]
SECONDS = 20


@pytest.mark.parametrize("host", ["smtp.gmail.com", "localhost", "127.0.0.1"])
async def test_the_certificate_is_for_gmail_and_for_loopback(host: str) -> None:
    async with fake() as gmail:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", gmail.tls_port, ssl=trust(gmail), server_hostname=host
        )
        assert await Client(reader, writer).reply() == f"220 smtp.gmail.com ESMTP {SID} - gsmtp"
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("wrong_name", "Hostname mismatch"),
        ("expired", "certificate has expired"),
        ("unknown_issuer", "unable to get local issuer certificate"),
        ("antivirus", "self-signed certificate in certificate chain"),
    ],
)
async def test_a_certificate_can_be_bad_in_each_way(kind: CertificateKind, message: str) -> None:
    async with fake(Knobs(certificate=kind)) as gmail:
        with pytest.raises(ssl.SSLCertVerificationError, match=message):
            await asyncio.open_connection("127.0.0.1", gmail.tls_port, ssl=trust(gmail), server_hostname=gmail.host)
        await gmail.closed()
        assert [event.text[:7] for event in gmail.log if event.kind == "tls"] == ["failed:"]


async def test_the_antivirus_certificate_names_its_maker() -> None:
    async with fake(Knobs(certificate="antivirus")) as gmail:
        pem = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", gmail.tls_port))
        issuer = x509.load_pem_x509_certificate(pem.encode()).issuer
        assert issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Avast Web/Mail Shield Root"


async def rest(client: Client) -> None:
    """The connection ends with no word more."""
    with suppress(ConnectionError):
        assert await client.rest() == ""


Step = Callable[[Client], Awaitable[object]]
STEPS: dict[str, Step] = {
    "ehlo": lambda client: client.say("EHLO app.example"),
    "auth": lambda client: client.say(auth_plain()),
    "mail": lambda client: client.say(f"MAIL FROM:<{USER}>"),
    "rcpt": lambda client: client.say("RCPT TO:<bob@example.com>"),
    "data": lambda client: client.say("DATA"),
    "message": lambda client: client.say(MESSAGE + b"."),
}


async def reach(gmail: FakeGmail, client: Client, stage: str) -> None:
    """Say everything that comes before a stage, on 587."""
    await client.reply()
    await client.say("EHLO app.example")
    await client.say("STARTTLS")
    await client.writer.start_tls(trust(gmail), server_hostname=gmail.host)
    for name, step in STEPS.items():
        if name == stage:
            return
        assert str(await step(client))[0] in "23"


@pytest.mark.parametrize("stage", STEPS)
async def test_a_reply_of_ones_own_comes_once_at_its_stage(stage: str) -> None:
    async with fake() as gmail, plain(gmail) as client:
        await reach(gmail, client, stage)
        gmail.fail_next(stage, "450 4.2.1 Later, {sid}")
        assert await STEPS[stage](client) == f"450 4.2.1 Later, {SID}"
        if stage != "message":
            assert str(await STEPS[stage](client))[0] in "23"


@pytest.mark.parametrize("stage", STEPS)
async def test_the_connection_drops_at_each_stage(stage: str) -> None:
    async with fake() as gmail, plain(gmail) as client:
        await reach(gmail, client, stage)
        gmail.fail_next(stage, DROP)
        with pytest.raises((ConnectionError, AssertionError)):
            assert await STEPS[stage](client)
        assert len(gmail.delivered) == (stage == "message")


@pytest.mark.parametrize("stage", STEPS)
async def test_the_connection_falls_silent_at_each_stage(stage: str) -> None:
    async with fake() as gmail, plain(gmail) as client:
        await reach(gmail, client, stage)
        gmail.knobs.stall_at = stage
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(STEPS[stage](client), 0.05)
        assert gmail.log[-1].kind == "stall"
        assert gmail.delivered == []


async def test_a_greeting_can_be_silence_a_refusal_a_cut_or_no_smtp() -> None:
    async with fake() as gmail:
        for asked_for, heard in (
            (replies.TEMPORARY, signed("421 4.7.0 Temporary System Problem. Try again later. <id> - gsmtp")),
            ("HTTP/1.1 400 Bad Request", "HTTP/1.1 400 Bad Request"),
            (DROP, ""),
        ):
            gmail.fail_next("connect", asked_for)
            async with plain(gmail) as client:
                assert await client.reply() == heard
        gmail.fail_next("greeting", STALL)
        async with plain(gmail) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.reply(), 0.05)


async def test_a_handshake_can_be_refused_or_never_begin() -> None:
    async with fake() as gmail, plain(gmail) as client:
        await client.reply()
        await client.say("EHLO app.example")
        gmail.fail_next("tls", replies.AUTH_TEMPORARY)
        assert (await client.say("STARTTLS")).startswith("454 4.7.0")
        gmail.knobs.stall_at = "tls"
        assert await client.say("STARTTLS") == "220 2.0.0 Ready to start TLS"
        client.writer.write(b"\x16\x03\x01")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.05)
        with pytest.raises(ConnectionError, match="handshake is taking longer"):
            await asyncio.open_connection(
                "127.0.0.1", gmail.tls_port, ssl=trust(gmail), server_hostname=gmail.host, ssl_handshake_timeout=0.05
            )


async def test_tls_on_the_wrong_port_fails_and_leaves_the_fake_in_health() -> None:
    async with fake() as gmail:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(
                "127.0.0.1", gmail.starttls_port, ssl=trust(gmail), server_hostname="localhost"
            )
        async with plain(gmail, port=gmail.tls_port) as client:
            client.writer.write(b"EHLO app.example\r\n")
            await rest(client)
        async with secure(gmail) as client:
            assert (await client.say("NOOP")).startswith("250")


async def test_starttls_takes_no_parameter_and_nothing_behind_it() -> None:
    async with fake() as gmail, plain(gmail) as client:
        await client.reply()
        assert (await client.say("STARTTLS")).startswith("503-5.5.1 EHLO/HELO first.")
        await client.say("EHLO app.example")
        assert await client.say("STARTTLS now") == signed(
            "501 5.7.11 Syntax error (no parameters allowed) <id> - gsmtp"
        )
        client.writer.write(b"STARTTLS\r\nRSET\r\n")
        assert await client.reply() == signed(
            "454-4.5.0 SMTP protocol violation, no commands allowed to pipeline after\n454 4.5.0 STARTTLS <id> - gsmtp"
        )
        assert await client.rest() == ""


async def test_after_starttls_the_client_must_say_its_name_again() -> None:
    async with fake() as gmail, plain(gmail) as client:
        await reach(gmail, client, "ehlo")
        assert (await client.say(auth_plain())).startswith("503-5.5.1 EHLO/HELO first.")
        assert gmail.violations == []


@pytest.mark.parametrize("taken", [True, False])
async def test_after_a_dropped_dot_the_message_may_or_may_not_have_been_taken(taken: bool) -> None:
    async with fake(Knobs(drop_after_dot=True, dropped_is_delivered=taken)) as gmail, logged_in(gmail) as client:
        with pytest.raises((ConnectionError, AssertionError)):
            assert await send(client)
        assert [message.reply for message in gmail.delivered] == ([""] if taken else [])


@pytest.mark.parametrize(("name", "taken"), [("dropped", 1), ("lost", 0), ("stalled", 0)])
async def test_a_recipient_asks_for_an_unknown_outcome(name: str, taken: int) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        with pytest.raises((ConnectionError, AssertionError, TimeoutError)):
            assert await asyncio.wait_for(send(client, f"{name}@any.example"), 0.5)
        assert len(gmail.delivered) == taken


async def test_replies_in_pieces_of_one_byte_say_the_same() -> None:
    async with fake(Knobs(split_replies=1)) as gmail, plain(gmail) as client:
        await reach(gmail, client, "message")
        assert await STEPS["message"](client) == signed("250 2.0.0 OK  1768875001 <id> - gsmtp")


async def test_a_silent_client_is_sent_away() -> None:
    async with fake(Knobs(idle=0.02)) as gmail, plain(gmail) as client:
        await client.reply()
        assert await client.reply() == signed("451 4.4.2 Timeout - closing connection. <id> - gsmtp")
        assert await client.rest() == ""


async def test_many_unknown_and_many_unauthenticated_commands_end_the_session() -> None:
    async with fake(Knobs(unknown_commands=3)) as gmail:
        async with plain(gmail) as client:
            await client.reply()
            replies_heard = await client.send(b"what\r\n" * 3, 3)
            assert replies_heard[2] == signed("502 5.5.1 Too many unrecognized commands, goodbye. <id> - gsmtp")
            assert await client.rest() == ""
        async with secure(gmail) as client:
            heard = await client.codes(b"MAIL FROM:<a@b.example>\r\n" * 4, 4)
            assert heard == ["530", "530", "530", "554"]


async def test_a_line_without_end_ends_the_session() -> None:
    async with fake() as gmail, plain(gmail) as client:
        await client.reply()
        client.writer.write(b"NOOP " + b"x" * 20_000)
        assert (await client.reply()).startswith("500 5.5.2")


async def test_wrong_passwords_close_the_door_to_the_right_one_for_a_while() -> None:
    clock = Clock()
    async with fake(Knobs(failed_logins=2), clock=clock) as gmail, secure(gmail) as client:
        for _ in range(2):
            assert (await client.say(auth_plain(password="wrong"))).startswith("535-5.7.8")
        assert await client.say(auth_plain()) == signed(
            "454 4.7.0 Too many login attempts, please try again later. <id> - gsmtp"
        )
        gmail.knobs.long_many_logins = True
        assert (await client.say(auth_plain())).startswith("454-4.7.0 Too many login attempts")
        clock.now += 3600
        assert await client.say(auth_plain()) == "235 2.7.0 Accepted"
        assert gmail.auth_attempts == 5


async def test_many_right_logins_close_the_door_too() -> None:
    async with fake(Knobs(logins=2)) as gmail:
        for reply in ("235", "235", "454"):
            async with secure(gmail) as client:
                assert (await client.say(auth_plain()))[:3] == reply
        assert gmail.connections == 3


async def test_the_strict_relay_turns_localhost_away() -> None:
    async with fake(Knobs(strict_ehlo=True)) as gmail, plain(gmail) as client:
        await client.reply()
        assert (await client.say("EHLO localhost")).startswith("421-4.7.0 Try again later, closing connection. (EHLO)")
        assert await client.rest() == ""


async def test_a_password_in_a_command_is_masked_in_the_log() -> None:
    async with fake() as gmail, secure(gmail) as client:
        await client.say(auth_plain(password="hunter2hunter2"))
        await client.say(f"LOGIN hunter2hunter2 {NORMAL_PASSWORD} {APP_PASSWORD}")
        assert gmail.log[-2].text == "LOGIN **** **** ****"


async def test_an_unknown_stage_is_an_error_of_the_test() -> None:
    async with fake() as gmail:
        with pytest.raises(ValueError, match=f"never: not one of {STAGES[0]}"):
            gmail.fail_next("never", DROP)


def test_a_blocking_client_talks_to_it_in_a_thread() -> None:
    with in_thread(Knobs(recipients=1)) as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD)
        with smtplib.SMTP_SSL(gmail.host, gmail.tls_port, context=trust(gmail), timeout=SECONDS) as client:
            client.login(USER, APP_PASSWORD)
            gmail.fail_next("data", replies.DAILY_LIMIT)
            with pytest.raises(smtplib.SMTPDataError, match=r"5\.4\.5 Daily user sending limit exceeded"):
                client.sendmail(USER, "bob@example.com", MESSAGE)
            client.rset()
            client.sendmail(USER, "bob@example.com", MESSAGE)
    assert [message.raw for message in gmail.delivered] == [MESSAGE]


def test_the_thread_reports_auth_before_tls() -> None:
    def talk() -> None:
        with in_thread() as gmail, smtplib.SMTP(gmail.host, gmail.starttls_port, timeout=SECONDS) as client:
            client.ehlo()
            assert client.docmd(auth_plain())[0] == 530

    with pytest.raises(AssertionError, match="AUTH PLAIN before TLS"):
        talk()


def test_another_program_finds_it_by_its_first_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.gmail", "--folder", str(tmp_path / "new"), "--account", "bob@gmail.com"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as program:
        try:
            assert program.stdout is not None
            facts = json.loads(program.stdout.readline())
            context = ssl.create_default_context(cafile=facts["ca_file"])
            with smtplib.SMTP(facts["host"], facts["starttls_port"], timeout=SECONDS) as client:
                client.starttls(context=context)
                client.login("bob@gmail.com", facts["app_password"])
                client.sendmail(USER, "bob@example.com", MESSAGE)
            program.terminate()
            assert program.wait(SECONDS) == 0
        finally:
            program.kill()
    assert (tmp_path / "new" / "0001.eml").read_bytes() == MESSAGE
    assert b"DKIM-Signature:" in (tmp_path / "new" / "0001.sent.eml").read_bytes()
    assert json.loads((tmp_path / "new" / "0001.json").read_text())["recipients"] == ["bob@example.com"]
    assert facts["app_password"] not in (tmp_path / "new" / "log.jsonl").read_text()


def test_it_works_on_uvloop_too() -> None:
    uvloop = pytest.importorskip("uvloop")
    gmail = fake()

    def talk() -> None:
        with smtplib.SMTP(gmail.host, gmail.starttls_port, timeout=SECONDS) as client:
            client.starttls(context=trust(gmail))
            client.login(USER, APP_PASSWORD)
            client.sendmail(USER, "bob@example.com", MESSAGE)
        gmail.knobs.certificate = "expired"
        with pytest.raises(ssl.SSLCertVerificationError):
            smtplib.SMTP_SSL(gmail.host, gmail.tls_port, context=trust(gmail), timeout=SECONDS)

    async def scenario() -> None:
        async with gmail:
            await asyncio.to_thread(talk)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())
    assert [message.raw for message in gmail.delivered] == [MESSAGE]


async def test_leaving_with_clients_connected_leaves_nothing_open() -> None:
    async with fake() as gmail:
        _, first = await asyncio.open_connection("127.0.0.1", gmail.starttls_port)
        reader, second = await asyncio.open_connection(
            "127.0.0.1", gmail.tls_port, ssl=trust(gmail), server_hostname="localhost"
        )
        await reader.readline()
        await begin(await logged_in_already(reader, second))
    for writer in (first, second):
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def logged_in_already(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Client:
    client = Client(reader, writer)
    await client.say("EHLO app.example")
    await client.say(auth_plain())
    return client
