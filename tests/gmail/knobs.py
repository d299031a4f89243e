"""What a test may turn on a fake Gmail, before it starts or while it runs."""

from dataclasses import dataclass
from typing import Literal

CertificateKind = Literal["valid", "wrong_name", "expired", "unknown_issuer", "antivirus"]

STAGES = ("greeting", "ehlo", "tls", "auth", "mail", "rcpt", "data", "body", "message")
"""Where a reply can be asked for and a connection can stall: `body` is amid the message, which is not read to its end,
`message` the moment after the final dot."""


@dataclass(slots=True)
class Knobs:
    """How this Gmail differs from one in good health; every value may change at any time."""

    certificate: CertificateKind = "valid"
    """Which certificate the next handshake shows."""
    stall_at: str = ""
    """The stage at which every connection goes silent; `tls` means a handshake that never begins."""
    split_replies: int = 0
    """Send replies in pieces of so many bytes, each for itself; 0 sends them whole."""
    drop_after_dot: bool = False
    """Cut the connection after the final dot instead of answering."""
    dropped_is_delivered: bool = True
    """Whether Gmail took the message whose connection it dropped."""

    strict_ehlo: bool = False
    """Refuse `EHLO localhost`, as smtp-relay.gmail.com does."""
    strict_mx: bool = False
    """Refuse, as Google's inbound servers do, what submission repairs: bad From, Message-ID, doubled headers."""
    smtp_accepts_spaces: bool = False
    """Whether an app password may come in its groups of four (reports differ; the strict reading is the default)."""
    login_takes_argument: bool = True
    """Whether `AUTH LOGIN <user>` works, which smtplib sends; otherwise it is answered 535 5.5.4."""
    long_many_logins: bool = False
    """Answer too many logins with the newer form of several lines."""
    bare_want_auth: bool = False
    """Answer MAIL without AUTH with the form seen in December 2025, which carries no `?p=` token."""

    failed_logins: int = 20
    """So many wrong passwords in a window, and every login is answered 454 4.7.0."""
    logins: int = 100
    """So many right ones, likewise."""
    login_window: float = 3600.0
    """Seconds that a login counts."""
    daily_limit: int = 500
    """Messages in rolling 24 hours; an account may have its own."""
    sessions_at_once: int = 0
    """Sessions of one account beyond which DATA is answered 421 4.3.0; 0 does not count."""
    pace: float = 0.0
    """Seconds that must lie between two messages of an account, or DATA is answered 421 4.3.0."""
    recipients: int = 100
    """Recipients that a message may have."""
    size: int = 35_882_577
    """Bytes that a message may have, as EHLO says it."""
    block_attachments: bool = True
    """Refuse the file types that Gmail refuses, in archives too."""

    idle: float = 600.0
    """Seconds of silence after which a client is sent away."""
    unknown_commands: int = 10
    """Unknown commands before the goodbye; likewise for commands without AUTH."""
    delivery_delay: float = 0.0
    """Seconds by the clock until a message shows in a recipient's mailbox."""
    bounce_delay: float = 0.0
    """Seconds by the clock until a bounce shows in the sender's mailbox."""
    self_sends_are_seen: bool = False
    """Whether mail to oneself arrives as read, which some report."""
