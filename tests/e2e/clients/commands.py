"""Clients that are commands; each returns the bytes that it was given to send, or None where it composed them."""

from pathlib import Path

from tests.e2e.clients.letter import HIDDEN, NAME, RECIPIENT, SENDER, SUBJECT, TEXT, Errand, raw_letter
from tests.e2e.clients.run import SCRIPTS, program_named, run


def swaks(errand: Errand, *flags: str) -> bytes:
    """swaks with a file; `flags` are further ones."""
    _swaks(errand, "--data", f"@{errand.letter}", *flags)
    return raw_letter() + b"\r\n"  # before its final dot it ends the line, whether or not it has ended


def swaks_composing(errand: Errand) -> None:
    """swaks with a subject, a text and an attachment."""
    text = ["--attach-type", "text/plain; charset=utf-8", "--attach-body", TEXT]
    file = ["--attach-type", "application/octet-stream", "--attach-name", NAME, "--attach", f"@{errand.attachment}"]
    _swaks(errand, "--h-To", RECIPIENT, "--h-Subject", SUBJECT, *text, *file)


def _swaks(errand: Errand, *flags: str) -> None:
    secure = {"": [], "starttls": ["--tls"], "implicit": ["--tls-on-connect"]}[errand.tls]
    if errand.tls:
        secure += ["--tls-verify", "--tls-ca-path", errand.ca]
    login = ["--auth", "--auth-user", errand.user, "--auth-password", errand.password] if errand.user else []
    envelope = ["--from", SENDER, "--to", f"{RECIPIENT},{HIDDEN}", "--helo", "client.example"]
    server = ["--server", errand.host, "--port", str(errand.port)]
    printed = run(program_named("swaks"), *server, *secure, *login, *envelope, *flags)
    assert "<** " not in printed, printed  # swaks' mark of a refusal
    assert "*** " not in printed, printed  # and of a complaint of its own


def curl(errand: Errand, *flags: str) -> bytes:
    """curl with a file; `flags` are further ones."""
    _curl(errand, "--upload-file", errand.letter, *flags)
    return raw_letter()


def curl_composing(errand: Errand) -> None:
    """curl with a form: a text and an attachment."""
    headers = [f"From: {SENDER}", f"To: {RECIPIENT}", f"Subject: {SUBJECT}"]
    text = Path(errand.letter).with_suffix(".txt")
    text.write_text(TEXT.replace("\n", "\r\n"), encoding="utf-8", newline="")
    file = f"=@{errand.attachment};filename={NAME};encoder=base64"
    _curl(
        errand,
        *(word for one in headers for word in ("--header", one)),
        "--form",
        f"=<{text};type=text/plain; charset=utf-8",
        "--form",
        file,
    )


def _curl(errand: Errand, *flags: str) -> None:
    scheme = "smtps" if errand.tls == "implicit" else "smtp"
    secure = ["--ssl-reqd", "--cacert", errand.ca] if errand.tls else []
    login = ["--user", f"{errand.user}:{errand.password}"] if errand.user else []
    envelope = ["--mail-from", SENDER, "--mail-rcpt", RECIPIENT, "--mail-rcpt", HIDDEN]
    url = f"{scheme}://{errand.host}:{errand.port}/client.example"
    printed = run(program_named("curl"), "--silent", "--show-error", *secure, *login, *envelope, *flags, url)
    assert not printed, printed


def msmtp(errand: Errand) -> bytes:
    """msmtp, told the recipients by a Bcc header that it takes out."""
    letter = raw_letter()
    command = msmtp_command(errand, "--read-recipients", f"--from={SENDER}")
    printed = run(*command, input=letter.replace(b"To:", f"Bcc: {HIDDEN}\r\nTo:".encode(), 1))
    assert not printed, printed
    return letter


def msmtp_command(errand: Errand, *flags: str) -> list[str]:
    """msmtp as somebody without a configuration file calls it."""
    secure = ["--tls=on", f"--tls-trust-file={errand.ca}"] if errand.tls else ["--tls=off"]
    secure += ["--tls-starttls=off"] if errand.tls == "implicit" else []
    echo = f"--passwordeval=echo {errand.password}"
    # `--auth=on` would be CRAM-MD5 or nothing without TLS, whatever the server offers.
    login = ["--auth=plain", f"--user={errand.user}", echo] if errand.user else ["--auth=off"]
    where = [f"--host={errand.host}", f"--port={errand.port}"]
    return [program_named("msmtp"), *where, *secure, *login, *flags]


def php_mail(errand: Errand) -> None:
    """PHP's mail(), which hands over to a `sendmail`: msmtp."""
    php = program_named("php")
    command = msmtp_command(errand, "--read-recipients", f"--from={SENDER}")
    assert not any("'" in word for word in command)
    sendmail = " ".join(f"'{word}'" for word in command)
    printed = run(php, "-d", f'sendmail_path="{sendmail}"', str(SCRIPTS / "mail.php"), input=errand.as_json())
    assert not printed, printed
