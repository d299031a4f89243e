"""The fake Gmail says, to the byte, what GMAIL.md has from the wire; sections are that document's."""

import json
import re
import smtplib
from base64 import b64decode

import aiosmtplib
import pytest

import tests.gmail
from tests.fake_gmail_client import (
    APP_PASSWORD,
    MESSAGE,
    NORMAL_PASSWORD,
    SID,
    TOKEN,
    USER,
    auth_plain,
    begin,
    encoded,
    fake,
    logged_in,
    plain,
    samples,
    secure,
    send,
    signed,
    trust,
)
from tests.gmail import FakeGmail, Knobs, in_thread, triggers
from tests.gmail_samples import (
    AFTER_AUTH,
    AFTER_MAIL,
    DATA,
    EHLO_BEFORE_TLS,
    EHLO_WITHIN_TLS,
    FIRST_COMMANDS,
    MESSAGES,
    RECIPIENTS,
    SENDERS,
    USERS,
)

SYNTAX_OF_RECIPIENTS = ["${TO}", "${TO}@example.com", "ada lovelace@example.com", "ada@", "@example.com", "ada@.com"]


async def test_a_whole_session_on_587_is_gmails_to_the_byte() -> None:
    async with fake() as gmail, plain(gmail) as client:
        assert await client.reply() == f"220 smtp.gmail.com ESMTP {SID} - gsmtp"
        assert await client.say("EHLO sandbox.local") == EHLO_BEFORE_TLS
        assert await client.say("STARTTLS") == "220 2.0.0 Ready to start TLS"
        await client.writer.start_tls(trust(gmail), server_hostname="smtp.gmail.com")
        assert await client.say("EHLO sandbox.local") == EHLO_WITHIN_TLS
        assert await client.say(auth_plain()) == "235 2.7.0 Accepted"
        assert await client.say("MAIL FROM:<ada@gmail.com> SIZE=1234") == f"250 2.1.0 OK {SID} - gsmtp"
        assert await client.say("RCPT TO:<x@example.com>") == f"250 2.1.5 OK {SID} - gsmtp"
        assert await client.say("DATA") == f"354  Go ahead {SID} - gsmtp"
        assert await client.say("Subject: hi\r\n\r\nHi\r\n.") == f"250 2.0.0 OK  1768875001 {SID} - gsmtp"
        assert await client.say("QUIT") == f"221 2.0.0 closing connection {SID} - gsmtp"
        assert await client.rest() == ""


async def test_465_offers_auth_at_once() -> None:
    async with fake() as gmail, secure(gmail) as client:
        assert await client.say("EHLO app.example") == EHLO_WITHIN_TLS


async def test_each_connection_has_an_id_of_gmails_shape_that_its_replies_repeat() -> None:
    shape = r"[0-9a-f]{13}-[0-9a-f]{11}sm\d{7,9}[a-z0-9]{2,3}\.\d{1,3}"
    async with FakeGmail() as gmail:
        seen = set()
        for _ in range(5):
            async with plain(gmail) as client:
                banner = re.fullmatch(rf"220 smtp\.gmail\.com ESMTP ({shape}) - gsmtp", await client.reply())
                assert banner
                assert await client.say("NOOP") == f"250 2.0.0 OK {banner[1]} - gsmtp"
                seen.add(banner[1])
        assert len(seen) == 5


@pytest.mark.parametrize(("command", "reply"), samples(FIRST_COMMANDS))
async def test_a_first_command_is_answered_as_by_gmail(command: str, reply: str) -> None:
    async with fake() as gmail, plain(gmail) as client:
        await client.reply()
        assert await client.say(command) == reply
        if reply[:3] in ("501", "421", "221"):
            assert await client.rest() == ""


@pytest.mark.parametrize(("command", "reply"), samples(AFTER_AUTH))
async def test_a_command_after_auth_is_answered_as_by_gmail(command: str, reply: str) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        assert await client.say(command) == reply


@pytest.mark.parametrize(("command", "reply"), samples(AFTER_MAIL))
async def test_a_command_after_mail_is_answered_as_by_gmail(command: str, reply: str) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        await client.say(f"MAIL FROM:<{USER}>")
        assert await client.say(command) == reply


@pytest.mark.parametrize(("name", "reply"), samples(USERS))
async def test_a_user_name_asks_for_each_reply_to_auth(name: str, reply: str) -> None:
    async with fake() as gmail, secure(gmail) as client:
        assert await client.say(auth_plain(f"{name}@gmail.com", "anything")) == reply


@pytest.mark.parametrize(("name", "reply"), samples(SENDERS))
async def test_a_sender_asks_for_each_reply_to_mail(name: str, reply: str) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        assert await client.say(f"MAIL FROM:<{name}@any.example>") == reply


@pytest.mark.parametrize(("name", "reply"), samples(RECIPIENTS))
async def test_a_recipient_asks_for_each_reply_to_rcpt(name: str, reply: str) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        await client.say(f"MAIL FROM:<{USER}>")
        assert await client.say(f"RCPT TO:<{name}+tag@any.example>") == reply


