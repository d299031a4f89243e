"""Gmail's replies as templates: `{sid}` is the session's id, lines are joined by a newline.

Texts that were seen on the wire stand as they were seen, folds and double spaces included; the others are Google's
list of SMTP errors (https://support.google.com/a/answer/3726730) in the form of their neighbours.
"""

DROP = "drop"
"""Instead of a reply: the connection is cut."""
STALL = "stall"
"""Instead of a reply: nothing, for as long as the client stays."""

WIDTH = 80
_ARTICLE = " https://support.google.com/a/answer/3221692"


def compose(status: str, text: str, *, signature: str = " {sid} - gsmtp") -> str:
    """A reply as Gmail folds it: `compose("535 5.7.8", "Username …\\n https://…")`.

    Words fill lines of 80 columns; a newline breaks a line; what begins with a space keeps it.
    """
    code, enhanced = status.split(" ")
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = paragraph[: len(paragraph) - len(paragraph.lstrip(" "))]
        for word in paragraph.split():
            if line.strip() and len(status) + 1 + len(line) + 1 + len(word) > WIDTH:
                lines.append(line)
                line = ""
            line += f" {word}" if line.strip() else word
        lines.append(line)
    last = lines.pop()
    return "\n".join([*(f"{code}-{enhanced} {line}" for line in lines), f"{status} {last}{signature}"])


def closes(template: str) -> bool:
    """Whether Gmail hangs up after this reply: after each 421, and where its words say so."""
    return template.startswith(("421", "501 5.5.4", "501-5.5.4")) or template in _LAST


def plain(code: int, *lines: str) -> str:
    """A reply without enhanced code and signature: the greeting's and EHLO's kind."""
    return "\n".join([*(f"{code}-{line}" for line in lines[:-1]), f"{code} {lines[-1]}"])


def ehlo(peer: str, *, tls: bool, size: int) -> str:
    """The answer to EHLO, before TLS and within."""
    offer = "AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH" if tls else "STARTTLS"
    extensions = f"SIZE {size}", "8BITMIME", offer, "ENHANCEDSTATUSCODES", "PIPELINING", "CHUNKING", "SMTPUTF8"
    return plain(250, f"smtp.gmail.com at your service, [{peer}]", *extensions)


def bad_name(name: str) -> str:
    """EHLO with a name that is none."""
    if not name:
        return compose("501 5.5.4", "Empty HELO/EHLO argument not allowed, closing connection.\n" + _HELO)
    return compose("501 5.5.4", f'HELO/EHLO argument "{name}" invalid, closing connection.\n{_HELO}')


def bad_recipient(address: str) -> str:
    """RCPT with an address that is none."""
    return compose("553 5.1.3", f"The recipient address <{address}> is not a valid RFC 5321 address. {_REVIEW}")


def bad_sender(address: str) -> str:
    """MAIL with an address that is none."""
    return compose("553 5.1.7", f"The sender address <{address}> is not a valid RFC 5321 address. {_REVIEW}")


def out_of_sequence(what: str) -> str:
    """A command at the wrong moment; `what` is missing."""
    return compose("503 5.5.1", f"{what}. A mail transaction protocol command was issued out of sequence. {_REVIEW}")


def accepted(seconds: int) -> str:
    """The line that answers a message."""
    return f"250 2.0.0 OK  {seconds} {{sid}} - gsmtp"


_MORE = "For more information, go to\n"
_REVIEW = f"{_MORE}{_ARTICLE} and review RFC 5321 specifications."
_HELO = " https://support.google.com/mail/?p=helo"
_P = " https://support.google.com/mail/?p="

