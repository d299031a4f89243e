"""Everything that can go wrong from the name of the server to the sign-in: no mail is sent, and the page says why."""

from typing import Final

from tests.e2e.chromium import NEEDED
from tests.e2e.desk import NORMAL_PASSWORD, Desk
from tests.e2e.rows import ACT, Row, meet, table
from tests.gmail import replies
from tests.gmail.replies import DROP, STALL, compose
from tests.smarthost import USER

pytestmark = NEEDED

NOT_SENT: Final = "Not sent"
RETRIED: Final = ("Not now; it is tried again by itself", "Next try")
PASSWORD: Final = (NOT_SENT, "does not accept this user name and password", "make a new app password")
NORMAL: Final = (NOT_SENT, "This is the normal password", "leave 2-Step Verification on", "/apppasswords")
BROWSER: Final = (NOT_SENT, "Google has blocked this sign-in", "confirm that it was you, then try once")
BROWSER_THEN: Final = (*BROWSER, "(a sign-in link)")
TOKEN: Final = (NOT_SENT, "Google refused an OAuth token", "use an app password")
LOGINS: Final = (NOT_SENT, "too many of them, right or wrong, or Google has a passing fault", "Wait at least an hour")
MECHANISM: Final = (NOT_SENT, "does not know this way of signing in", "please report it with the transcript")
ARGUMENT: Final = (NOT_SENT, "takes no password in its first line", "Please report it with the transcript")
BASE64: Final = (NOT_SENT, "not proper base64", "Please report it with the transcript")
TWICE: Final = (NOT_SENT, "A second sign-in was tried", "Please report it with the transcript")
TLS_FIRST: Final = (NOT_SENT, "wants encryption before anything else", "Set the security to auto")
TOO_LATE: Final = (NOT_SENT, "Too many commands came before a sign-in", "Enter the user and the app password")
NO_SIGN_IN: Final = ("The server wants a sign-in, and none took place.", "Enter the user and the app password")
EITHER: Final = ("wants a sign-in or encryption first", "set the security to auto")
NAME: Final = (NOT_SENT, "Google does not accept the name in EHLO", "Send a plain host name")
AWAY: Final = (*RETRIED, "Google turned this connection away", "Wait some minutes and try once more")
STARTTLS: Final = (NOT_SENT, "STARTTLS was sent twice, with arguments", "Look for a proxy or firewall")
AVAST: Final = (NOT_SENT, "signed by", "Avast", "an antivirus or a proxy opens the encryption", "Switch off its scan")
AT_465: Final = (NOT_SENT, "begins with TLS, so there is no greeting before it", "Set the security to auto or TLS")
AT_587: Final = (NOT_SENT, "does not begin with TLS", "Set the security to auto or STARTTLS")
NO_AUTH: Final = (NOT_SENT, "does not offer a sign-in with a password", "Check host and port")
ISSUER: Final = (NOT_SENT, "whom this computer does not trust", "if this is your own server, give the CA file")
EXPIRED: Final = (NOT_SENT, "has expired, or this computer's clock is wrong", "Check the clock")
WRONG_NAME: Final = (NOT_SENT, "belongs to another name than smtp.gmail.com", "Check the host's spelling")
CA_FILE: Final = (NOT_SENT, "The CA file of the profile cannot be read", "Correct its path in the profile.")

PASSWORD_THEN: Final = compose("535 5.7.1", "Username and Password not accepted. Learn more at")
TLS_PIPELINED: Final = compose("523 5.7.10", "SMTP protocol violation, no commands allowed to pipeline after STARTTLS")
ENCRYPTION: Final = compose("538 5.7.11", "Encryption required for requested authentication mechanism")
TOO_MANY: Final = replies.MANY_UNAUTHENTICATED

TYPED: Final = {"password": NORMAL_PASSWORD}
CHALLENGED: Final = {"challenged": True}
CHALLENGED_THEN: Final = {"old_challenge": True}
CLEAR: Final = {"host": "localhost", "security": "plain"}
NOBODY: Final = {"host": "localhost", "preset": "custom", "user": "", "sender_address": USER}
BARE: Final = {"bare_want_auth": True}
FOREIGN: Final = {"certificate": "unknown_issuer"}


def at_auth(reply: str) -> tuple[str, str]:
    """The sign-in is answered so."""
    return "auth", reply