@pytest.mark.parametrize(("name", "reply"), samples(DATA))
async def test_a_recipient_asks_for_each_reply_to_data(name: str, reply: str) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        await begin(client, f"{name}@any.example")
        assert await client.say("DATA") == reply


@pytest.mark.parametrize(("name", "reply"), samples(MESSAGES))
async def test_a_recipient_asks_for_each_reply_to_a_message(name: str, reply: str) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        assert await send(client, f"{name}@any.example") == reply
        assert gmail.delivered == []


def test_every_name_that_asks_for_a_reply_is_documented() -> None:
    documented = set(re.findall(r"\b[a-z0-9]+\b", tests.gmail.__doc__ or ""))
    tables = (triggers.USERS, triggers.SENDERS, triggers.RECIPIENTS, triggers.BOUNCES, triggers.EHLO_NAMES)
    assert {name for table in tables for name in table} <= documented


EVERY_REPLY = sorted(
    {reply for _, reply in triggers.RECIPIENTS.values()}
    | set(triggers.SENDERS.values())
    | set(triggers.USERS.values())
    | set(triggers.EHLO_NAMES.values()) - {"drop", "stall", "lost"}
)


@pytest.mark.parametrize("reply", [reply for reply in EVERY_REPLY if "\n" in reply or " " in reply])
def test_every_reply_is_a_well_formed_one(reply: str) -> None:
    *lines, last = reply.split("\n")
    code, enhanced = last[:3], last.split(" ")[1]
    assert re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", enhanced)
    assert code[0] == enhanced[0]
    assert all(line.startswith(f"{code}-{enhanced} ") and len(line) <= 81 for line in lines)
    assert last.endswith(" {sid} - gsmtp")


@pytest.mark.parametrize("address", SYNTAX_OF_RECIPIENTS)
async def test_a_recipient_that_is_no_address_is_refused(address: str) -> None:
    async with fake() as gmail, logged_in(gmail) as client:
        await client.say(f"MAIL FROM:<{USER}>")
        reply = await client.say(f"RCPT TO:<{address}>")
        assert reply.startswith("553-5.1.3 The recipient address <")
        assert " ".join(line[10:] for line in reply.split("\n")).startswith(f"The recipient address <{address}> is not")


async def test_the_old_challenge_is_a_folded_url() -> None:
    async with fake() as gmail, secure(gmail) as client:
        gmail.accounts[USER].old_challenge = True
        lines = (await client.say(auth_plain())).split("\n")
        assert lines[0].startswith("534-5.7.14 <https://accounts.google.com/signin/continue?sarp=1&scc=1&plt=")
        assert lines[-2:] == [
            "534-5.7.14  Learn more at",
            signed("534 5.7.14  https://support.google.com/mail/answer/78754 <id> - gsmtp"),
        ]


async def test_before_tls_mail_and_auth_are_refused_and_auth_is_a_violation() -> None:
    refusal = signed("530 5.7.0 Must issue a STARTTLS command first. <id> - gsmtp")
    gmail = fake()

    async def talk() -> None:
        async with gmail, plain(gmail) as client:
            await client.reply()
            await client.say("EHLO app.example")
            assert await client.say("MAIL FROM:<a@b.example>") == refusal
            gmail.assert_healthy()
            assert await client.say(auth_plain()) == refusal

    with pytest.raises(AssertionError, match="AUTH PLAIN before TLS"):
        await talk()
    assert gmail.auth_attempts == 1
    assert encoded(f"\0{USER}\0{APP_PASSWORD}") not in str(gmail.log)


async def test_mail_without_auth_is_refused() -> None:
    async with fake() as gmail, secure(gmail) as client:
        assert await client.say("MAIL FROM:<a@b.example>") == dict(samples(SENDERS))["wantauth"]
        gmail.knobs.bare_want_auth = True
        assert await client.say("MAIL FROM:<a@b.example>") == dict(samples(SENDERS))["wantauth2025"]


@pytest.mark.parametrize(
    ("password", "changes", "reply"),
    [
        (APP_PASSWORD, {}, "235 2.7.0 Accepted"),
        (NORMAL_PASSWORD, {}, "secondfactor"),
        (NORMAL_PASSWORD, {"two_step": False}, "badcredentials"),
        (APP_PASSWORD, {"two_step": False}, "badcredentials"),
        (APP_PASSWORD, {"revoked": True}, "badcredentials"),
        (APP_PASSWORD, {"challenged": True}, "challenged"),
        (APP_PASSWORD, {"temporary": True}, "temporary"),
        ("abcd efgh ijkl mnop", {}, "badcredentials"),
        ("", {}, "badcredentials"),
    ],
)
async def test_an_account_answers_a_password_as_it_stands(password: str, changes: dict[str, bool], reply: str) -> None:
    async with fake() as gmail, secure(gmail) as client:
        for name, value in changes.items():
            setattr(gmail.accounts[USER], name, value)
        assert await client.say(auth_plain(password=password)) == dict(samples(USERS)).get(reply, reply)
        assert gmail.auth_attempts == 1


