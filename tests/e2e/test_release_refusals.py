"""Every answer of Gmail from MAIL to the final dot: what the page says, what the record keeps, what is tried again."""

from typing import Final

from playwright.sync_api import expect

from tests.e2e.chromium import NEEDED
from tests.e2e.desk import Desk
from tests.e2e.rows import Row, meet, table
from tests.gmail import replies
from tests.gmail.replies import DROP, compose

pytestmark = NEEDED

RETRIED: Final = ("Not now; it is tried again by itself", "Next try")
ACCEPTED: Final = ("Accepted by smtp.gmail.com", "the bounce comes to the account’s own inbox")
SOME: Final = ("Accepted for 1 of 2 recipients", "@example.com refused")
FAST: Final = ("too many messages at once or too fast", "a larger pace in the profile helps")
BUSY: Final = ("The server has a passing fault or is busy.", "Try again in a moment.")
NOT_THIS_ONE: Final = ("Google refuses this recipient for now", "ask the administrator of the Workspace domain")
TOO_MANY: Final = ("One message may go to 100 recipients", "in groups of at most 100 recipients")
SEPARATE: Final = ("Google takes no further recipient in this message", "Send it to these recipients separately.")
DAY: Final = (
    *RETRIED,
    "all it may within 24 hours",
    "it clears within 1 to 24 hours",
    "support.google.com/a/answer/166852",
)
LARGE: Final = ("The message is larger than Google takes", "Make the attachments smaller")
LARGE_SOMEWHERE: Final = ("its header or the number of its attachments", "Shorten the header")
BLOCKED: Final = ("Google blocks this message as dangerous", "Remove that attachment or send a link to it.")
RECIPIENT: Final = ("A recipient's address is not valid", "or choose other recipients")
SENDER: Final = ("The sender's address is not valid.", "Correct the sender's address in the profile.")
DOMAIN: Final = ("Google cannot find the domain", "Look for a spelling error, a blank or a full stop")
PATH: Final = ("An address in the envelope cannot be read", "Write bare addresses (name@example.com)")
FAULT: Final = ("The server did not understand a command", "sending again will not help")
LOOP: Final = ("Google believes that it goes in circles", "A release leaves out the old Received lines")
MALFORMED: Final = ("Google takes the message for malformed", "Look at the message's headers")
POLICY: Final = ("Google refuses this by a rule", "Read Google's own words")
HEADER: Final = ("A header breaks the mail standard (RFC 5322)", "Correct that header in the app")
SPAM: Final = ("Google takes this message for spam.", "Change its text and links")
NOBODY: Final = ("The recipient's account does not exist.", "Look for a spelling error in the address.")
OUT_OF_SEQUENCE: Final = replies.out_of_sequence("Bad sequence of commands")
LARGE_NOW: Final = compose(
    "552 5.3.4",
    "The size of your message (36000000 bytes) exceeded Google's message size limits of 35882577 bytes. "
    "To view our message size guidelines, go to\n https://support.google.com/mail/?p=MaxSizeError",
)
LARGE_THEN: Final = compose("552 5.2.3", "Your message exceeded Google's message size limits.")
BLOCKED_THEN: Final = compose("552 5.7.0", "Our system detected an illegal attachment on your message.")
UNKNOWN: Final = (
    "Nobody can say whether it was sent",
    "nobody knows whether it was taken",
    "Look in the Sent folder of ada@gmail.com",
    "It is never sent again by itself.",
)


def to(*names: str) -> tuple[str, ...]:
    """Recipients; for the sake of some the fake Gmail answers so (see tests/gmail)."""
    return tuple(f"{name}@example.com" for name in names)


def at_mail(reply: str) -> tuple[str, str]:
    """The next MAIL is answered so."""
    return "mail", reply


