"""An ordinary message, and how to make one thing about it odd."""

from mailsluice.message import parse
from mailsluice.message.oddities import Oddity, Received, oddities

FIELDS = {
    "From": "Ada <a@example.com>",
    "To": "b@example.org",
    "Date": "Fri, 20 Nov 2026 10:00:00 +0000",
    "Message-ID": "<1@example.com>",
    "Subject": "x",
    "MIME-Version": "1.0",
}
PLAIN = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
HTML = "Content-Type: text/html; charset=utf-8\r\n\r\n"


def mail(body: str = PLAIN + "hello\r\n", *, before: str = "", **changed: str | None) -> bytes:
    """The message with fields changed, or left out where None, `before` among them, and Content-Type with a body."""
    names = {name.lower().replace("-", "_"): name for name in FIELDS}
    given = {names[name]: value for name, value in changed.items()}
    header = "".join(f"{name}: {value}\r\n" for name, value in (FIELDS | given).items() if value is not None)
    return (header + before + body).encode("utf-8", "surrogateescape")


def found_in(raw: bytes, receipt: Received | None = None, *, received: int | None = None) -> tuple[Oddity, ...]:
    """What is odd about a message."""
    return oddities(raw, parse(raw), receipt, received=received)


def codes_of(raw: bytes, receipt: Received | None = None, *, received: int | None = None) -> set[str]:
    """The codes of what is odd about a message, each once."""
    return {one.code for one in found_in(raw, receipt, received=received)}
