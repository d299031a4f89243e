"""Where accepted mail ends up: one mailbox an account, one message a Message-ID."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate

INBOX, SENT, SPAM, TRASH, SEEN = "\\Inbox", "\\Sent", "\\Junk", "\\Trash", "\\Seen"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that Gmail accepted."""

    account: str
    sender: str
    """Envelope sender, as the client said it; Gmail does not honour it."""
    recipients: tuple[str, ...]
    parameters: tuple[str, ...]
    """Of MAIL, as the client said them."""
    raw: bytes
    """As received, dots unstuffed."""
    rewritten: bytes
    """As it leaves Gmail."""
    session: str
    reply: str
    """The final line; empty when the connection was dropped instead."""
    time: float


@dataclass(slots=True)
class Copy:
    """A message in a mailbox."""

    raw: bytes
    message_id: str
    labels: set[str]
    visible_from: float
    category: str = ""
    """`promotions` for what carries List-Unsubscribe; empty for the rest."""


@dataclass(slots=True)
class Mailbox:
    """An account's messages; use `FakeGmail.mailbox` to see those that are there by now."""

    copies: list[Copy] = field(default_factory=list)

    def put(self, raw: bytes, label: str, *, visible_from: float) -> Copy | None:
        """File a message; `None` when one with its Message-ID is there, even if only in Sent or Trash."""
        message_id = header(raw, b"Message-ID").decode("latin-1")
        if message_id and any(copy.message_id == message_id for copy in self.copies):
            return None
        self.copies.append(Copy(raw, message_id, {label}, visible_from, category(raw) if label == INBOX else ""))
        return self.copies[-1]


def verdict(raw: bytes) -> str:
    """Where Gmail files an arriving message: `[spam]` in the subject is spam."""
    return SPAM if b"[spam]" in header(raw, b"Subject").lower() else INBOX


def category(raw: bytes) -> str:
    """The inbox tab."""
    return "promotions" if header(raw, b"List-Unsubscribe") else ""


def header(raw: bytes, name: bytes) -> bytes:
    """The first header of a name, unfolded; empty when there is none."""
    head = raw.partition(b"\r\n\r\n")[0]
    found = re.search(rb"(?im)^" + re.escape(name) + rb":[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head)
    return re.sub(rb"\r\n", b"", found[1]).strip() if found else b""


def arrived(raw: bytes, *, recipient: str, account: str, time: float) -> bytes:
    """A rewritten message as a Gmail recipient reads it, with what the receiving side adds."""
    domain = account.rpartition("@")[2]
    added = (
        f"Delivered-To: {recipient}",
        f"Received: by 2002:a05:0:0:0:0:0:0 with SMTP id fake; {formatdate(time)}",
        f"Return-Path: <{account}>",
        f"Received-SPF: pass (google.com: domain of {account} designates 209.85.220.41 as permitted sender)",
        f"Authentication-Results: mx.google.com; dkim=pass header.i=@{domain} header.s=20230601;"
        f" spf=pass smtp.mailfrom={account}; dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from={domain}",
    )
    return "".join(f"{line}\r\n" for line in added).encode() + raw


def bounce(message: Delivered, recipient: str, reason: str, *, unique: Callable[[], str]) -> bytes:
    """The report that comes back for a recipient whose server said no."""
    reason = reason.replace("{sid}", message.session)
    diagnostic = "\r\n ".join(["Diagnostic-Code: smtp; " + reason.split("\n")[0], *reason.split("\n")[1:]])
    original = header(message.rewritten, b"Message-ID").decode("latin-1")
    head = (
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        f"To: {message.account}",
        "Auto-Submitted: auto-replied",
        "Subject: Delivery Status Notification (Failure)",
        f"References: {original}",
        f"In-Reply-To: {original}",
        f"Message-ID: <{unique()}.GMR@mx.google.com>",
        f"Date: {formatdate(message.time)}",
        f"X-Failed-Recipients: {recipient}",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; boundary="bounce"; report-type=delivery-status',
    )
    text = ("", "** Message not delivered **", "", f"Your message wasn't delivered to {recipient}.", "")
    status = ("", "Reporting-MTA: dns; googlemail.com", "", f"Final-Recipient: rfc822; {recipient}", "Action: failed")
    body = (
        *("", "--bounce", "Content-Type: text/plain; charset=UTF-8", *text),
        *("--bounce", "Content-Type: message/delivery-status", *status, f"Status: {reason[4:9]}", diagnostic, ""),
        *("--bounce", "Content-Type: text/rfc822-headers", ""),
        *(message.rewritten.partition(b"\r\n\r\n")[0].decode("latin-1"), "", "--bounce--", ""),
    )
    return "\r\n".join((*head, *body)).encode("latin-1", "replace")
