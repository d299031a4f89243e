"""The clients that people have, each against the real program; what is absent is skipped.

MAILSLUICE_TEST_NODE_MODULES names the folder with nodemailer; MAILSLUICE_REQUIRE_CLIENTS lists, with spaces between,
the clients whose absence is a failure. Files and scripts: `tests/e2e/clients/`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.e2e.clients import commands, libraries
from tests.e2e.clients.letter import (
    PASSWORD,
    RECIPIENT,
    SENDER,
    SUBJECT,
    TEXT,
    USER,
    Tls,
    assert_arrived,
    errand,
    raw_letter,
    transcript,
)
from tests.e2e.clients.run import program_named, run
from tests.program import Program

Client = Callable[..., bytes | None]

COMMANDS = (commands.swaks, commands.swaks_composing, commands.curl, commands.curl_composing, commands.msmtp)
LIBRARIES = (
    libraries.python_smtplib,
    libraries.python_aiosmtplib,
    libraries.django,
    libraries.nodemailer,
    libraries.phpmailer,
    libraries.ruby_net_smtp,
    libraries.ruby_mail,
    libraries.perl_net_smtp,
    libraries.go_net_smtp,
)
each_client = pytest.mark.parametrize("client", [*COMMANDS, *LIBRARIES], ids=lambda client: client.__name__)
each_tls = pytest.mark.parametrize("tls", ["starttls", "implicit"])


@each_client
def test_a_letter_arrives_as_it_was_sent(client: Client, start: Program.Starter, tmp_path: Path) -> None:
    program = start()
    assert_arrived(program, sent=client(errand(program, tmp_path)))


@each_client
def test_any_user_and_password_will_do(client: Client, start: Program.Starter, tmp_path: Path) -> None:
    program = start()
    sent = client(errand(program, tmp_path, user=USER, password=PASSWORD))
    assert_arrived(program, sent=sent, user=USER)


@each_tls
@each_client
def test_a_letter_arrives_over_tls_that_the_client_verifies(
    client: Client, tls: Tls, start: Program.Starter, tmp_path: Path
) -> None:
    if client is libraries.go_net_smtp and tls == "implicit":
        pytest.skip("Go's SendMail knows STARTTLS only")
    flags, ca = _certificate(tmp_path)
    program = start(*flags, "--smtp-tls" if tls == "implicit" else "--smtp-require-starttls")
    sent = client(errand(program, tmp_path, user=USER, password=PASSWORD, tls=tls, ca=ca))
    assert_arrived(program, sent=sent, user=USER)


def test_a_client_without_tls_is_still_served_where_tls_is_offered(start: Program.Starter, tmp_path: Path) -> None:
    flags, _ = _certificate(tmp_path)
    program = start(*flags)
    libraries.python_smtplib(errand(program, tmp_path))
    assert_arrived(program)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks_pipelines_after_each_way_to_log_in(mechanism: str, start: Program.Starter, tmp_path: Path) -> None:
    program = start()
    job = errand(program, tmp_path, user=USER, password=PASSWORD)
    sent = commands.swaks(job, "--pipeline", "--auth", mechanism)
    assert_arrived(program, sent=sent, user=USER)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"])
def test_curl_logs_in_by_each_mechanism(mechanism: str, start: Program.Starter, tmp_path: Path) -> None:
    program = start()
    job = errand(program, tmp_path, user=USER, password=PASSWORD)
    secret = ("--oauth2-bearer", PASSWORD) if mechanism == "XOAUTH2" else ()
    sent = commands.curl(job, "--login-options", f"AUTH={mechanism}", *secret)
    assert_arrived(program, sent=sent, user=USER)


def test_curl_with_unix_lines_and_crlf_sends_whole_lines(start: Program.Starter, tmp_path: Path) -> None:
    program = start()
    job = errand(program, tmp_path)
    Path(job.letter).write_bytes(raw_letter().replace(b"\r\n", b"\n"))
    commands.curl(job, "--crlf")
    assert_arrived(program, sent=raw_letter())


def test_curl_with_unix_lines_alone_is_kept_as_sent_and_readable(start: Program.Starter, tmp_path: Path) -> None:
    program = start()
    job = errand(program, tmp_path)
    unix = raw_letter().replace(b"\r\n", b"\n")
    Path(job.letter).write_bytes(unix)
    commands.curl(job)
    assert_arrived(program, sent=unix + b"\r\n")  # it ends the data by CRLF, dot, CRLF


def test_phps_mail_goes_through_msmtp(start: Program.Starter, tmp_path: Path) -> None:
    program = start()
    commands.php_mail(errand(program, tmp_path))
    assert_arrived(program, attached=False)


def test_djangos_send_mail_arrives(start: Program.Starter, tmp_path: Path) -> None:
    program = start()
    libraries.django(errand(program, tmp_path), "send_mail")
    message = program.api("message/latest")
    assert message["Subject"] == SUBJECT
    assert message["Text"].splitlines() == TEXT.splitlines()


def test_smtp_source_fills_the_inbox_over_several_sessions(start: Program.Starter, tmp_path: Path) -> None:
    source = program_named("smtp-source")
    program = start()
    job = errand(program, tmp_path)
    Path(job.letter).write_bytes(raw_letter().replace(b"\r\n", b"\n"))
    load = ["-m", "20", "-s", "4", "-r", "2", "-f", SENDER, "-t", RECIPIENT]
    printed = run(source, *load, "-F", job.letter, f"inet:127.0.0.1:{job.port}")
    assert not printed, printed
    messages = program.api("messages")["messages"]
    assert [message["Subject"] for message in messages] == [SUBJECT] * 20
    raw = [program.get(f"/api/v1/message/{message['ID']}/raw")[1] for message in messages]
    assert set(raw) == {raw_letter() + b"\r\n"}  # it ends the last line twice
    envelopes = [[line for line in transcript(program, message["ID"]) if "RCPT TO" in line] for message in messages]
    assert all(len(envelope) == 2 and all(RECIPIENT in line for line in envelope) for envelope in envelopes)


def _certificate(folder: Path) -> tuple[list[str], str]:
    """Flags with a certificate for localhost, and the file of the authority that signed it."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    certificate, key, ca = (folder / name for name in ("server.pem", "server.key", "ca.pem"))
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    authority.cert_pem.write_to_path(str(ca))
    return ["--smtp-tls-cert", str(certificate), "--smtp-tls-key", str(key)], str(ca)
