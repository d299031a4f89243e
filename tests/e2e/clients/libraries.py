"""Clients that are libraries; each returns the bytes that it was given to send, or None where it composed them."""

import asyncio
import os
import smtplib
import ssl
import sys
from pathlib import Path

import pytest

from tests.e2e.clients.letter import HIDDEN, Errand, composed, raw_letter
from tests.e2e.clients.run import SCRIPTS, absent, module_named, program_named, run, run_script, runs

_PHPMAILER = ("/usr/share/php/libphp-phpmailer/src", "/usr/share/php/PHPMailer/src")


def python_smtplib(errand: Errand) -> None:
    """`send_message`, which takes the Bcc header out."""
    context = ssl.create_default_context(cafile=errand.ca) if errand.tls else None
    connection = (
        smtplib.SMTP_SSL(errand.host, errand.port, context=context)
        if errand.tls == "implicit"
        else smtplib.SMTP(errand.host, errand.port)
    )
    with connection as client:
        if errand.tls == "starttls":
            client.starttls(context=context)
        if errand.user:
            client.login(errand.user, errand.password)
        message = composed()
        message["Bcc"] = HIDDEN
        assert client.send_message(message) == {}


def python_aiosmtplib(errand: Errand) -> None:
    """aiosmtplib's `send`."""
    aiosmtplib = module_named("aiosmtplib")
    message = composed()
    message["Bcc"] = HIDDEN
    _, reply = asyncio.run(
        aiosmtplib.send(
            message,
            hostname=errand.host,
            port=errand.port,
            username=errand.user or None,
            password=errand.password or None,
            start_tls=errand.tls == "starttls",
            use_tls=errand.tls == "implicit",
            tls_context=ssl.create_default_context(cafile=errand.ca) if errand.tls else None,
        )
    )
    assert reply.startswith("2.0.0 Ok"), reply


def django(errand: Errand, how: str = "message") -> None:
    """Django's backend; it trusts the file that SSL_CERT_FILE names."""
    module_named("django")
    command = [sys.executable, str(SCRIPTS / "django_app.py"), how]
    assert run(*command, input=errand.as_json(), environment=_trust(errand)) == ""


def nodemailer(errand: Errand) -> None:
    """nodemailer, from the `node_modules` that MAILSLUICE_TEST_NODE_MODULES names."""
    node, modules = program_named("node"), os.environ.get("MAILSLUICE_TEST_NODE_MODULES", "")
    if not (Path(modules) / "nodemailer").is_dir():
        absent("nodemailer", " in MAILSLUICE_TEST_NODE_MODULES")
    run_script(node, "nodemailer.js", errand=errand, environment={"NODE_PATH": modules})


def phpmailer(errand: Errand) -> None:
    """PHPMailer, where Debian puts it."""
    php = program_named("php")
    folder = next((folder for folder in _PHPMAILER if Path(folder, "PHPMailer.php").is_file()), None)
    command = [php, str(SCRIPTS / "phpmailer.php"), folder or absent("phpmailer")]
    assert run(*command, input=errand.as_json()) == ""


def ruby_net_smtp(errand: Errand) -> bytes:
    """Ruby's Net::SMTP."""
    run_script(_ruby("net/smtp"), "net_smtp.rb", errand=errand)
    return raw_letter()


def ruby_mail(errand: Errand) -> None:
    """Ruby's mail gem."""
    run_script(_ruby("mail"), "mail_gem.rb", errand=errand)


def perl_net_smtp(errand: Errand) -> bytes:
    """Perl's Net::SMTP."""
    perl = program_named("perl")
    needed = ["Net::SMTP", *["Authen::SASL"][: bool(errand.user)], *["IO::Socket::SSL"][: bool(errand.tls)]]
    for module in needed:
        if not runs(perl, f"-M{module}", "-e1"):
            absent(module)
    run_script(perl, "net_smtp.pl", errand=errand)
    return raw_letter()


def go_net_smtp(errand: Errand) -> bytes:
    """Go's net/smtp, built without modules and without the network."""
    go = program_named("go")
    if not os.environ.get("GOCACHE"):
        pytest.skip("go is here, but GOCACHE names no folder: without one, each run builds the standard library anew")
    environment = {"GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOPROXY": "off", "CGO_ENABLED": "0"}
    run_script(go, "run", "smtp.go", errand=errand, environment=environment | _trust(errand))
    return raw_letter()


def _ruby(library: str) -> str:
    ruby = program_named("ruby")
    return ruby if runs(ruby, f"-r{library}", "-e1") else absent(f"ruby's {library}")


def _trust(errand: Errand) -> dict[str, str]:
    return {"SSL_CERT_FILE": errand.ca} if errand.tls else {}
