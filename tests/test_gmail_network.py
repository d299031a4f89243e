"""Trouble on the way to a smarthost, told from exceptions as the system and libraries raise them."""

import socket
import ssl

import pytest
from aiosmtplib import SMTPConnectError, SMTPConnectTimeoutError, SMTPServerDisconnected

from mailsluice.gmail.network import explain, interceptor
from mailsluice.gmail.troubles import TROUBLES
from mailsluice.gmail.verdict import Stage, Verdict


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


def told(error: BaseException | str, stage: Stage, *, port: int = 587, security: str = "starttls") -> Verdict:
    return explain(error, stage=stage, host="smtp.gmail.com", port=port, security=security)


@pytest.mark.parametrize(
    ("error", "stage", "cause"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), Stage.NAME, "unknown-name"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), Stage.NAME, "no-resolver"),
        (UnicodeError("label too long"), Stage.NAME, "unknown-name"),
        (ConnectionRefusedError(111, "x"), Stage.CONNECT, "refused"),
        (OSError(113, "No route to host"), Stage.CONNECT, "unreachable"),
        (OSError(101, "Network is unreachable"), Stage.CONNECT, "unreachable"),
        (TimeoutError(), Stage.CONNECT, "timeout"),
        (TimeoutError(), Stage.GREETING, "silent"),
        (TimeoutError(), Stage.DATA, "stalled"),
        (SMTPConnectTimeoutError("x"), Stage.CONNECT, "timeout"),
        (SMTPServerDisconnected("x"), Stage.AUTH, "closed"),
        (ConnectionResetError(104, "x"), Stage.EHLO, "closed"),
        (ssl.SSLEOFError(8, "EOF"), Stage.TLS, "closed"),
        (certificate_error(10), Stage.TLS, "expired"),
        (certificate_error(9), Stage.TLS, "not-yet-valid"),
        (certificate_error(62), Stage.TLS, "wrong-name"),
        (certificate_error(64), Stage.TLS, "wrong-name"),
        (certificate_error(18), Stage.TLS, "unknown-issuer"),
        (certificate_error(19), Stage.TLS, "unknown-issuer"),
        (certificate_error(20), Stage.TLS, "unknown-issuer"),
        (tls_error("UNSUPPORTED_PROTOCOL"), Stage.TLS, "tls"),
        (RuntimeError("x"), Stage.EHLO, "unknown"),
    ],
)
def test_an_error_has_a_cause(error: BaseException, stage: Stage, cause: str) -> None:
    assert told(error, stage).cause == cause


def test_the_cause_within_a_library_s_error_counts() -> None:
    error = SMTPConnectError("Error connecting")
    error.__cause__ = certificate_error(62)
    assert told(error, Stage.TLS).cause == "wrong-name"
    endless = OSError("x")
    endless.__cause__ = OSError("y")
    endless.__cause__.__cause__ = endless
    assert told(endless, Stage.CONNECT).cause == "unknown"


def test_tls_at_once_on_a_starttls_port_is_told_with_both_ports() -> None:
    verdict = told(tls_error("WRONG_VERSION_NUMBER"), Stage.TLS, security="tls")
    assert verdict.cause == "tls-on-plain-port"
    assert "465" in verdict.remedy


@pytest.mark.parametrize("error", [TimeoutError(), SMTPServerDisconnected("x")])
def test_waiting_for_a_greeting_on_a_tls_port_is_told_with_both_ports(error: Exception) -> None:
    verdict = told(error, Stage.GREETING, port=465)
    assert verdict.cause == "plain-on-tls-port"
    assert "587" in verdict.remedy


@pytest.mark.parametrize(("port", "other"), [(587, "465"), (465, "587"), (25, "587")])
def test_a_blocked_port_names_the_other_one(port: int, other: str) -> None:
    verdict = told(TimeoutError(), Stage.CONNECT, port=port, security="tls")
    assert "blocked" in verdict.meaning
    assert other in verdict.remedy


def test_whatever_fails_after_the_final_dot_leaves_the_outcome_unknown_and_is_not_sent_again() -> None:
    for error in (TimeoutError(), ConnectionResetError(104, "x"), SMTPServerDisconnected("x"), OSError(5, "x")):
        verdict = told(error, Stage.MESSAGE)
        assert (verdict.cause, verdict.retry_after) == ("unknown-outcome", None)
        assert "Sent" in verdict.remedy


def test_the_greeting_of_another_protocol_is_not_repeated() -> None:
    class NotSmtp(Exception):
        pass

    verdict = told(NotSmtp("SSH-2.0-OpenSSH_9.9 internal-host"), Stage.GREETING)
    assert verdict.cause == "not-smtp"
    assert "SSH" not in verdict.meaning + verdict.remedy


@pytest.mark.parametrize(
    ("issuer", "host", "is_between"),
    [
        ("Avast Web/Mail Shield Root", "mail.example.com", True),
        ("Kaspersky Anti-Virus Personal Root Certificate", "mail.example.com", True),
        ("ACME Corp Proxy CA", "smtp.gmail.com", True),
        ("WR2 (Google Trust Services)", "smtp.gmail.com", False),
        ("GTS Root R1", "smtp.gmail.com", False),
        ("My own CA", "mail.example.com", False),
        ("", "smtp.gmail.com", False),
    ],
)
def test_who_opens_the_encryption_is_recognised_by_the_issuer(issuer: str, host: str, is_between: bool) -> None:
    assert bool(interceptor(issuer, host=host)) is is_between
    verdict = explain(certificate_error(19), stage=Stage.TLS, host=host, port=465, issuer=issuer)
    assert verdict.cause == ("intercepted" if is_between else "unknown-issuer")
    assert (issuer or "somebody unknown") in verdict.meaning
    assert "CA file" in verdict.remedy


def test_an_issuer_s_name_cannot_write_on_a_terminal() -> None:
    verdict = explain("unknown-issuer", stage=Stage.TLS, host="a.example", port=465, issuer="A\x1b[31m{host}\n")
    assert verdict.meaning.isprintable()
    assert "{host}" in verdict.meaning


@pytest.mark.parametrize("kind", TROUBLES)
def test_each_kind_is_two_whole_sentences(kind: str) -> None:
    verdict = told(kind, Stage.CONNECT)
    assert verdict.cause == kind
    for sentence in (verdict.meaning, verdict.remedy):
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_a_kind_that_is_not_known_is_told_as_unknown() -> None:
    assert told("weather", Stage.CONNECT).cause == "unknown"