GREETING = "220 smtp.gmail.com ESMTP {sid} - gsmtp"
HELO = "250 smtp.gmail.com at your service"
READY_FOR_TLS = "220 2.0.0 Ready to start TLS"
ACCEPTED_AUTH = "235 2.7.0 Accepted"
SENDER_OK = compose("250 2.1.0", "OK")
RECIPIENT_OK = compose("250 2.1.5", "OK")
GO_AHEAD = "354  Go ahead {sid} - gsmtp"
OK = compose("250 2.0.0", "OK")
FLUSHED = compose("250 2.1.5", "Flushed")
VERIFY = compose("252 2.1.5", "Send some mail, I'll try my best")
GOODBYE = compose("221 2.0.0", "closing connection")

ASK = "334 "
ASK_USER = "334 VXNlcm5hbWU6"
ASK_PASSWORD = "334 UGFzc3dvcmQ6"
TOKEN_REFUSED = "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ=="
BAD_CREDENTIALS = compose("535 5.7.8", f"Username and Password not accepted. {_MORE}{_P}BadCredentials")
SECOND_FACTOR = compose("534 5.7.9", f"Application-specific password required. {_MORE}{_P}InvalidSecondFactor")
WEB_LOGIN = compose("534 5.7.9", f"Please log in with your web browser and then try again. {_MORE}{_P}WebLoginRequired")
WEB_LOGIN_2014 = compose(
    "534 5.7.14",
    "<https://accounts.google.com/signin/continue?sarp=1&scc=1&plt=AKgnsbvh\n"
    "TestTestTestTestTestTestTestTestTestTestTestTestTestTestTestTestTestTe\n"
    "stTestTestTestTestTestTestTestTestTestTestTestTestTestTestTestTestTest\n"
    "TestTestTestTestTestTestTestTe> Please log in via your web browser and\n"
    "then try again.\n Learn more at\n https://support.google.com/mail/answer/78754",
)
MANY_LOGINS = compose("454 4.7.0", "Too many login attempts, please try again later.")
MANY_LOGINS_LONG = compose(
    "454 4.7.0",
    f"Too many login attempts, please try again later. {_MORE} https://support.google.com/mail/answer/7126229",
)
AUTH_TEMPORARY = compose("454 4.7.0", "Cannot authenticate due to temporary system problem. Try again later.")
WANT_AUTH = compose("530 5.7.0", f"Authentication Required. {_MORE}{_P}WantAuthError")
WANT_AUTH_2025 = compose(
    "530 5.7.0",
    f"Authentication Required. {_MORE} https://support.google.com/accounts/troubleshooter/2402620.",
)
WANT_TLS = compose("530 5.7.0", "Must issue a STARTTLS command first.")
UNKNOWN_MECHANISM = compose("504 5.7.4", "Unrecognized Authentication Type.")
NO_XOAUTH = compose("504 5.7.4", "XOAUTH is no longer supported")
NO_ARGUMENT = compose("535 5.5.4", "Optional Argument not permitted for that AUTH mode.")
UNDECODABLE = compose("501 5.5.2", "Cannot Decode response.")
NO_SECOND_AUTH = compose("503 5.7.0", "No identity changes permitted.")

NO_PARAMETERS = compose("501 5.7.11", "Syntax error (no parameters allowed)")
TLS_TWICE = compose("454 5.5.1", "STARTTLS may not be repeated.")
TLS_PIPELINED = compose("454 4.5.0", "SMTP protocol violation, no commands allowed to pipeline after STARTTLS")
THROTTLED_EHLO = compose("421 4.7.0", f"Try again later, closing connection. (EHLO)\n{_MORE}{_ARTICLE}")
THROTTLED = compose("421 4.3.0", "Temporary System Problem. Try again later (10).")
TEMPORARY = compose("421 4.7.0", "Temporary System Problem. Try again later.")
EXPIRED = compose("421 4.7.0", "Connection expired, try reconnecting")
BUSY = compose("421 4.4.5", "Server busy")
TLS_REQUIRED = compose("421 4.7.0", "TLS required for RCPT domain")
NOT_LISTED = compose("421 4.7.0", "IP not in whitelist for RCPT domain")
IDLE = compose("451 4.4.2", "Timeout - closing connection.")
REJECTED_NOW = compose("451 4.3.0", "Mail server temporarily rejected message.")
VIOLATION = compose("451 4.5.0", "SMTP protocol violation, see RFC 2821.")