ASK, ASK_USER, ASK_PASSWORD, ACCEPTED = "334 ", "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0 Accepted"
XOAUTH2 = encoded(f"user={USER}\1auth=Bearer {TOKEN}\1\1")
OAUTHBEARER = encoded(f"n,a={USER},\1host=smtp.gmail.com\1auth=Bearer {TOKEN}\1\1")


@pytest.mark.parametrize(
    "dialogue",
    [
        {"AUTH PLAIN": ASK, encoded(f"\0{USER}\0{APP_PASSWORD}"): ACCEPTED},
        {"AUTH LOGIN": ASK_USER, encoded(USER): ASK_PASSWORD, encoded(APP_PASSWORD): ACCEPTED},
        {f"auth login {encoded(USER)}": ASK_PASSWORD, encoded(APP_PASSWORD): ACCEPTED},
        {f"AUTH XOAUTH2 {XOAUTH2}": ACCEPTED},
        {"AUTH XOAUTH2": ASK, XOAUTH2: ACCEPTED},
        {f"AUTH OAUTHBEARER {OAUTHBEARER}": ACCEPTED},
    ],
)
async def test_each_mechanism_lets_in_and_leaves_no_secret_in_the_log(dialogue: dict[str, str]) -> None:
    async with fake() as gmail, secure(gmail) as client:
        assert {line: await client.say(line) for line in dialogue} == dialogue
        secrets = [
            APP_PASSWORD,
            TOKEN,
            encoded(APP_PASSWORD),
            encoded(f"\0{USER}\0{APP_PASSWORD}"),
            XOAUTH2,
            OAUTHBEARER,
        ]
        assert not [secret for secret in secrets if secret in str(gmail.log) + repr(gmail.accounts[USER])]


@pytest.mark.parametrize(("mechanism", "answer"), [("XOAUTH2", ""), ("OAUTHBEARER", "AQ==")])
async def test_a_bad_token_is_explained_in_json_and_refused_after_one_more_line(mechanism: str, answer: str) -> None:
    token = {"XOAUTH2": XOAUTH2, "OAUTHBEARER": OAUTHBEARER}[mechanism]
    async with fake() as gmail, secure(gmail) as client:
        gmail.accounts[USER].token = "another"
        challenge = await client.say(f"AUTH {mechanism} {token}")
        assert json.loads(b64decode(challenge.removeprefix("334 "))) == {
            "status": "400",
            "schemes": "Bearer",
            "scope": "https://mail.google.com/",
        }
        assert await client.say(answer) == dict(samples(USERS))["badcredentials"]


@pytest.mark.parametrize(
    ("command", "sample"),
    [
        ("AUTH CRAM-MD5", "mechanism"),
        ("AUTH PLAIN-CLIENTTOKEN eA==", "mechanism"),
        ("AUTH XOAUTH eA==", "xoauth"),
        ("AUTH PLAIN !!!!", "undecodable"),
        ("AUTH PLAIN eA==", "undecodable"),
    ],
)
async def test_auth_that_gmail_cannot_read_is_refused(command: str, sample: str) -> None:
    async with fake() as gmail, secure(gmail) as client:
        assert await client.say(command) == dict(samples(USERS))[sample]


async def test_login_with_an_argument_can_be_refused() -> None:
    async with fake(Knobs(login_takes_argument=False)) as gmail, secure(gmail) as client:
        assert await client.say(f"AUTH LOGIN {encoded(USER)}") == dict(samples(USERS))["argument"]


@pytest.mark.parametrize("user", ["ADA@Gmail.com", "a.d.a@googlemail.com"])
async def test_a_user_name_is_compared_as_gmail_compares_addresses(user: str) -> None:
    async with fake() as gmail, secure(gmail) as client:
        assert await client.say(auth_plain(user)) == ACCEPTED


async def test_smtplib_and_aiosmtplib_read_every_reply() -> None:
    with in_thread() as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD, normal_password=NORMAL_PASSWORD)
        with smtplib.SMTP(gmail.host, gmail.starttls_port, local_hostname="app.example", timeout=20) as client:
            client.starttls(context=trust(gmail))
            with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
                client.login(USER, NORMAL_PASSWORD)
            assert refused.value.smtp_code == 534
            client.login(USER, APP_PASSWORD)
            recipients = ["bob@example.com", "nosuchuser@example.com", "onebyone@example.com"]
            answers = client.sendmail(USER, recipients, MESSAGE)
            assert {address: reply[0] for address, reply in answers.items()} == {recipients[1]: 550, recipients[2]: 452}
        async with aiosmtplib.SMTP(
            hostname=gmail.host, port=gmail.tls_port, use_tls=True, tls_context=trust(gmail)
        ) as other:
            await other.ehlo()
            assert await other.auth_plain(USER, APP_PASSWORD) == (235, "2.7.0 Accepted")
            _, final = await other.sendmail(USER, ["bob@example.com"], MESSAGE)
            assert re.fullmatch(r"2\.0\.0 OK  \d{10} \S+ - gsmtp", final)
    assert gmail.auth_attempts == 4
    assert [message.recipients for message in gmail.delivered] == [("bob@example.com",)] * 2
