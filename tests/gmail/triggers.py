"""Names that ask for a reply, so that a client that only speaks SMTP can meet every one."""

from collections.abc import Mapping
from typing import TypeVar

from tests.gmail import replies
from tests.gmail.replies import DROP, STALL

LOST = "lost"
"""After the dot: the connection is cut, and the message was not taken."""
BOUNCES = {
    "bounce": replies.NO_SUCH_USER,
    "full": replies.FULL_INBOX,
    "disabled": replies.DISABLED_USER,
}
"""Recipients that are accepted; a bounce comes into the sender's inbox."""

RECIPIENTS: Mapping[str, tuple[str, str]] = {
    "nosuchuser": ("rcpt", replies.NO_SUCH_USER),
    "nodomain": ("rcpt", replies.NO_DOMAIN),
    "badrecipient": ("rcpt", replies.bad_recipient("badrecipient")),
    "syntax": ("rcpt", replies.SYNTAX),
    "syntaxshort": ("rcpt", replies.SYNTAX_SHORT),
    "toomany": ("rcpt", replies.MANY_RECIPIENTS),
    "onebyone": ("rcpt", replies.ONE_BY_ONE),
    "tlsrequired": ("rcpt", replies.TLS_REQUIRED),
    "notlisted": ("rcpt", replies.NOT_LISTED),
    "busy": ("rcpt", replies.BUSY),
    "expired": ("rcpt", replies.EXPIRED),
    "timeout": ("rcpt", replies.IDLE),
    "rejectednow": ("rcpt", replies.REJECTED_NOW),
    "violation": ("rcpt", replies.VIOLATION),
    "prohibited": ("rcpt", replies.PROHIBITED),
    "quota": ("data", replies.DAILY_LIMIT),
    "throttle": ("data", replies.THROTTLED),
    "temporary": ("data", replies.TEMPORARY),
    "toobig": ("message", replies.TOO_BIG),
    "bigheader": ("message", replies.BIG_HEADER),
    "blocked": ("message", replies.BLOCKED),
    "malformed": ("message", replies.MALFORMED),
    "loop": ("message", replies.MANY_HOPS),
    "unsolicited": ("message", replies.UNSOLICITED),
    "noncompliant": ("message", replies.not_compliant("Messages missing a valid Message-ID: header are not accepted")),
    "adminrule": ("message", replies.ADMIN_RULE),
    "dropped": ("message", DROP),
    "lost": ("message", LOST),
    "stalled": ("message", STALL),
}
"""Recipient's local part -> stage and reply."""

SENDERS: Mapping[str, str] = {
    "badsender": replies.bad_sender("badsender"),
    "syntax": replies.SYNTAX,
    "syntaxshort": replies.SYNTAX_SHORT,
    "toobig": replies.TOO_BIG,
    "wantauth": replies.WANT_AUTH,
    "wantauth2025": replies.WANT_AUTH_2025,
    "wanttls": replies.WANT_TLS,
    "sequence": replies.out_of_sequence("Bad sequence of commands"),
}
"""Envelope sender's local part -> reply to MAIL."""

USERS: Mapping[str, str] = {
    "badcredentials": replies.BAD_CREDENTIALS,
    "revoked": replies.BAD_CREDENTIALS,
    "secondfactor": replies.SECOND_FACTOR,
    "challenged": replies.WEB_LOGIN,
    "challenged2014": replies.WEB_LOGIN_2014,
    "manylogins": replies.MANY_LOGINS,
    "manyloginslong": replies.MANY_LOGINS_LONG,
    "temporary": replies.AUTH_TEMPORARY,
    "mechanism": replies.UNKNOWN_MECHANISM,
    "xoauth": replies.NO_XOAUTH,
    "argument": replies.NO_ARGUMENT,
    "undecodable": replies.UNDECODABLE,
    "wanttls": replies.WANT_TLS,
    "dropped": DROP,
    "stalled": STALL,
}
"""Local part of a user name that is no account -> reply to AUTH, whatever the password."""

EHLO_NAMES: Mapping[str, str] = {
    "throttled": replies.THROTTLED_EHLO,
    "temporary": replies.TEMPORARY,
    "dropped": DROP,
    "stalled": STALL,
}
"""First label of the EHLO name -> reply to EHLO."""

_Reply = TypeVar("_Reply")


def trigger(table: Mapping[str, _Reply], name: str) -> _Reply | None:
    """What a name asks for: `quota@any.example`, `quota+tag@any.example` or, of a host, `quota.any.example`."""
    local, at, _ = name.lower().partition("@")
    return table.get(local.partition("+")[0] if at else local.partition(".")[0])
