"""`mailsluice send-test`: put realistic messages into the running instance, over SMTP as an app would."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import smtplib

    from mailsluice.samples import Sample


@click.command("send-test")
@click.option("--smtp", metavar="HOST:PORT", help="Where to send; without it, the instance that runs here is found.")
@click.option("--to", "recipient", metavar="ADDR", default="you@example.com", show_default=True, help="The recipient.")
def send_test(smtp: str | None, recipient: str) -> None:
    """Send realistic messages: plain, HTML with picture and PDF, an invite, Japanese, a code, a broken one."""
    from datetime import UTC, datetime

    from mailsluice import instance
    from mailsluice.samples import sample_messages

    if not _is_plain_address(recipient):
        raise click.UsageError(f"--to: {recipient!r} will not do; write an address such as you@example.com")
    running = instance.find() if smtp is None else None
    if smtp is None and running is None:
        raise click.ClickException(
            "no running Mailsluice found: start it with `mailsluice`, or name it with --smtp HOST:PORT"
        )
    address = running.smtp if running else smtp or ""
    _send(address, sample_messages(recipient=recipient, now=datetime.now(UTC).astimezone()))
    if running:
        click.echo(f"Read them at {running.url}")


def _is_plain_address(text: str) -> bool:
    # It goes into SMTP commands and headers as it stands: no line end, no bracket, nothing that needs encoding.
    local, _, domain = text.rpartition("@")
    return bool(local and domain) and text.isascii() and text.isprintable() and not set(text) & set(' <>()[],;:"\\')


def _send(address: str, samples: "tuple[Sample, ...]") -> None:
    try:
        with _connect(address) as client:
            client.ehlo_or_helo_if_needed()
            for sample in samples:
                code, text = _deliver(client, sample)
                click.echo(f"{sample.name:<18} {code} {text}")
                if code != 250:
                    raise click.ClickException(f"the server at {address} did not take {sample.name}")
    except OSError as error:  # smtplib's own errors are OSErrors, too
        raise click.ClickException(f"cannot send to {address}: {error}") from error


def _connect(address: str) -> "smtplib.SMTP":
    """A greeted connection to `HOST:PORT`, `[IPV6]:PORT`, `PORT` or `unix:/PATH`."""
    import smtplib
    import socket

    from mailsluice.options import parse_endpoint

    class UnixSMTP(smtplib.SMTP):
        """smtplib dials host and port only; here the host is a socket's path."""

        def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(timeout)
            connection.connect(host)
            return connection

    try:
        endpoint = parse_endpoint(address)
    except ValueError as error:
        raise click.UsageError(f"--smtp: {address!r} will not do; {error}") from error
    # Without local_hostname, smtplib asks DNS for the name of this machine.
    if endpoint.path:
        return UnixSMTP(str(endpoint.path), local_hostname="localhost", timeout=30)
    host = {"": "localhost", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(endpoint.host, endpoint.host)  # noqa: S104  # dialled
    return smtplib.SMTP(host, endpoint.port, local_hostname="localhost", timeout=30)


def _deliver(client: "smtplib.SMTP", sample: "Sample") -> tuple[int, str]:
    """The first reply that refuses, or the one to the whole message."""
    options = ["BODY=8BITMIME"] if client.has_extn("8bitmime") and not sample.raw.isascii() else []
    code, text = client.mail(sample.sender, options)
    for recipient in sample.recipients:
        if code == 250:
            code, text = client.rcpt(recipient)
    if code == 250:
        # Bytes, not a string: smtplib then rewrites no line end, and dot-stuffs after LF, which is exact for CRLF text.
        code, text = client.data(sample.raw)
    return code, text.decode("utf-8", "replace")
