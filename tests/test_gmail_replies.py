"""Google's replies as GMAIL.md section 2.1 has them, row by row, and that no English word decides."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.gmail.replies import Stage, Verdict, classify, is_google, without_sign_in_link
from mailsluice.reply import Reply, parse_reply

HOST = "smtp.gmail.com"
TAG = "d9443c01a7336-2a2f3c65d66sm50829075ad.20 - gsmtp"
MAIL = "https://support.google.com/mail/?p="
RULES = "https://support.google.com/a/answer/3221692"

Row = tuple[int, str, Stage, str, int | None, str, str]
# code, text as a client gives it, stage, kind, retry, cause, a word of the remedy
ROWS: list[Row] = [
    (
        535,
        f"5.7.8 Username and Password not accepted. For more information, go to\n5.7.8  {MAIL}BadCredentials {TAG}",
        Stage.AUTH,
        "auth",
        None,
        "bad-credentials",
        "app password",
    ),
    (
        535,
        f"5.7.1 Username and Password not accepted. Learn more at\n5.7.1 https://example.invalid {TAG}",
        Stage.AUTH,
        "auth",
        None,
        "bad-credentials",
        "app password",
    ),
    (
        534,
        "5.7.9 Application-specific password required. For more information, go to\n"
        f"5.7.9  {MAIL}InvalidSecondFactor {TAG}",
        Stage.AUTH,
        "auth",
        None,
        "app-password-required",
        "app password",
    ),
    (
        534,
        "5.7.9 Please log in with your web browser and then try again. For more\n5.7.9 information, go to\n"
        f"5.7.9  {MAIL}WebLoginRequired {TAG}",
        Stage.AUTH,
        "auth",
        None,
        "web-login-required",
        "browser",
    ),
    (
        534,
        "5.7.14 <https://accounts.google.com/signin/continue?sarp=1&scc=1&plt=AKgnsbv\n5.7.14 abc\n"
        "5.7.14 > Please log in via your web browser and then try again.\n5.7.14  Learn more at\n"
        f"5.7.14  https://support.google.com/mail/answer/78754 {TAG}",
        Stage.AUTH,
        "auth",
        None,
        "web-login-required",
        "browser",
    ),
    (334, "eyJzdGF0dXMiOiI0MDAifQ==", Stage.AUTH, "auth", None, "oauth-refused", "app password"),
    (
        454,
        f"4.7.0 Too many login attempts, please try again later. {TAG}",
        Stage.AUTH,
        "limit",
        None,
        "too-many-logins",
        "hour",
    ),
    (
        454,
        f"4.7.0 Cannot authenticate due to temporary system problem. Try again later. {TAG}",
        Stage.AUTH,
        "limit",
        None,
        "too-many-logins",
        "hour",
    ),
    (
        530,
        f"5.7.0 Authentication Required. For more information, go to\n5.7.0  {MAIL}WantAuthError {TAG}",
        Stage.MAIL,
        "auth",
        None,
        "auth-missing",
        "password",
    ),
    (
        530,
        "5.7.0 Authentication Required. For more information, go to\n"
        f"5.7.0 https://support.google.com/accounts/troubleshooter/2402620. {TAG}",
        Stage.MAIL,
        "auth",
        None,
        "auth-missing",
        "password",
    ),
    (530, f"5.5.1 Authentication Required. {TAG}", Stage.MAIL, "auth", None, "auth-missing", "password"),
    (
        530,
        f"5.7.0 Must issue a STARTTLS command first. {TAG}",
        Stage.AUTH,
        "protocol",
        None,
        "starttls-first",
        "STARTTLS",
    ),
    (
        530,
        f"5.7.0 Must issue a STARTTLS command first. {TAG}",
        Stage.MAIL,
        "protocol",
        None,
        "auth-or-starttls",
        "security",
    ),
    (504, f"5.7.4 Unrecognized Authentication Type. {TAG}", Stage.AUTH, "protocol", None, "mechanism", "PLAIN"),
    (504, f"5.7.4 XOAUTH is no longer supported. {TAG}", Stage.AUTH, "protocol", None, "mechanism", "PLAIN"),
    (
        535,
        f"5.5.4 Optional Argument not permitted for that AUTH mode. {TAG}",
        Stage.AUTH,
        "protocol",
        None,
        "auth-argument",
        "report",
    ),
    (501, f"5.5.2 Cannot Decode response. {TAG}", Stage.AUTH, "protocol", None, "auth-syntax", "report"),
    (
        501,
        f'5.5.4 HELO/EHLO argument "gmail.com, x" invalid, closing connection.\n5.5.4 {MAIL}helo {TAG}',
        Stage.EHLO,
        "protocol",
        None,
        "ehlo-name",
        "EHLO",
    ),
    (501, f"5.5.4 Empty HELO/EHLO argument not allowed. {TAG}", Stage.EHLO, "protocol", None, "ehlo-name", "EHLO"),
    (
        421,
        f"4.7.0 Try again later, closing connection. (EHLO)\n4.7.0 For more information, go to\n4.7.0 {RULES} {TAG}",
        Stage.EHLO,
        "transient",
        30,
        "turned-away",
        "network",
    ),
    (421, f"4.7.0 Try again later, closing connection. {TAG}", Stage.GREETING, "transient", 30, "turned-away", "Wait"),
    (421, f"4.3.0 Temporary System Problem. Try again later (10). {TAG}", Stage.DATA, "limit", 30, "too-fast", "pace"),
    (421, f"4.3.0 Temporary System Problem. Try again later (10). {TAG}", Stage.EHLO, "transient", 30, "busy", "Try"),
    (421, f"4.7.0 Temporary System Problem. {TAG}", Stage.MAIL, "transient", 30, "busy", "Try"),
    (421, f"4.4.5 Server busy. {TAG}", Stage.CONNECT, "transient", 30, "busy", "Try"),
    (
        421,
        f"4.7.0 TLS required for RCPT domain. {TAG}",
        Stage.RCPT,
        "policy",
        None,
        "recipient-policy",
        "administrator",
    ),
    (451, f"4.4.2 Timeout - closing connection. {TAG}", Stage.MAIL, "transient", 30, "idle", "Try"),
    (451, f"4.3.0 Mail server temporarily rejected message. {TAG}", Stage.MESSAGE, "transient", 30, "busy", "Try"),
    (
        451,
        f"4.5.0 SMTP protocol violation, see RFC 2821. {TAG}",
        Stage.MAIL,
        "protocol",
        None,
        "client-fault",
        "report",
    ),
    (
        452,
        "4.5.3 Your message has too many recipients. For more information regarding\n"
        f"4.5.3 Google's sending limits, go to\n4.5.3  {MAIL}TooManyRecipientsError {TAG}",
        Stage.RCPT,
        "limit",
        None,
        "too-many-recipients",
        "groups",
    ),
    (
        452,
        f"4.5.3 Domain policy size per transaction exceeded, please try this recipient separately. {TAG}",
        Stage.RCPT,
        "policy",
        None,
        "separate-recipient",
        "separately",
    ),
    (
        550,
        "5.4.5 Daily user sending limit exceeded. For more information on Gmail\n5.4.5 sending limits go to\n"
        f"5.4.5  https://support.google.com/a/answer/166852 {TAG}",
        Stage.DATA,
        "limit",
        None,
        "daily-limit",
        "Wait",
    ),
    (
        552,
        f"5.3.4 Your message exceeded Google's message size limits.\n5.3.4 {MAIL}MaxSizeError {TAG}",
        Stage.MAIL,
        "content",
        None,
        "too-large",
        "smaller",
    ),
    (
        552,
        f"5.3.4 The size of your message (9 bytes) exceeded. {TAG}",
        Stage.MAIL,
        "content",
        None,
        "too-large",
        "link",
    ),
    (552, f"5.2.3 Your message exceeded. {TAG}", Stage.MESSAGE, "content", None, "too-large", "smaller"),
    (552, f"5.3.4 Header too large. {TAG}", Stage.MESSAGE, "content", None, "too-large-somewhere", "header"),
    (
        552,
        "5.7.0 This message was blocked because its content presents a potential\n5.7.0 security issue.\n"
        f"5.7.0 {MAIL}BlockedMessage {TAG}",
        Stage.MESSAGE,
        "content",
        None,
        "blocked-content",
        "Remove",
    ),
    (552, f"5.7.0 Illegal attachment. {TAG}", Stage.MESSAGE, "content", None, "blocked-content", "Remove"),
    (
        553,
        "5.1.3 The recipient address <x> is not a valid RFC 5321 address. For more\n5.1.3 information, go to\n"
        f"5.1.3  {RULES} and review RFC 5321\n5.1.3 specifications. {TAG}",
        Stage.RCPT,
        "address",
        None,
        "recipient-syntax",
        "Correct",
    ),
    (553, f"5.1.7 The sender address <x> is not valid. {TAG}", Stage.MAIL, "address", None, "sender-syntax", "profile"),
    (
        553,
        f"5.1.2 We weren't able to find the recipient domain. {TAG}",
        Stage.RCPT,
        "address",
        None,
        "recipient-domain",
        "spelling",
    ),
    (555, f"5.5.2 Syntax error. {TAG}", Stage.MAIL, "protocol", None, "path-syntax", "bare"),
    (555, f"5.5.2 Syntax error, cannot decode response. {TAG}", Stage.RCPT, "protocol", None, "path-syntax", "bare"),
    (502, f"5.5.1 Unrecognized command. {TAG}", Stage.EHLO, "protocol", None, "client-fault", "report"),
    (
        503,
        "5.5.1 RCPT first. A mail transaction protocol command was issued out of\n5.5.1 sequence. go to\n"
        f"5.5.1  {RULES} and review RFC 5321\n5.5.1 specifications. {TAG}",
        Stage.DATA,
        "protocol",
        None,
        "client-fault",
        "report",
    ),
    (503, f"5.7.0 No identity changes permitted. {TAG}", Stage.AUTH, "protocol", None, "second-auth", "report"),
    (454, f"5.5.1 STARTTLS may not be repeated. {TAG}", Stage.TLS, "protocol", None, "starttls-misused", "proxy"),
    (454, f"4.5.0 SMTP protocol violation. {TAG}", Stage.TLS, "protocol", None, "starttls-misused", "proxy"),
    (523, f"5.7.10 SMTP protocol violation. {TAG}", Stage.TLS, "protocol", None, "starttls-misused", "proxy"),
    (501, f"5.7.11 Syntax error. {TAG}", Stage.TLS, "protocol", None, "starttls-misused", "proxy"),
    (
        554,
        f"5.7.0 Too Many Unauthenticated commands. {TAG}",
        Stage.MAIL,
        "protocol",
        None,
        "too-many-unauthenticated",
        "password",
    ),
    (554, f"5.6.0 Mail message is malformed. {TAG}", Stage.MESSAGE, "content", None, "malformed-or-loop", "Received"),
    (
        554,
        f"5.6.0 Exceeded 50 hops.\n5.6.0 {MAIL}MailLoop {TAG}",
        Stage.MESSAGE,
        "content",
        None,
        "mail-loop",
        "Received",
    ),
    (554, f"5.4.6 Message exceeded 50 hops. {TAG}", Stage.MESSAGE, "content", None, "mail-loop", "Received"),
    (538, "5.7.11 Encryption required", Stage.AUTH, "protocol", None, "starttls-first", "STARTTLS"),
]
STAGES = st.sampled_from(list(Stage))


def verdict_of(code: int, text: str, stage: Stage) -> Verdict:
    return classify(parse_reply(code, text), stage=stage, host=HOST)


def reworded(text: str) -> str:
    """Every word but enhanced codes, links and the tag at the end replaced, as Google itself does now and then."""

    def other(match: re.Match[str]) -> str:
        word = match[0]
        return word if re.match(r"\d\.\d|https?:|<https?:", word) or word in TAG.split() else "mañana"

    return re.sub(r"\S+", other, text)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[5]}-{row[0]}-{row[2]}")
def test_a_reply_is_explained_with_what_to_do(row: Row) -> None:
    code, text, stage, kind, retry, cause, word = row
    verdict = verdict_of(code, text, stage)
    assert (verdict.kind, verdict.retry_after, verdict.cause) == (kind, retry, cause)
    assert word in verdict.remedy


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[5]}-{row[0]}-{row[2]}")
def test_other_english_words_change_nothing(row: Row) -> None:
    code, text, stage = row[:3]
    assert reworded(text) != text or code == 334
    if code != 334:
        assert verdict_of(code, reworded(text), stage) == verdict_of(code, text, stage)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[5]}-{row[0]}-{row[2]}")
def test_a_verdict_is_two_sentences(row: Row) -> None:
    verdict = verdict_of(row[0], row[1], row[2])
    for sentence in (verdict.meaning, verdict.remedy):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert len(sentence) < 260


def test_where_causes_share_a_reply_all_are_named() -> None:
    both = verdict_of(534, f"5.7.9 x {TAG}", Stage.AUTH)
    assert "app password" in both.meaning
    assert "browser" in both.meaning
    logins = verdict_of(454, f"4.7.0 x {TAG}", Stage.AUTH)
    assert "too many" in logins.meaning
    assert "passing fault" in logins.meaning
    first = verdict_of(530, f"5.7.0 x {TAG}", Stage.MAIL)
    assert "sign-in or encryption" in first.meaning


def test_after_too_many_logins_the_profile_rests_an_hour_and_after_the_daily_limit_a_day() -> None:
    assert verdict_of(454, f"4.7.0 x {TAG}", Stage.AUTH).park == 3600
    assert verdict_of(550, f"5.4.5 x {TAG}", Stage.DATA).park == 86_400


@pytest.mark.parametrize("cause", ["bad-credentials", "app-password-required", "auth-missing"])
def test_a_refused_sign_in_links_to_where_app_passwords_are_made(cause: str) -> None:
    row = next(row for row in ROWS if row[5] == cause)
    assert verdict_of(row[0], row[1], row[2]).link == "https://myaccount.google.com/apppasswords"


def test_the_tag_tells_that_google_speaks_whatever_the_host_is_called() -> None:
    reply = parse_reply(535, f"5.7.8 no {TAG}")
    assert "Google" in classify(reply, stage=Stage.AUTH, host="127.0.0.1").meaning
    ruled = parse_reply(550, "5.7.0 no - gcdp d9443c01a7336sm5.20 - gsmtp")
    assert classify(ruled, stage=Stage.RCPT, host="proxy.example").cause == "relay-denied"


def test_another_provider_is_not_called_google() -> None:
    for code, text, stage, *_ in ROWS:
        plain = text.replace(TAG, "").replace("https://support.google.com", "https://help.example.com")
        verdict = classify(parse_reply(code, plain), stage=stage, host="smtp.example.com")
        assert "Google" not in verdict.meaning + verdict.remedy, (code, text)


@pytest.mark.parametrize(("code", "text"), [(535, "5.7.139 disabled"), (550, "5.7.30 not supported")])
def test_microsoft_s_refusal_of_passwords_is_known(code: int, text: str) -> None:
    verdict = classify(parse_reply(code, text), stage=Stage.AUTH, host="smtp.office365.com")
    assert (verdict.kind, verdict.cause) == ("auth", "no-passwords")


@given(st.integers(0, 999), st.text(max_size=40), st.text(max_size=200), STAGES, st.sampled_from([HOST, "mx.example"]))
def test_any_reply_has_a_verdict(code: int, enhanced: str, text: str, stage: Stage, host: str) -> None:
    verdict = classify(parse_reply(code, f"{enhanced} {text}"), stage=stage, host=host)
    assert verdict.kind in {"auth", "limit", "transient", "content", "address", "protocol", "policy", "network"}
    assert verdict.meaning
    assert verdict.remedy


@given(st.integers(400, 599), st.sampled_from(["", "5.7.8", "4.7.0", "4.3.0", "5.1.1", "4.2.2"]), STAGES)
def test_nothing_is_retried_by_itself_after_a_sign_in_or_a_permanent_no(code: int, enhanced: str, stage: Stage) -> None:
    verdict = classify(Reply(code, enhanced, TAG), stage=stage, host=HOST)
    if stage is Stage.AUTH or code >= 500:
        assert verdict.retry_after is None


def test_enhanced_codes_leave_every_line_that_repeats_them() -> None:
    reply = parse_reply(535, "5.7.8 Username and Password\n5.7.8  https://support.google.com/x a.1 - gsmtp")
    assert reply == Reply(535, "5.7.8", "Username and Password\nhttps://support.google.com/x a.1 - gsmtp")
    assert str(reply) == "535 5.7.8 Username and Password https://support.google.com/x a.1 - gsmtp"


def test_a_reply_without_enhanced_code_is_whole() -> None:
    assert parse_reply(220, "smtp.gmail.com ESMTP x - gsmtp") == Reply(220, "", "smtp.gmail.com ESMTP x - gsmtp")
    assert str(parse_reply(354, " Go ahead x")) == "354 Go ahead x"
    assert parse_reply(250, "1.2.3.4 greets you").enhanced == ""


@given(st.text())
def test_no_reply_reaches_a_terminal_with_control_characters(text: str) -> None:
    assert parse_reply(250, text + "\x1b[2J\x9b").text.replace("\n", "").isprintable()


def test_the_link_that_signs_in_whoever_opens_it_is_left_out_of_histories() -> None:
    row = next(row for row in ROWS if "signin" in row[1])
    shown = without_sign_in_link(parse_reply(row[0], row[1]).text)
    assert "plt=" not in shown
    assert "78754" in shown
    assert without_sign_in_link("see https://accounts.google.com/signin/x?plt=1 now") == "see (a sign-in link) now"


def test_only_google_s_hosts_are_google_s() -> None:
    assert is_google("smtp.gmail.com")
    assert is_google("SMTP-RELAY.gmail.com.")
    assert not is_google("smtp.gmail.com.example.com")
    assert not is_google("notgmail.com")
