"""TLS with a real certificate, on both event loops: what is private, what survives, and what is said when it fails."""

import asyncio
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailsluice.errors import SettingsError
from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from mailsluice.smtp.tls import server_context
from tests.smtp_client import SECONDS, Client, connected, deliver, keeping, only_receipt, opened, port_of, raws

Run = Callable[[Coroutine[Any, Any, None]], None]

HANDSHAKE_OF_A_BROWSER = bytes.fromhex("1603010200010001fc0303") + bytes(range(11, 256))


@dataclass(frozen=True)
class Certificates:
    """A server's certificate in files, and the context of a client that trusts it."""

    pem: str
    key: str
    chain: str
    client: ssl.SSLContext
    stranger: ssl.SSLContext


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder, authority = tmp_path_factory.mktemp("certificates"), trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "both.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "chain.pem"))
    client, stranger = ssl.create_default_context(), ssl.create_default_context()
    authority.configure_trust(client)
    return Certificates(str(folder / "both.pem"), str(folder / "key.pem"), str(folder / "chain.pem"), client, stranger)


def new_loop(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if name == "asyncio":
        return asyncio.new_event_loop
    return pytest.importorskip("uvloop").new_event_loop  # type: ignore[no-any-return]  # the module has no type here


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine on a loop of this kind."""

    def run(coroutine: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=new_loop(request.param)) as runner:
            runner.run(asyncio.wait_for(coroutine, 60))

    return run


def starttls(certificates: Certificates, **more: Any) -> dict[str, Any]:
    return {"smtp_tls_cert": certificates.pem, **more}


def test_smtplib_starts_tls_and_authenticates(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates
) -> None:
    def send(port: int) -> None:
        with smtplib.SMTP("localhost", port, timeout=SECONDS) as client:
            client.starttls(context=certificates.client)
            client.login("ada", "s3cret")
            client.sendmail("a@b.example", "c@d.example", "Subject: private\r\n\r\nhi")

    async def scenario() -> None:
        async with opened(tmp_path, settings, **starttls(certificates)) as sandbox:
            await asyncio.to_thread(send, port_of(sandbox))
            facts = (await only_receipt(sandbox)).session
            assert facts.tls.startswith("TLSv1.3 TLS_")
            assert facts.user == "ada"
            assert facts.warnings == ()

    run(scenario())


def test_smtplib_speaks_implicit_tls(run: Run, tmp_path: Path, settings: Settings, certificates: Certificates) -> None:
    def send(port: int) -> None:
        with smtplib.SMTP_SSL("localhost", port, timeout=SECONDS, context=certificates.client) as client:
            client.sendmail("a@b.example", "c@d.example", "Subject: private\r\n\r\nhi")

    async def scenario() -> None:
        async with opened(tmp_path, settings, **starttls(certificates, smtp_tls=True)) as sandbox:
            await asyncio.to_thread(send, port_of(sandbox))
            assert (await only_receipt(sandbox)).session.tls.startswith("TLSv1.3 ")

    run(scenario())


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
def test_two_megabytes_full_of_dots_arrive_exactly(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates, implicit: bool
) -> None:
    content = b"".join(b"." * (number % 4) + b"line %d\r\n" % number for number in range(150_000))
    stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    options: dict[str, Any] = {"ssl": certificates.client, "server_hostname": "localhost"} if implicit else {}

    async def scenario() -> None:
        async with (
            opened(tmp_path, settings, **starttls(certificates, smtp_tls=implicit)) as sandbox,
            connected(sandbox, **options) as client,
        ):
            if not implicit:
                await client.start_tls(certificates.client)
            await client.say("EHLO app.example")
            await deliver(client, stuffed)
            assert await raws(sandbox) == [content]
            assert client.reader.at_eof() is False

    run(scenario())


def test_what_was_said_in_the_clear_is_forgotten(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates
) -> None:
    async def scenario() -> None:
        async with opened(tmp_path, settings, **starttls(certificates)) as sandbox, connected(sandbox) as client:
            await client.say("EHLO before.example")
            await client.say("AUTH PLAIN AGFkYQBzM2NyZXQ=")
            await client.say("MAIL FROM:<a@b.example>")
            await client.say("RCPT TO:<before@d.example>")
            await client.start_tls(certificates.client)
            assert (await client.say("RCPT TO:<c@d.example>")).startswith("503 5.5.1")
            assert (await client.say("AUTH PLAIN AGFkYQBzM2NyZXQ=")).startswith("503 5.5.1")
            await client.say("EHLO after.example")
            await deliver(client)
            receipt = await only_receipt(sandbox)
            assert receipt.session.helo == "after.example"
            assert receipt.session.user == ""
            assert [one.address for one in receipt.envelope.recipients] == ["c@d.example"]

    run(scenario())


def test_a_second_starttls_is_refused_and_the_session_goes_on(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates
) -> None:
    async def scenario() -> None:
        async with opened(tmp_path, settings, **starttls(certificates)) as sandbox, connected(sandbox) as client:
            assert (await client.say("STARTTLS now")).startswith("501 5.5.4")
            await client.start_tls(certificates.client)
            assert (await client.say("STARTTLS")).startswith("503 5.5.1")
            await client.say("EHLO app.example")
            await deliver(client)

    run(scenario())


@pytest.mark.parametrize(
    "injected",
    [b"EHLO evil\r\nMAIL FROM:<evil@b.example>\r\n", b"RSET\r\n", b"\r\n", b"x", HANDSHAKE_OF_A_BROWSER],
    ids=["commands", "rset", "blank", "byte", "handshake"],
)
@pytest.mark.parametrize("apart", [False, True], ids=["one-packet", "after-the-220"])
def test_nothing_injected_behind_starttls_survives_it(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates, injected: bytes, apart: bool
) -> None:
    async def scenario() -> None:
        async with (
            opened(tmp_path, settings, **starttls(certificates)) as sandbox,
            keeping(sandbox) as kept,
            connected(sandbox) as client,
        ):
            await client.say("EHLO app.example")
            if apart:
                await client.say("STARTTLS")
                client.writer.write(injected + b"QUIT\r\n" * 100)
                assert (await _rest_or_reset(client))[:1] not in {b"2", b"5"}
            else:
                assert (await client.send(b"STARTTLS\r\n" + injected, 1))[0].startswith("220 2.0.0 ")
                with pytest.raises((ConnectionError, ssl.SSLError)):
                    await client.writer.start_tls(certificates.client, server_hostname="localhost")
        if not apart:
            assert kept[0].outcome == "sent more behind STARTTLS before TLS began"
        assert kept[0].outcome.startswith(("sent more behind STARTTLS", "TLS failed: "))
        assert "evil" not in "".join(kept[0].transcript)

    run(scenario())


async def _rest_or_reset(client: Client) -> bytes:
    try:
        return await asyncio.wait_for(client.reader.read(), SECONDS)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "greeting", [b"EHLO app.example\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01 garbage", b"\0" * 99]
)
@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
def test_a_handshake_that_is_none_is_kept_with_its_reason(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates, greeting: bytes, implicit: bool
) -> None:
    async def scenario() -> None:
        async with (
            opened(tmp_path, settings, **starttls(certificates, smtp_tls=implicit, idle_timeout=1)) as sandbox,
            keeping(sandbox) as kept,
            connected(sandbox, greeting="" if implicit else "220 ") as client,
        ):
            if not implicit:
                assert (await client.say("STARTTLS")).startswith("220 ")
            client.writer.write(greeting)
            assert b"2" not in await _rest_or_reset(client)
        assert kept[0].outcome.startswith("TLS failed: ")
        assert "\n" not in kept[0].outcome
        assert kept[0].facts.tls == ""

    run(scenario())


def test_a_client_that_does_not_trust_the_certificate_is_kept_with_the_reason(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates
) -> None:
    def send(port: int) -> None:
        with smtplib.SMTP("localhost", port, timeout=SECONDS) as client, pytest.raises(ssl.SSLCertVerificationError):
            client.starttls(context=certificates.stranger)

    async def scenario() -> None:
        async with opened(tmp_path, settings, **starttls(certificates)) as sandbox, keeping(sandbox) as kept:
            await asyncio.to_thread(send, port_of(sandbox))
        assert kept[0].outcome == "TLS failed: TLSV1_ALERT_UNKNOWN_CA"

    run(scenario())


def test_a_client_that_leaves_in_the_middle_of_a_handshake_is_forgotten(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates
) -> None:
    async def scenario() -> None:
        only_one = starttls(certificates, max_sessions=1)
        async with opened(tmp_path, settings, **only_one) as sandbox:
            async with keeping(sandbox) as kept, connected(sandbox) as client:
                await client.say("STARTTLS")
                client.writer.write(HANDSHAKE_OF_A_BROWSER[:40])
            assert kept[0].outcome.startswith("TLS failed: the client left in the middle of the handshake")
            async with connected(sandbox) as client:
                assert (await client.say("NOOP")).startswith("250 ")

    run(scenario())


def test_a_client_that_waits_for_a_greeting_on_an_implicit_tls_port_is_cut_off_with_the_reason(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates
) -> None:
    async def scenario() -> None:
        async with (
            opened(tmp_path, settings, **starttls(certificates, smtp_tls=True, idle_timeout=1)) as sandbox,
            keeping(sandbox) as kept,
            connected(sandbox, greeting="") as client,
        ):
            assert await _rest_or_reset(client) == b""
        assert kept[0].outcome.startswith("TLS did not begin: the client waited for a greeting")

    run(scenario())


def test_a_client_that_begins_a_handshake_and_stops_is_cut_off_with_the_reason(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates
) -> None:
    async def scenario() -> None:
        async with (
            opened(tmp_path, settings, **starttls(certificates, smtp_tls=True, idle_timeout=1)) as sandbox,
            keeping(sandbox) as kept,
            connected(sandbox, greeting="") as client,
        ):
            client.writer.write(HANDSHAKE_OF_A_BROWSER[:40])
            assert await _rest_or_reset(client) == b""
        assert kept[0].outcome.startswith("TLS failed: SSL handshake is taking longer than 1")

    run(scenario())


def test_a_session_too_many_hears_no_plain_text_on_an_implicit_tls_port(
    run: Run, tmp_path: Path, settings: Settings, certificates: Certificates
) -> None:
    async def scenario() -> None:
        async with (
            opened(tmp_path, settings, **starttls(certificates, smtp_tls=True, max_sessions=1)) as sandbox,
            connected(sandbox, ssl=certificates.client, server_hostname="localhost"),
            connected(sandbox, greeting="") as second,
        ):
            assert await _rest_or_reset(second) == b""

    run(scenario())


@pytest.mark.parametrize("hello", [HANDSHAKE_OF_A_BROWSER, HANDSHAKE_OF_A_BROWSER.replace(b"\n", b"_"), b"\x16"])
async def test_tls_on_a_plain_port_is_told_at_once(sandbox: Sandbox, hello: bytes) -> None:
    async with keeping(sandbox) as kept, connected(sandbox) as client:
        client.writer.write(hello)
        assert (await client.rest()).startswith("554 5.7.0 This port does not begin with TLS")
    assert kept[0].outcome == "spoke TLS to a port that does not begin with it"


async def test_required_tls_refuses_everything_of_a_message_without_losing_its_place(
    tmp_path: Path, settings: Settings, certificates: Certificates
) -> None:
    required = starttls(certificates, smtp_require_starttls=True)
    async with (
        opened(tmp_path, settings, **required) as sandbox,
        keeping(sandbox) as kept,
        connected(sandbox) as client,
    ):
        stream = b"EHLO x\r\nAUTH LOGIN\r\nYWRh\r\nczNjcmV0\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
        codes = await client.codes(stream + b"BDAT 6\r\nQUIT\r\nBDAT 0 LAST\r\nVRFY x\r\nRSET\r\n", 11)
        assert codes == ["250", "530", "500", "500", "530", "530", "530", "530", "530", "530", "250"]
        await client.start_tls(certificates.client)
        await client.say("EHLO x")
        assert (await client.say("AUTH PLAIN AGFkYQBzM2NyZXQ=")).startswith("235 ")
        await deliver(client)
    assert kept[0].captured == 1
    assert kept[0].rejected == 1
    assert not [word for word in ("YWRh", "czNjcmV0") if word in "".join(kept[0].transcript)]


async def test_a_chunk_of_unknown_size_before_required_tls_ends_the_session(
    tmp_path: Path, settings: Settings, certificates: Certificates
) -> None:
    required = starttls(certificates, smtp_require_starttls=True)
    async with opened(tmp_path, settings, **required) as sandbox, connected(sandbox) as client:
        client.writer.write(b"BDAT many\r\nNOOP\r\n")
        answer = await client.rest()
    assert answer.startswith("501 5.5.4 ")
    assert answer.count("\n") == 1


def test_a_certificate_may_come_in_one_file_or_in_two(settings: Settings, certificates: Certificates) -> None:
    assert server_context(settings) is None
    assert server_context(replace(settings, smtp_tls_cert=certificates.pem)) is not None
    two = replace(settings, smtp_tls_cert=certificates.chain, smtp_tls_key=certificates.key)
    assert server_context(two) is not None


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--smtp-tls-cert", "{folder}/none.pem"], "--smtp-tls-cert: no certificate with its key in"),
        (["--smtp-tls-cert", "{folder}"], "--smtp-tls-cert: no certificate with its key in"),
        (["--smtp-tls-cert", "{folder}/empty.pem"], "--smtp-tls-cert: no certificate with its key in"),
        (["--smtp-tls-cert", "{chain}"], "--smtp-tls-cert: no certificate with its key in"),
        (["--smtp-tls-cert", "{chain}", "--smtp-tls-key", "{other}"], "belong together"),
        (["--smtp-tls-cert", "{folder}/locked.pem"], "the key is protected by a password"),
        (["--smtp-tls-key", "{key}"], "--smtp-tls-key needs a certificate: name one with --smtp-tls-cert FILE"),
        (["--smtp-tls"], "--smtp-tls needs a certificate"),
        (["--smtp-require-starttls"], "--smtp-require-starttls needs a certificate"),
    ],
)
def test_a_certificate_that_will_not_do_is_one_line(
    tmp_path: Path, certificates: Certificates, flags: list[str], reason: str
) -> None:
    (tmp_path / "empty.pem").touch()
    _lock(Path(certificates.pem), tmp_path / "locked.pem")
    other = tmp_path / "other.pem"
    trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(str(other))
    places = {"folder": tmp_path, "chain": certificates.chain, "key": certificates.key, "other": other}
    names = {"--smtp-tls-cert": "smtp_tls_cert", "--smtp-tls-key": "smtp_tls_key"}
    changes: dict[str, Any] = {}
    for flag, value in zip(flags, [*flags[1:], ""], strict=True):
        if flag in names:
            changes[names[flag]] = value.format(**places)
        elif flag.startswith("--"):
            changes[flag.removeprefix("--").replace("-", "_")] = True
    with pytest.raises(SettingsError, match=reason) as caught:
        server_context(replace(Settings(), **changes))
    assert "\n" not in str(caught.value)


def _lock(source: Path, target: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form

    pem = source.read_bytes()
    key = form.load_pem_private_key(pem, None)
    locked = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(b"password"))
    target.write_bytes(locked + pem[pem.index(b"-----BEGIN CERT") :])


def test_the_program_says_it_in_one_line_and_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mailsluice", "-s", "127.0.0.1:0", "-l", "127.0.0.1:0", "-d", ":memory:"]
    ended = subprocess.run(
        [*command, "--smtp-tls-cert", str(tmp_path / "none.pem")], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "--smtp-tls-cert" in ended.stderr
