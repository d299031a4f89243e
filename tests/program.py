"""The real program as a child process, and a real SMTP client for it."""

import http.client
import json
import os
import re
import signal
import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from types import TracebackType
from typing import Any


class Program:
    """A running `mailsluice` on free ports; `smtp_port` and `url` are known once it has greeted."""

    Starter = Callable[..., "Program"]

    def __init__(
        self,
        *flags: str,
        command: tuple[str, ...] = ("-m", "mailsluice"),
        environment: dict[str, str] | None = None,
    ) -> None:
        self.console = tempfile.TemporaryFile("w+")  # noqa: SIM115  # a pipe that nobody reads would fill and block
        self.process = subprocess.Popen(
            [sys.executable, *command, "-s", "127.0.0.1:0", "-l", "127.0.0.1:0", *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.console,
            text=True,
            env=os.environ | (environment or {}),
        )

    def __enter__(self) -> "Program":
        assert self.process.stdout is not None
        self.greeting = [self.process.stdout.readline() for _ in range(3)]
        if not self.greeting[2]:
            raise AssertionError(f"did not start: {self.complaints()}")
        found = re.search(r"app at localhost:(\d+)", self.greeting[1])
        self.smtp_port = int(found[1]) if found else 0
        self.url = self.greeting[2].partition(" via ")[2].split()[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.console.close()

    @property
    def web_port(self) -> int:
        return int(self.url.rpartition(":")[2].strip("/"))

    def wait_until_ready(self) -> None:
        """Return as soon as /readyz says yes."""
        command = [sys.executable, "-m", "mailsluice", "readyz", "--wait", "--url", self.url]
        subprocess.run(command, check=True, timeout=60)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; exit code and complaints."""
        self.process.send_signal(number)
        self.process.communicate(timeout=10)
        return self.process.returncode, self.complaints()

    def complaints(self) -> str:
        """What it printed to stderr but for one line a capture."""
        self.console.seek(0)
        return "".join(line for line in self.console if " INFO captured " not in line)

    def send(
        self, raw: bytes, sender: str = "ada@example.com", recipients: tuple[str, ...] = ("b@example.org",)
    ) -> str:
        """Send a message; the id that the server gave."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=30) as client:
            return deliver(client, raw, sender, recipients)

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """GET a path; status and body."""
        return self.request("GET", path, headers=headers)

    def request(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Any request; status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web_port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def api(self, path: str) -> Any:
        """GET JSON below /api/v1/."""
        status, body = self.get(f"/api/v1/{path}")
        assert status == 200, body
        return json.loads(body)


def deliver(client: smtplib.SMTP, raw: bytes, sender: str, recipients: tuple[str, ...]) -> str:
    """One transaction with the bytes exactly as they are (`smtplib.data` would mend line ends); the id given."""
    client.ehlo_or_helo_if_needed()
    code, reply = client.mail(sender)
    assert code == 250, reply
    for recipient in recipients:
        code, reply = client.rcpt(recipient)
        assert code == 250, reply
    code, reply = client.docmd("DATA")
    assert code == 354, reply
    client.send(dot_stuffed(raw))
    code, reply = client.getreply()
    assert code == 250, reply
    return reply.decode().rpartition(" ")[2]


def dot_stuffed(raw: bytes) -> bytes:
    """What goes over the wire for a message that ends in CRLF (RFC 5321 section 4.5.2)."""
    assert raw.endswith(b"\r\n") or not raw
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"
