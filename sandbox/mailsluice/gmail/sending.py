"""Google's replies from MAIL to the end of the message, row by row."""

from typing import Final

from mailsluice.gmail.verdict import Rule, Stage, Verdict

LIMITS: Final = "https://support.google.com/a/answer/166852"
_ADDRESSES: Final = "https://support.google.com/a/answer/3221692"
_SENDERS: Final = "https://support.google.com/a/answer/14229414"
_DAY: Final = 86_400
_SENDING: Final = (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.MESSAGE)

_TOO_FAST: Final = Verdict(
    "limit",
    "Google calls this a passing fault, but at this point it mostly means: too many messages at once or too fast.",
    "Wait half a minute; a larger pace in the profile helps, and so does nothing else sending through this account.",
    retry_after=30,
    cause="too-fast",
)
_RECIPIENT_POLICY: Final = Verdict(
    "policy",
    "Google refuses this recipient for now: the rules of a Workspace domain ask for TLS or a known IP address, "
    "or Google has a passing fault.",
    "Try once more later; if it stays, ask the administrator of the Workspace domain.",
    cause="recipient-policy",
)
_TOO_MANY_RECIPIENTS: Final = Verdict(
    "limit",
    "One message may go to 100 recipients, and this one has more.",
    "Send it in groups of at most 100 recipients.",
    link=LIMITS,
    cause="too-many-recipients",
)
_SEPARATE_RECIPIENT: Final = Verdict(
    "policy",
    "Google takes no further recipient in this message: there are more than 100, or the recipient's domain has a limit "
    "of its own.",
    "Send it to these recipients separately.",
    link=LIMITS,
    cause="separate-recipient",
)
_DAILY_LIMIT: Final = Verdict(
    "limit",
    "This account has sent all it may within 24 hours: 500 messages with a personal account, 2,000 with Workspace.",
    "Wait, it clears within 1 to 24 hours; or send with another profile.",
    link=LIMITS,
    park=_DAY,
    cause="daily-limit",
)
_TOO_LARGE: Final = Verdict(
    "content",
    "The message is larger than Google takes: 25 MB of attachments, which is 35,882,577 bytes once encoded.",
    "Make the attachments smaller, or send a link to them.",
    link="https://support.google.com/mail/?p=MaxSizeError",
    cause="too-large",
)
_TOO_LARGE_SOMEWHERE: Final = Verdict(
    "content",
    "The message, its header or the number of its attachments is larger than Google takes.",
    "Shorten the header or send fewer attachments; the whole may have 35,882,577 bytes.",
    link="https://support.google.com/mail/?p=MaxSizeError",
    cause="too-large-somewhere",
)
_BLOCKED: Final = Verdict(
    "content",
    "Google blocks this message as dangerous: an attached program or script, also inside an archive, macros, or "
    "sometimes a link or text.",
    "Remove that attachment or send a link to it.",
    link="https://support.google.com/mail/answer/6590",
    cause="blocked-content",
)
_RECIPIENT_SYNTAX: Final = Verdict(
    "address",
    "A recipient's address is not valid: it has no domain, has blanks in it, or is a placeholder nobody filled in.",
    "Correct the address in the app that sent the mail, or choose other recipients.",
    link=_ADDRESSES,
    cause="recipient-syntax",
)
_SENDER_SYNTAX: Final = Verdict(
    "address",
    "The sender's address is not valid.",
    "Correct the sender's address in the profile.",
    link=_ADDRESSES,
    cause="sender-syntax",
)
_RECIPIENT_DOMAIN: Final = Verdict(
    "address",
    "Google cannot find the domain of a recipient's address.",
    "Look for a spelling error, a blank or a full stop after the address.",
    link="https://support.google.com/mail/?p=BadRcptDomain",
    cause="recipient-domain",
)
_PATH_SYNTAX: Final = Verdict(
    "protocol",
    "An address in the envelope cannot be read: it is empty, or has a name, a line break or more brackets around it.",
    "Write bare addresses (name@example.com) in the profile and for the recipients.",
    link=_ADDRESSES,
    cause="path-syntax",
)
_MALFORMED_OR_LOOP: Final = Verdict(
    "content",
    "Google takes the message for malformed, or for one that goes in circles (more than 50 Received lines).",
    "Look at the message's headers; its old Received lines are left out of a release already.",
    cause="malformed-or-loop",
)
_LOOP: Final = Verdict(
    "content",
    "The message has more than 50 Received lines, so Google believes that it goes in circles.",
    "A release leaves out the old Received lines, so look for a server in between that adds some.",
    link="https://support.google.com/mail/?p=MailLoop",
    cause="mail-loop",
)
_NOT_COMPLIANT: Final = Verdict(
    "content",
    "A header breaks the mail standard (RFC 5322): From is missing or has several addresses, a header stands twice, or "
    "the Message-ID is missing.",
    "Correct that header in the app that sent the mail.",
    link="https://support.google.com/mail/?p=RfcMessageNonCompliant",
    cause="not-compliant",
)
_UNSOLICITED: Final = Verdict(
    "policy",
    "Google takes this message for spam.",
    "Change its text and links, and send fewer of them.",
    link="https://support.google.com/mail/?p=UnsolicitedMessageError",
    cause="unsolicited",
)
_UNSOLICITED_RATE: Final = Verdict(
    "limit",
    "Google takes the rate of these messages for spam.",
    "Wait some hours, and send fewer of them.",
    link="https://support.google.com/mail/?p=UnsolicitedRateLimitError",
    park=3600,
    cause="unsolicited-rate",
)
_REFUSED_BY_POLICY: Final = Verdict(
    "policy",
    "Google refuses this by a rule: the content or a header, a Workspace policy, a quota of the relay service, or "
    "credentials that the relay does not take.",
    "Read Google's own words; for a Workspace account ask the administrator.",
    link=_ADDRESSES,
    cause="refused-by-policy",
)
_RELAY_DENIED: Final = Verdict(
    "policy",
    "Google does not relay for this sender: the Workspace relay serves its own organization only.",
    "Use the Gmail preset with an app password, or ask the Workspace administrator to allow this sender or IP address.",
    link="https://support.google.com/a/answer/2956491",
    cause="relay-denied",
)
_NO_SUCH_USER: Final = Verdict(
    "address",
    "The recipient's account does not exist.",
    "Look for a spelling error in the address.",
    link="https://support.google.com/mail/?p=NoSuchUser",
    cause="no-such-user",
)
_DISABLED_USER: Final = Verdict(
    "address",
    "The recipient's account is disabled or receives too much.",
    "Write to another address.",
    link="https://support.google.com/mail/?p=DisabledUser",
    cause="disabled-user",
)
_INBOX_FULL: Final = Verdict(
    "address",
    "The recipient's mailbox is full.",
    "Ask the recipient to make room, or write to another address.",
    link="https://support.google.com/mail/?p=OverQuotaPerm",
    cause="mailbox-full",
)
_INBOX_FULL_NOW: Final = Verdict(
    "transient",
    "The recipient's mailbox is full or receives too much at the moment.",
    "Try again later.",
    link="https://support.google.com/mail/?p=OverQuotaTemp",
    retry_after=600,
    cause="mailbox-busy",
)
_DIRECT: Final = Verdict(
    "policy",
    "The sending domain is not authenticated (SPF, DKIM, PTR, TLS or DMARC); that happens to apps which send to Gmail "
    "directly, not to mail through smtp.gmail.com from your own account.",
    "Send through smtp.gmail.com with your account as the sender, or set up the records of your domain.",
    link=_SENDERS,
    cause="sender-not-authenticated",
)