@table(
    Row("421-4.3.0 at DATA", "deferred", "421 4.3.0", "too-fast", (*RETRIED, *FAST), to=to("throttle")),
    Row("421-4.7.0 at DATA", "deferred", "421 4.7.0", "busy", (*RETRIED, *BUSY), to=to("temporary")),
    Row("421 4.4.5 at MAIL", "deferred", "421 4.4.5", "busy", (*RETRIED, *BUSY), at_mail(replies.BUSY)),
    Row("421 4.4.5 at RCPT", "deferred", "421 4.4.5", "busy", (*RETRIED, *BUSY), to=to("busy")),
    Row("421 4.7.0 at MAIL: expired", "deferred", "421 4.7.0", "busy", (*RETRIED, *BUSY), at_mail(replies.EXPIRED)),
    Row("451 4.3.0 at RCPT", "deferred", "451 4.3.0", "busy", (*RETRIED, *BUSY), to=to("rejectednow")),
    Row("451 4.4.2 at RCPT", "deferred", "451 4.4.2", "idle", (*RETRIED, "waited too long"), to=to("timeout")),
    Row("550-5.4.5 at DATA", "deferred", "550 5.4.5", "daily-limit", DAY, to=to("quota"), parked="24 h"),
    Row(
        "452 4.5.3 of two at once",
        "delivered",
        "250 2.0.0",
        "",
        ACCEPTED,
        ("rcpt", replies.ONE_BY_ONE),
        to=to("bob", "carol"),
    ),
)
def test_a_passing_no_is_tried_again_by_itself(desk: Desk, row: Row) -> None:
    meet(desk, row)


@table(
    Row("421 4.7.0: TLS required", "refused", "421 4.7.0", "recipient-policy", NOT_THIS_ONE, to=to("tlsrequired")),
    Row("421 4.7.0: IP not listed", "refused", "421 4.7.0", "recipient-policy", NOT_THIS_ONE, to=to("notlisted")),
    Row("421 4.7.0: expired", "refused", "421 4.7.0", "recipient-policy", NOT_THIS_ONE, to=to("expired")),
    Row("451 4.5.0", "refused", "451 4.5.0", "client-fault", FAULT, to=to("violation")),
    Row("452-4.5.3: too many", "refused", "452 4.5.3", "too-many-recipients", TOO_MANY, to=to("toomany")),
    Row("452 4.5.3: one by one", "refused", "452 4.5.3", "separate-recipient", SEPARATE, to=to("onebyone")),
    Row("452-4.5.3 beside others", "partly", "452 4.5.3", "too-many-recipients", SOME, to=to("bob", "toomany")),
    Row("553-5.1.3", "refused", "553 5.1.3", "recipient-syntax", RECIPIENT, to=to("badrecipient")),
    Row("553-5.1.2", "refused", "553 5.1.2", "recipient-domain", DOMAIN, to=to("nodomain")),
    Row("555-5.5.2", "refused", "555 5.5.2", "path-syntax", PATH, to=to("syntax")),
    Row("555 5.5.2", "refused", "555 5.5.2", "path-syntax", PATH, to=to("syntaxshort")),
    Row("550-5.1.1", "refused", "550 5.1.1", "no-such-user", NOBODY, to=to("nosuchuser")),
    Row("550-5.1.1 beside others", "partly", "250 2.0.0", "no-such-user", (*SOME, *NOBODY), to=to("bob", "nosuchuser")),
    Row("550-5.7.1: prohibited", "refused", "550 5.7.1", "refused-by-policy", POLICY, to=to("prohibited")),
)
def test_a_no_to_a_recipient_is_final(desk: Desk, row: Row) -> None:
    meet(desk, row)