MANY_RECIPIENTS = compose(
    "452 4.5.3",
    "Your message has too many recipients. For more information regarding Google's sending limits, go to\n"
    f"{_P}TooManyRecipientsError",
)
ONE_BY_ONE = compose(
    "452 4.5.3",
    "Domain policy size per transaction exceeded, please try this recipient in a separate transaction.",
)
DAILY_LIMIT = compose(
    "550 5.4.5",
    "Daily user sending limit exceeded. For more information on Gmail sending limits go to\n"
    " https://support.google.com/a/answer/166852",
)
TOO_BIG = compose(
    "552 5.3.4",
    f"Your message exceeded Google's message size limits. To view our message size guidelines, go to\n{_P}MaxSizeError",
)
BIG_HEADER = compose("552 5.3.4", "The size of the message header exceeded Google's message header size limits.")
BLOCKED = compose(
    "552 5.7.0",
    "This message was blocked because its content presents a potential security issue. To review our message content "
    "and attachment content guidelines, go to\nhttps://support.google.com/mail/?p=BlockedMessage",
)
NO_SUCH_USER = compose(
    "550 5.1.1",
    "The email account that you tried to reach does not exist. Please try double-checking the recipient's email "
    f"address for typos or unnecessary spaces. {_MORE}{_P}NoSuchUser",
)
DISABLED_USER = compose("550 5.2.1", f"The email account that you tried to reach is disabled. {_MORE}{_P}DisabledUser")
FULL_INBOX = compose(
    "552 5.2.2",
    "The recipient's inbox is out of storage space and inactive. Please direct the recipient to\n"
    + _P
    + "OverQuotaPerm",
)
NO_DOMAIN = compose(
    "553 5.1.2",
    "We weren't able to find the recipient domain. Please check for any spelling errors, and make sure you didn't "
    "enter any spaces, periods, or other punctuation after the recipient's email address.",
)
SYNTAX = compose("555 5.5.2", f"Syntax error, cannot decode response. {_REVIEW}")
SYNTAX_SHORT = compose("555 5.5.2", "Syntax error.")
LONG_LINE = compose("500 5.5.2", "Line too long, closing connection.")
UNKNOWN = compose("502 5.5.1", "Unrecognized command.")
UNIMPLEMENTED = compose("502 5.5.1", "Unimplemented command.")
MANY_UNKNOWN = compose("502 5.5.1", "Too many unrecognized commands, goodbye.")
MANY_UNAUTHENTICATED = compose("554 5.7.0", "Too Many Unauthenticated commands.")
NO_DATA_AFTER_BDAT = compose("503 5.5.1", "No DATA after BDAT")
MALFORMED = compose("554 5.6.0", "Mail message is malformed. Not accepted.")
MANY_HOPS = compose("554 5.4.6", f"Message exceeded 50 hops, this may indicate a mail loop. {_MORE}{_P}MailLoop")
UNSOLICITED = compose(
    "550 5.7.1",
    "Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam sent to "
    f"Gmail, this message has been blocked. {_MORE}{_P}UnsolicitedMessageError",
)
PROHIBITED = compose(
    "550 5.7.1",
    "The user or domain that you are sending to (or from) has a policy that prohibited the mail that you sent. "
    f"{_MORE} https://support.google.com/a/answer/172179",
)
ADMIN_RULE = compose("550 5.7.1", "Your administrator does not allow this message.", signature=" - gcdp {sid} - gsmtp")


def not_compliant(why: str) -> str:
    """The strict receiver's refusal of a header; `why` is a sentence without its full stop."""
    return compose("550 5.7.1", f"{why}. {_MORE}{_P}RfcMessageNonCompliant")


_LAST = frozenset({GOODBYE, IDLE, LONG_LINE, TLS_PIPELINED, MANY_UNKNOWN, MANY_UNAUTHENTICATED})
