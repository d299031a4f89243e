"""The letter that every client sends, and what the program must show of it."""

import email
import html
import json
import re
from dataclasses import asdict, dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import Any, Final, Literal

from tests.program import Program

SENDER: Final = "ada@example.com"
RECIPIENT: Final = "bob@example.org"
HIDDEN: Final = "carol@example.net"
"""Stands in the envelope and in no header."""
SUBJECT: Final = "Grüße aus Köln – 日本語 ✓"
TEXT: Final = "Hello Zoë,\n.one line begins with a dot\n.\n..\nthe end\n"
NAME: Final = "Überblick.bin"
CONTENT: Final = bytes(range(256)) * 9
USER: Final = "zoe@example.com"
PASSWORD: Final = "correct-horse-battery"

Tls = Literal["", "starttls", "implicit"]


@dataclass(frozen=True)
class Errand:
    """What a client is told: where to go, as whom, and which files to send; also the JSON that scripts read."""

    port: int
    letter: str
    attachment: str
    host: str = "localhost"
    user: str = ""
    password: str = ""
    tls: Tls = ""
    ca: str = ""
    sender: str = SENDER
    recipient: str = RECIPIENT
    hidden: str = HIDDEN
    subject: str = SUBJECT
    text: str = TEXT

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def errand(program: Program, folder: Path, **facts: Any) -> Errand:
    """An errand to this program, with its files written into the folder."""
    letter, attachment = folder / "letter.eml", folder / NAME
    letter.write_bytes(raw_letter())
    attachment.write_bytes(CONTENT)
    return Errand(program.smtp_port, str(letter), str(attachment), **facts)


def composed() -> EmailMessage:
    """The letter as Python composes it; the hidden recipient is left to the caller."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Ada", addr_spec=SENDER)
    message["To"] = RECIPIENT
    message["Subject"] = SUBJECT
    message["Date"] = "Fri, 20 Nov 2026 23:59:59 +0100"
    message["Message-ID"] = "<a-letter@client.example>"
    message.set_content(TEXT, cte="8bit")
    message.add_attachment(CONTENT, maintype="application", subtype="octet-stream", filename=NAME)
    message.set_boundary("a-boundary")
    return message


def raw_letter() -> bytes:
    """The letter for clients that send bytes as they get them."""
    return composed().as_bytes()


def assert_arrived(program: Program, *, sent: bytes | None = None, user: str = "", attached: bool = True) -> None:
    """One message is there, whole, and the pages and the API tell what the client did."""
    (summary,) = program.api("messages")["messages"]
    message = program.api(f"message/{summary['ID']}")
    _, raw = program.get(f"/api/v1/message/{summary['ID']}/raw")
    assert summary["Subject"] == message["Subject"] == SUBJECT
    assert summary["From"]["Address"] == message["From"]["Address"] == message["ReturnPath"] == SENDER
    assert [to["Address"] for to in summary["To"]] == [RECIPIENT]
    assert [bcc["Address"] for bcc in summary["Bcc"]] == [HIDDEN]
    assert HIDDEN.encode() not in raw
    assert summary["Username"] == user
    assert lines_of(message["Text"]) == TEXT.splitlines()
    assert [(one["FileName"], one["Size"]) for one in message["Attachments"]] == [(NAME, len(CONTENT))] * attached
    assert summary["Attachments"] == attached
    _assert_source(raw, sent, attached=attached)
    _assert_transcript(transcript(program, summary["ID"]))


def lines_of(text: str) -> list[str]:
    """The lines that are not empty: Ruby's mail 2.7 writes a line end as `=0D` and CRLF, which doubles it."""
    return [line for line in text.splitlines() if line]


def transcript(program: Program, id: str) -> list[str]:
    """The dialogue as the message's page shows it."""
    status, page = program.get(f"/messages/{id}/transcript")
    assert status == 200
    lines = re.findall(r'<span class="(?:client|server)">(.*?)</span>', page.decode(), re.DOTALL)
    return [html.unescape(line) for line in lines]


def _assert_source(raw: bytes, sent: bytes | None, *, attached: bool) -> None:
    if sent is not None:
        assert raw == sent
        return
    # Read by another parser than ours: the source says what the client was told to say.
    read = email.message_from_bytes(raw, policy=default)
    text = read.get_body(("plain",))
    assert text is not None
    assert lines_of(text.get_content()) == TEXT.splitlines()
    assert [one.get_content() for one in read.iter_attachments()] == [CONTENT] * attached


def _assert_transcript(lines: list[str]) -> None:
    said = [line.removeprefix("C: ") for line in lines if line.startswith("C: ")]
    # Some clients write keywords in small letters, Python's smtplib since 3.13.
    paths = {verb: sorted(_path(word) for word in said if word.upper().startswith(verb)) for verb in ("RCPT", "MAIL")}
    assert paths == {"RCPT": [f"TO:<{RECIPIENT}>", f"TO:<{HIDDEN}>"], "MAIL": [f"FROM:<{SENDER}>"]}
    assert any(re.fullmatch(r"S: 250 2\.0\.0 Ok: queued as \w{22}", line) for line in lines)
    assert PASSWORD not in "\n".join(lines)


def _path(command: str) -> str:
    keyword, _, address = command.split()[1].partition(":")
    return f"{keyword.upper()}:{address}"
