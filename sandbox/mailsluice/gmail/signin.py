"""Google's replies up to and including AUTH, row by row."""

from typing import Final

from mailsluice.gmail.verdict import APP_PASSWORDS, Rule, Stage, Verdict

_OPENING: Final = (Stage.CONNECT, Stage.GREETING, Stage.TLS, Stage.EHLO)
_AUTH: Final = (Stage.AUTH,)
_REPORT: Final = "Please report it with the transcript; sending again will not help."

_BAD_CREDENTIALS: Final = Verdict(
    "auth",
    "Google does not accept this user name and password: the app password is mistyped or was removed, all of them "
    "ended with a change of the Google password, it is the normal password, or the address is wrong.",
    "Check the address, make a new app password and paste it into the profile.",
    link=APP_PASSWORDS,
    cause="bad-credentials",
)
_APP_PASSWORD: Final = Verdict(
    "auth",
    "This is the normal password of an account with 2-Step Verification; programs need an app password.",
    "Make an app password and paste it into the profile; leave 2-Step Verification on.",
    link=APP_PASSWORDS,
    cause="app-password-required",
)
_WEB_LOGIN: Final = Verdict(
    "auth",
    "Google has blocked this sign-in because it looks unusual (a new place or network); the password may be right.",
    "Sign in to this account in a browser, confirm that it was you, then try once; if it is blocked again, make a new "
    "app password.",
    link="https://support.google.com/mail/?p=WebLoginRequired",
    cause="web-login-required",
)
_SECOND_FACTOR_OR_WEB_LOGIN: Final = Verdict(
    "auth",
    "Google wants either an app password instead of the normal one, or a sign-in in a browser because this one looks "
    "unusual.",
    "If this is not an app password, make one and paste it into the profile; if it is, sign in to the account in a "
    "browser, confirm that it was you, then try once.",
    link=APP_PASSWORDS,
    cause="app-password-or-web-login",
)
_TOKEN_REFUSED: Final = Verdict(
    "auth",
    "Google refused an OAuth token: it has expired, or a password was sent in its place.",
    "Renew the token, or use an app password.",
    link=APP_PASSWORDS,
    cause="oauth-refused",
)
_LOGINS: Final = Verdict(
    "limit",
    "Google takes no sign-in from this account at the moment: there were too many of them, right or wrong, "
    "or Google has a passing fault.",
    "Wait at least an hour, then try once; every further try makes it longer.",
    park=3600,
    cause="too-many-logins",
)
AUTH_MISSING: Final = Verdict(
    "auth",
    "The server wants a sign-in, and none took place.",
    "Enter the user and the app password in the profile.",
    link=APP_PASSWORDS,
    cause="auth-missing",
)
STARTTLS_FIRST: Final = Verdict(
    "protocol",
    "The server wants encryption before anything else.",
    "Set the security to auto: STARTTLS on port 587, TLS on port 465.",
    cause="starttls-first",
)
AUTH_OR_STARTTLS: Final = Verdict(
    "protocol",
    "The server wants a sign-in or encryption first; its reply does not tell which.",
    "Enter the user and the password in the profile, and set the security to auto.",
    cause="auth-or-starttls",
)
_MECHANISM: Final = Verdict(
    "protocol",
    "Google does not know this way of signing in (CRAM-MD5 and XOAUTH are such).",
    "Use AUTH PLAIN, as Mailsluice does; if Mailsluice met this, please report it with the transcript.",
    cause="mechanism",
)
_AUTH_ARGUMENT: Final = Verdict(
    "protocol", "This way of signing in takes no password in its first line.", _REPORT, cause="auth-argument"
)
_AUTH_SYNTAX: Final = Verdict(
    "protocol", "The sign-in was not proper base64 when it reached Google.", _REPORT, cause="auth-syntax"
)
_EHLO_NAME: Final = Verdict(
    "protocol",
    "Google does not accept the name in EHLO: it is empty, or holds a comma, a blank or an unfilled placeholder.",
    "Send a plain host name in EHLO; if Mailsluice sent it, please report it with the transcript.",
    link="https://support.google.com/a/answer/3221692",
    cause="ehlo-name",
)
_TURNED_AWAY: Final = Verdict(
    "transient",
    "Google turned this connection away: too many came from your IP address, or the relay service does not accept the "
    "name in EHLO or the address.",
    "Wait some minutes and try once more; if it stays, use another network, and for a Workspace relay ask the "
    "administrator to allow this address.",
    link="https://support.google.com/a/answer/3221692",
    retry_after=30,
    cause="turned-away",
)
_SECOND_AUTH: Final = Verdict(
    "protocol", "A second sign-in was tried in one session, which Google does not allow.", _REPORT, cause="second-auth"
)
_STARTTLS_MISUSED: Final = Verdict(
    "protocol",
    "STARTTLS was sent twice, with arguments, or together with other commands.",
    "Look for a proxy or firewall that changes SMTP; otherwise please report it with the transcript.",
    cause="starttls-misused",
)
_UNAUTHENTICATED: Final = Verdict(
    "protocol",
    "Too many commands came before a sign-in, and Google ended the session.",
    "Enter the user and the app password in the profile.",
    link=APP_PASSWORDS,
    cause="too-many-unauthenticated",
)

SIGN_IN: Final = (
    Rule(_BAD_CREDENTIALS, tokens=("BadCredentials",)),
    Rule(_APP_PASSWORD, tokens=("InvalidSecondFactor",)),
    Rule(_WEB_LOGIN, tokens=("WebLoginRequired",)),
    Rule(AUTH_MISSING, tokens=("WantAuthError", "troubleshooter/2402620")),
    Rule(_EHLO_NAME, tokens=("helo",), codes=(501, 550, 553, 554)),
    Rule(_BAD_CREDENTIALS, (535,), ("5.7.8", "5.7.1", ""), stages=_AUTH),
    Rule(_SECOND_FACTOR_OR_WEB_LOGIN, (534,), ("5.7.9", "")),
    Rule(_WEB_LOGIN, (534,), ("5.7.14",)),
    Rule(_TOKEN_REFUSED, (334,), stages=_AUTH),
    Rule(_LOGINS, (454,), ("4.7.0", ""), stages=_AUTH),
    Rule(AUTH_MISSING, (530,), ("5.5.1",)),
    Rule(_MECHANISM, (504,), ("5.7.4", ""), stages=_AUTH),
    Rule(_AUTH_ARGUMENT, (535,), ("5.5.4",)),
    Rule(_AUTH_SYNTAX, (501,), ("5.5.2", ""), stages=_AUTH),
    Rule(_EHLO_NAME, (501,), ("5.5.4", ""), stages=(Stage.EHLO,)),
    Rule(_SECOND_AUTH, (503,), ("5.7.0",)),
    Rule(_STARTTLS_MISUSED, (454,), ("5.5.1", "4.5.0")),
    Rule(_STARTTLS_MISUSED, (523, 524, 525), ("5.7.10", "")),
    Rule(_STARTTLS_MISUSED, (501,), ("5.7.11",)),
    Rule(_TURNED_AWAY, (421,), ("4.7.0", ""), stages=_OPENING),
    Rule(_UNAUTHENTICATED, (554,), ("5.7.0",)),
)