SENDING: Final = (
    Rule(_TOO_MANY_RECIPIENTS, tokens=("TooManyRecipientsError",)),
    Rule(_TOO_LARGE, tokens=("MaxSizeError",)),
    Rule(_BLOCKED, tokens=("BlockedMessage",)),
    Rule(_NOT_COMPLIANT, tokens=("RfcMessageNonCompliant",)),
    Rule(_UNSOLICITED, tokens=("UnsolicitedMessageError",)),
    Rule(_UNSOLICITED_RATE, tokens=("UnsolicitedRateLimitError",)),
    Rule(_NO_SUCH_USER, tokens=("NoSuchUser",)),
    Rule(_DISABLED_USER, tokens=("DisabledUser", "ReceivingRatePerm")),
    Rule(_INBOX_FULL_NOW, tokens=("OverQuotaTemp",)),
    Rule(_INBOX_FULL, tokens=("OverQuotaPerm",)),
    Rule(_RECIPIENT_DOMAIN, tokens=("BadRcptDomain",)),
    Rule(_LOOP, tokens=("MailLoop",)),
    Rule(_DIRECT, tokens=("DmarcRejection", "IPv6AuthError", "NotAuthorizedError")),
    Rule(_TOO_FAST, (421,), ("4.3.0",), stages=_SENDING),
    Rule(_RECIPIENT_POLICY, (421,), ("4.7.0",), stages=(Stage.RCPT,)),
    Rule(_SEPARATE_RECIPIENT, (452,), ("4.5.3",)),
    Rule(_DAILY_LIMIT, (550,), ("5.4.5",)),
    Rule(_TOO_LARGE, (552,), ("5.3.4",), stages=(Stage.MAIL,)),
    Rule(_TOO_LARGE_SOMEWHERE, (552,), ("5.3.4",)),
    Rule(_TOO_LARGE, (552,), ("5.2.3",)),
    Rule(_BLOCKED, (552,), ("5.7.0",)),
    Rule(_RECIPIENT_SYNTAX, (553,), ("5.1.3",)),
    Rule(_SENDER_SYNTAX, (553,), ("5.1.7",)),
    Rule(_RECIPIENT_DOMAIN, (553,), ("5.1.2",)),
    Rule(_PATH_SYNTAX, (555,), ("5.5.2", "")),
    Rule(_LOOP, (554,), ("5.4.6",)),
    Rule(_MALFORMED_OR_LOOP, (554,), ("5.6.0",)),
    Rule(_RELAY_DENIED, (550,), ("5.7.0",)),
    Rule(_REFUSED_BY_POLICY, (550,), ("5.7.1",)),
    Rule(_NO_SUCH_USER, (550,), ("5.1.1",)),
    Rule(_DISABLED_USER, (550,), ("5.2.1",)),
    Rule(_INBOX_FULL_NOW, (450, 452), ("4.2.1", "4.2.2")),
    Rule(_INBOX_FULL, (552,), ("5.2.2",)),
    Rule(_DIRECT, (550,), tuple(f"5.7.{number}" for number in range(24, 31))),
)