@table(
    Row("552-5.3.4 to SIZE", "refused", "552 5.3.4", "too-large", LARGE, at_mail(replies.TOO_BIG)),
    Row("552 5.3.4 to SIZE, newer", "refused", "552 5.3.4", "too-large", LARGE, at_mail(LARGE_NOW)),
    Row("552-5.2.3 to SIZE, older", "refused", "552 5.2.3", "too-large", LARGE, at_mail(LARGE_THEN)),
    Row("553 5.1.7", "refused", "553 5.1.7", "sender-syntax", SENDER, at_mail(replies.bad_sender("x"))),
    Row("555-5.5.2", "refused", "555 5.5.2", "path-syntax", PATH, at_mail(replies.SYNTAX)),
    Row("555 5.5.2", "refused", "555 5.5.2", "path-syntax", PATH, at_mail(replies.SYNTAX_SHORT)),
    Row("502 5.5.1: unrecognized", "refused", "502 5.5.1", "client-fault", FAULT, at_mail(replies.UNKNOWN)),
    Row("502 5.5.1: unimplemented", "refused", "502 5.5.1", "client-fault", FAULT, at_mail(replies.UNIMPLEMENTED)),
    Row("502 5.5.1: goodbye", "refused", "502 5.5.1", "client-fault", FAULT, at_mail(replies.MANY_UNKNOWN)),
    Row("503-5.5.1", "refused", "503 5.5.1", "client-fault", FAULT, at_mail(OUT_OF_SEQUENCE)),
    Row("503-5.5.1 at DATA", "refused", "503 5.5.1", "client-fault", FAULT, ("data", OUT_OF_SEQUENCE)),
)
def test_a_no_to_the_sender_or_to_a_command_is_final(desk: Desk, row: Row) -> None:
    meet(desk, row)


@table(
    Row("552-5.3.4", "refused", "552 5.3.4", "too-large", LARGE, to=to("toobig")),
    Row("552 5.3.4: header", "refused", "552 5.3.4", "too-large-somewhere", LARGE_SOMEWHERE, to=to("bigheader")),
    Row("552-5.7.0", "refused", "552 5.7.0", "blocked-content", BLOCKED, to=to("blocked")),
    Row("552-5.7.0, older", "refused", "552 5.7.0", "blocked-content", BLOCKED, ("message", BLOCKED_THEN)),
    Row("554 5.6.0", "refused", "554 5.6.0", "malformed-or-loop", MALFORMED, to=to("malformed")),
    Row("554-5.4.6", "refused", "554 5.4.6", "mail-loop", LOOP, to=to("loop")),
    Row("550-5.7.1: unsolicited", "refused", "550 5.7.1", "unsolicited", SPAM, to=to("unsolicited")),
    Row("550-5.7.1: header", "refused", "550 5.7.1", "not-compliant", HEADER, to=to("noncompliant")),
    Row("550 5.7.1: own rule", "refused", "550 5.7.1", "refused-by-policy", POLICY, to=to("adminrule")),
)
def test_a_no_to_the_message_is_final(desk: Desk, row: Row) -> None:
    meet(desk, row)


@table(
    Row("cut, and taken", "unknown", "", "unknown-outcome", UNKNOWN, to=to("dropped")),
    Row("cut, and not taken", "unknown", "", "unknown-outcome", UNKNOWN, to=to("lost")),
    Row("silent", "unknown", "", "unknown-outcome", UNKNOWN, to=to("stalled")),
)
def test_no_answer_to_the_final_dot_is_called_unknown_and_left_to_the_user(desk: Desk, row: Row) -> None:
    meet(desk, row)
    for name in ("It is there", "It is not there: send again", "Send again as new…"):
        expect(desk.page.get_by_role("main").get_by_text(name)).to_be_visible()
    assert len([event for event in desk.gmail.log if event.kind == "message"]) == 1


@table(
    Row("cut before DATA is answered", "deferred", "", "closed", (*RETRIED, "closed the connection"), ("data", DROP)),
    Row("cut at RCPT", "deferred", "", "closed", (*RETRIED, "closed the connection"), ("rcpt", DROP)),
)
def test_a_connection_that_is_cut_before_the_final_dot_is_tried_again(desk: Desk, row: Row) -> None:
    meet(desk, row)
    assert desk.gmail.delivered == []
