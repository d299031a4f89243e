"""Replies that mean the same at every smarthost, and what the number alone tells."""

from typing import Final

from mailsluice.gmail.signin import AUTH_MISSING, AUTH_OR_STARTTLS, STARTTLS_FIRST
from mailsluice.gmail.verdict import Rule, Stage, Verdict
from mailsluice.reply import Reply

_AUTH: Final = (Stage.AUTH,)
_REPORT: Final = "Please report it with the transcript; sending again will not help."

_PASSWORD: Final = Verdict(
    "auth",
    "The server does not accept this user name and password.",
    "Check both; many providers want an app password instead of the normal one.",
    cause="bad-credentials",
)
_APP_PASSWORD: Final = Verdict(
    "auth",
    "The server wants a password made for programs, or a sign-in in a browser first.",
    "Make an app password in the account's security settings and paste it into the profile.",
    cause="app-password-or-web-login",
)
_NO_PASSWORDS: Final = Verdict(
    "auth",
    "This server takes no password from programs, only OAuth, which Mailsluice does not speak.",
    "Ask the administrator to enable SMTP AUTH for the tenant and this mailbox, or send with another account.",
    cause="no-passwords",
)
_NO_LOGINS_NOW: Final = Verdict(
    "limit",
    "The server takes no sign-in at the moment: there were too many of them, or it has a passing fault.",
    "Wait at least an hour, then try once.",
    park=3600,
    cause="too-many-logins",
)
_MECHANISM: Final = Verdict(
    "protocol",
    "The server does not take a password in the way Mailsluice sends it (AUTH PLAIN).",
    "Ask the provider for SMTP settings with a password, or send with another account.",
    cause="mechanism",
)
_CLIENT_FAULT: Final = Verdict(
    "protocol",
    "The server did not understand a command, or not at this point: a fault of Mailsluice, or of something in between.",
    _REPORT,
    cause="client-fault",
)
_IDLE: Final = Verdict(
    "transient",
    "The server waited too long for the next command and closed the connection.",
    "Try again.",
    retry_after=30,
    cause="idle",
)
_BUSY: Final = Verdict(
    "transient",
    "The server has a passing fault or is busy.",
    "Try again in a moment.",
    retry_after=30,
    cause="busy",
)
_RECIPIENTS: Final = Verdict(
    "limit",
    "The message has more recipients than the server takes at once.",
    "Send it in smaller groups.",
    cause="too-many-recipients",
)
_TOO_LARGE: Final = Verdict(
    "content", "The message is larger than the server takes.", "Send less, or a link to it.", cause="too-large"
)
_DAILY_LIMIT: Final = Verdict(
    "limit",
    "This account has sent all that its server allows for now.",
    "Wait up to a day, or send with another profile.",
    park=86_400,
    cause="daily-limit",
)
_ADDRESS: Final = Verdict(
    "address", "The server does not accept this address.", "Look for a spelling error in it.", cause="address"
)
_POLICY: Final = Verdict(
    "policy",
    "The server refuses this by a rule of its own.",
    "Read the server's own words, and ask its administrator.",
    cause="refused-by-policy",
)
_CONTENT: Final = Verdict(
    "content",
    "The server does not accept this message.",
    "Read the server's own words, and change the message.",
    cause="content",
)
_UNEXPECTED: Final = Verdict(
    "protocol",
    "The server's answer makes no sense at this point.",
    "Check host and port; if they are right, please report it with the transcript.",
    cause="unexpected",
)

EVERYWHERE: Final = (
    Rule(_NO_PASSWORDS, (535,), ("5.7.139",)),
    Rule(_NO_PASSWORDS, (550,), ("5.7.30",)),
    Rule(_PASSWORD, (535, 525, 526), stages=_AUTH),
    Rule(_APP_PASSWORD, (534,)),
    Rule(_NO_LOGINS_NOW, (421, 450, 451, 452, 454), stages=_AUTH),
    Rule(STARTTLS_FIRST, (530,), stages=(Stage.TLS, Stage.EHLO, Stage.AUTH)),
    Rule(AUTH_MISSING, (530,), ("5.5.1",)),
    Rule(AUTH_OR_STARTTLS, (530,)),
    Rule(STARTTLS_FIRST, (538,)),
    Rule(_MECHANISM, (502, 504), stages=_AUTH),
    Rule(_IDLE, (421, 451), ("4.4.2",)),
    Rule(_CLIENT_FAULT, (421, 451), ("4.5.0",)),
    Rule(_RECIPIENTS, (452,), ("4.5.3",)),
    Rule(_DAILY_LIMIT, (550,), ("5.4.5",)),
    Rule(_TOO_LARGE, (552,), ("5.3.4", "5.2.3")),
    Rule(_CLIENT_FAULT, (500, 501, 502, 503, 504, 555)),
)
_BY_SUBJECT: Final = {"1": _ADDRESS, "2": _ADDRESS, "5": _CLIENT_FAULT, "6": _CONTENT, "7": _POLICY}
_BY_STAGE: Final = {Stage.AUTH: _PASSWORD, Stage.RCPT: _ADDRESS, Stage.MESSAGE: _CONTENT}


def by_number(reply: Reply, *, stage: Stage) -> Verdict:
    """What is left to say of a reply that no rule knows: the number's class, the enhanced code's subject, the stage."""
    if 400 <= reply.code < 500:
        return _BUSY
    if reply.code < 500 or reply.code > 599:
        return _UNEXPECTED
    subject = reply.enhanced.split(".")[1] if reply.enhanced else ""
    return _BY_SUBJECT.get(subject) or _BY_STAGE.get(stage, _POLICY)