@table(
    Row("535-5.7.8", "failed", "535 5.7.8", "bad-credentials", PASSWORD, account={"revoked": True}, parked=ACT),
    Row("535-5.7.1, older", "failed", "535 5.7.1", "bad-credentials", PASSWORD, at_auth(PASSWORD_THEN), parked=ACT),
    Row("534-5.7.9: password", "failed", "534 5.7.9", "app-password-required", NORMAL, profile=TYPED, parked=ACT),
    Row("534-5.7.9: browser", "failed", "534 5.7.9", "web-login-required", BROWSER, account=CHALLENGED, parked=ACT),
    Row("534-5.7.14", "failed", "534 5.7.14", "web-login-required", BROWSER_THEN, account=CHALLENGED_THEN, parked=ACT),
    Row("334 and no more", "failed", "334", "oauth-refused", TOKEN, at_auth(replies.TOKEN_REFUSED), parked=ACT),
    Row("454 4.7.0", "failed", "454 4.7.0", "too-many-logins", LOGINS, knobs={"logins": 0}, parked="1 h"),
    Row("454-4.7.0", "failed", "454 4.7.0", "too-many-logins", LOGINS, at_auth(replies.MANY_LOGINS_LONG), parked="1 h"),
    Row("454: temporary", "failed", "454 4.7.0", "too-many-logins", LOGINS, account={"temporary": True}, parked="1 h"),
    Row("504 5.7.4", "failed", "504 5.7.4", "mechanism", MECHANISM, at_auth(replies.UNKNOWN_MECHANISM), parked=ACT),
    Row("504 5.7.4: XOAUTH", "failed", "504 5.7.4", "mechanism", MECHANISM, at_auth(replies.NO_XOAUTH), parked=ACT),
    Row("535 5.5.4", "failed", "535 5.5.4", "auth-argument", ARGUMENT, at_auth(replies.NO_ARGUMENT), parked=ACT),
    Row("501 5.5.2", "failed", "501 5.5.2", "auth-syntax", BASE64, at_auth(replies.UNDECODABLE), parked=ACT),
    Row("503 5.7.0", "failed", "503 5.7.0", "second-auth", TWICE, at_auth(replies.NO_SECOND_AUTH), parked=ACT),
    Row("530 5.7.0: TLS", "failed", "530 5.7.0", "starttls-first", TLS_FIRST, at_auth(replies.WANT_TLS), parked=ACT),
    Row("538 5.7.11", "failed", "538 5.7.11", "starttls-first", TLS_FIRST, at_auth(ENCRYPTION), parked=ACT),
    Row("554 5.7.0", "failed", "554 5.7.0", "too-many-unauthenticated", TOO_LATE, at_auth(TOO_MANY), parked=ACT),
)
def test_no_answer_to_the_sign_in_is_ever_followed_by_another_sign_in(desk: Desk, row: Row) -> None:
    meet(desk, row)
    assert desk.gmail.auth_attempts == 1


@table(
    Row("530-5.7.0", "refused", "530 5.7.0", "auth-missing", NO_SIGN_IN, profile=NOBODY),
    Row("530-5.7.0, since 2025", "refused", "530 5.7.0", "auth-missing", NO_SIGN_IN, knobs=BARE, profile=NOBODY),
    Row("530 5.7.0: TLS", "refused", "530 5.7.0", "auth-or-starttls", EITHER, profile=NOBODY | CLEAR),
)
def test_a_profile_without_a_user_learns_that_one_is_wanted(desk: Desk, row: Row) -> None:
    meet(desk, row)


@table(
    Row("421-4.7.0 at EHLO", "deferred", "421 4.7.0", "turned-away", AWAY, ("ehlo", replies.THROTTLED_EHLO)),
    Row("421-4.7.0 as greeting", "deferred", "421 4.7.0", "turned-away", AWAY, ("greeting", replies.THROTTLED_EHLO)),
    Row("421 4.7.0 at EHLO", "deferred", "421 4.7.0", "turned-away", AWAY, ("ehlo", replies.TEMPORARY)),
    Row("421 4.4.5 as greeting", "deferred", "421 4.4.5", "busy", RETRIED, ("greeting", replies.BUSY)),
    Row("501-5.5.4: a comma", "failed", "501 5.5.4", "ehlo-name", NAME, ("ehlo", replies.bad_name("gmail.com, x"))),
    Row("501-5.5.4: empty", "failed", "501 5.5.4", "ehlo-name", NAME, ("ehlo", replies.bad_name(""))),
    Row("454 5.5.1", "failed", "454 5.5.1", "starttls-misused", STARTTLS, ("tls", replies.TLS_TWICE)),
    Row("454 4.5.0", "failed", "454 4.5.0", "starttls-misused", STARTTLS, ("tls", replies.TLS_PIPELINED)),
    Row("523 5.7.10", "failed", "523 5.7.10", "starttls-misused", STARTTLS, ("tls", TLS_PIPELINED)),
    Row("501 5.7.11", "failed", "501 5.7.11", "starttls-misused", STARTTLS, ("tls", replies.NO_PARAMETERS)),
)
def test_an_answer_before_the_sign_in_is_told_in_words(desk: Desk, row: Row) -> None:
    meet(desk, row)
    assert desk.gmail.auth_attempts == 0


@table(
    Row("STARTTLS at 465", "failed", "", "plain-on-tls-port", AT_465, profile={"port": "465"}),
    Row("TLS at 587", "failed", "", "tls-on-plain-port", AT_587, profile={"security": "tls"}),
    Row("no TLS", "failed", "", "no-auth", NO_AUTH, profile=CLEAR, parked=ACT),
    Row("antivirus", "failed", "", "intercepted", AVAST, knobs={"certificate": "antivirus"}),
    Row("unknown issuer", "failed", "", "unknown-issuer", ISSUER, knobs=FOREIGN, profile={"host": "localhost"}),
    Row("expired", "failed", "", "expired", EXPIRED, knobs={"certificate": "expired"}),
    Row("wrong name", "failed", "", "wrong-name", WRONG_NAME, knobs={"certificate": "wrong_name"}),
    Row("no CA file", "failed", "", "ca-file", CA_FILE, profile={"ca_file": "/nowhere/ca.pem"}),
    Row("refused", "deferred", "", "refused", (*RETRIED, "refuses connections on port 9"), profile={"port": 9}),
    Row("silent", "deferred", "", "silent", (*RETRIED, "but said nothing"), knobs={"stall_at": "greeting"}),
    Row("cut", "deferred", "", "closed", (*RETRIED, "closed the connection"), ("greeting", DROP)),
    Row("cut at the sign-in", "deferred", "", "closed", (*RETRIED, "closed the connection"), at_auth(DROP)),
    Row("silent at the sign-in", "deferred", "", "stalled", (*RETRIED, "stopped answering"), at_auth(STALL)),
)
def test_a_way_that_is_barred_is_told_in_words(desk: Desk, row: Row) -> None:
    meet(desk, row)
    assert desk.gmail.delivered == []
