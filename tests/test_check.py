import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from mailsluice.gmail.replies import Stage
from mailsluice.relay.check import Patience, Step, check
from mailsluice.relay.profile import Profile
from mailsluice.relay.secret import Secret
from mailsluice.relay.targets import Target, is_forbidden, resolve
from mailsluice.relay.vault import Vault
from tests.gmail import DROP, STALL, FakeGmail, replies
from tests.smarthost import APP_PASSWORD, HURRY, SECRET, USER, checked, gmail_profile, loopback, saying, server


@pytest.fixture
async def gmail() -> AsyncIterator[FakeGmail]:
    async with FakeGmail() as gmail:
        gmail.add_account(USER, app_password="abcd efgh ijkl mnop", normal_password="correct horse battery")
        yield gmail


def failed(steps: list[Step]) -> Step:
    assert [step.ok for step in steps] == [True] * (len(steps) - 1) + [False]
    assert steps[-1].verdict
    assert steps[-1].verdict.meaning
    assert steps[-1].verdict.remedy
    return steps[-1]


def cause(step: Step) -> str:
    assert step.verdict
    return step.verdict.cause


async def test_starttls_walks_from_the_name_to_the_sign_in(gmail: FakeGmail) -> None:
    steps = await checked(gmail_profile(gmail))
    assert all(step.ok and step.verdict is None for step in steps), steps
    assert [step.stage for step in steps] == ["name", "connect", "greeting", "tls", "ehlo", "auth"]
    name, connect, greeting, tls, ehlo, auth = [step.detail for step in steps]
    assert name == "127.0.0.1"
    assert connect.startswith("127.0.0.1: connected")
    assert greeting.startswith("220 smtp.gmail.com ESMTP ")
    assert "TLSv1.3, certificate by" in tls
    assert "Fake Gmail test authority" in tls
    assert "valid until 3000-01-01" in tls
    assert "SIZE 35882577" in ehlo
    assert auth == "235 2.7.0 Accepted"


async def test_tls_from_the_start_comes_before_the_greeting(gmail: FakeGmail) -> None:
    steps = await checked(gmail_profile(gmail, security="tls"))
    assert [step.stage for step in steps] == ["name", "connect", "tls", "greeting", "ehlo", "auth"]
    assert all(step.ok for step in steps), steps


async def test_each_step_is_told_as_it_ends(gmail: FakeGmail) -> None:
    steps = check(gmail_profile(gmail), SECRET, resolver=loopback)
    assert (await anext(steps)).stage is Stage.NAME
    assert gmail.connections == 0
    assert (await anext(steps)).stage is Stage.CONNECT
    assert gmail.auth_attempts == 0
    await steps.aclose()
    await gmail.closed()


async def test_every_step_has_its_time(gmail: FakeGmail) -> None:
    assert all(0 <= step.seconds < 30 for step in await checked(gmail_profile(gmail)))


async def test_split_replies_are_read_whole(gmail: FakeGmail) -> None:
    gmail.knobs.split_replies = 3
    assert all(step.ok for step in await checked(gmail_profile(gmail)))


@pytest.mark.parametrize("password", [APP_PASSWORD, "wrongwrongwrongw"])
async def test_one_click_is_one_sign_in(gmail: FakeGmail, password: str) -> None:
    await checked(gmail_profile(gmail), Secret(password))
    assert gmail.auth_attempts == 1
    assert gmail.connections == 1


async def test_the_server_is_told_goodbye(gmail: FakeGmail) -> None:
    await checked(gmail_profile(gmail))
    await gmail.closed()
    assert [event.text for event in gmail.log if event.kind == "command"][-1] == "QUIT"


async def test_the_name_said_in_ehlo_is_legal_and_constant(gmail: FakeGmail) -> None:
    gmail.knobs.strict_ehlo = True
    assert all(step.ok for step in await checked(gmail_profile(gmail)))
    said = {event.text for event in gmail.log if event.text.startswith("EHLO")}
    assert said == {"EHLO mailsluice.local"}


# GMAIL.md section 2.1, connection and AUTH


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (replies.BAD_CREDENTIALS, "auth", "app password"),
        ("535-5.7.1 Username and Password not accepted. Learn more at\n535 5.7.1 https://x.test {sid}", "auth", ""),
        (replies.SECOND_FACTOR, "auth", "app password"),
        (replies.WEB_LOGIN, "auth", "browser"),
        (replies.WEB_LOGIN_2014, "auth", "browser"),
        (replies.MANY_LOGINS, "limit", ""),
        (replies.MANY_LOGINS_LONG, "limit", ""),
        (replies.AUTH_TEMPORARY, "", ""),
        (replies.WANT_TLS, "protocol", ""),
        (replies.UNKNOWN_MECHANISM, "protocol", ""),
        (replies.NO_XOAUTH, "protocol", ""),
        (replies.NO_ARGUMENT, "protocol", ""),
        (replies.UNDECODABLE, "protocol", ""),
        (replies.NO_SECOND_AUTH, "protocol", ""),
        (replies.TEMPORARY, "limit", ""),
        (replies.EXPIRED, "limit", ""),
        (replies.IDLE, "limit", ""),
        (replies.MANY_UNAUTHENTICATED, "protocol", ""),
        (replies.TOKEN_REFUSED, "", ""),
    ],
)
async def test_a_refused_sign_in_is_explained_and_not_repeated(
    gmail: FakeGmail, reply: str, kind: str, words: str
) -> None:
    gmail.fail_next("auth", reply)
    step = failed(await checked(gmail_profile(gmail)))
    assert step.stage is Stage.AUTH
    assert step.detail.startswith(reply[:3])
    assert step.verdict
    assert kind in ("", step.verdict.kind)
    assert words.casefold() in f"{step.verdict.meaning} {step.verdict.remedy}".casefold()
    assert gmail.auth_attempts == 1


@pytest.mark.parametrize(
    ("stage", "reply", "kind"),
    [
        (Stage.GREETING, replies.THROTTLED_EHLO, "transient"),
        (Stage.GREETING, replies.BUSY, "transient"),
        (Stage.GREETING, replies.TEMPORARY, "transient"),
        (Stage.EHLO, replies.THROTTLED_EHLO, "transient"),
        (Stage.EHLO, replies.bad_name("${HOST}, x"), "protocol"),
        (Stage.EHLO, replies.bad_name(""), "protocol"),
        (Stage.TLS, replies.NO_PARAMETERS, "protocol"),
        (Stage.TLS, replies.TLS_TWICE, "protocol"),
        (Stage.TLS, replies.TLS_PIPELINED, "protocol"),
    ],
)
async def test_a_refusal_before_the_sign_in_is_explained(gmail: FakeGmail, stage: Stage, reply: str, kind: str) -> None:
    gmail.fail_next(stage, reply)
    step = failed(await checked(gmail_profile(gmail)))
    assert step.stage is stage
    assert step.detail.startswith(reply[:3])
    assert step.verdict
    assert step.verdict.kind == kind
    assert gmail.auth_attempts == 0


# GMAIL.md section 9, problem 1 (and 9: a password with its spaces is refused by the strict fake)


async def test_the_normal_password_leads_to_the_page_for_app_passwords(gmail: FakeGmail) -> None:
    step = failed(await checked(gmail_profile(gmail), Secret("correct horse battery")))
    assert "534 5.7.9" in step.detail
    assert step.verdict
    assert step.verdict.link == "https://myaccount.google.com/apppasswords"
    assert step.verdict.retry_after is None


# Problem 2


async def test_a_server_that_offers_no_sign_in_is_not_signed_in_to(gmail: FakeGmail) -> None:
    async with server(_plain_smtp(b"250-hello\r\n250 SIZE\r\n")) as port:
        step = failed(await checked(_here(port, security="plain")))
    assert (step.stage, cause(step)) == (Stage.AUTH, "no-auth")


# Problem 3


async def test_starttls_on_the_tls_port_is_recognised(gmail: FakeGmail) -> None:
    step = failed(await checked(gmail_profile(gmail, port=gmail.tls_port), patience=HURRY))
    assert (step.stage, cause(step)) == (Stage.GREETING, "plain-on-tls-port")


async def test_tls_on_the_starttls_port_is_recognised(gmail: FakeGmail) -> None:
    step = failed(await checked(gmail_profile(gmail, security="tls", port=gmail.starttls_port)))
    assert (step.stage, cause(step)) == (Stage.TLS, "tls-on-plain-port")


@pytest.mark.parametrize("words", [b"HTTP/1.1 400 secret-of-another-service\r\n\r\n", b"-ERR\r\n", b"\x16\x03\x01\r\n"])
async def test_a_greeting_that_is_not_smtp_is_not_repeated(words: bytes) -> None:
    async with server(saying(words)) as port:
        step = failed(await checked(_here(port), patience=HURRY))
    assert (step.stage, cause(step)) == (Stage.GREETING, "not-smtp")
    assert words[:4].decode("latin-1") not in f"{step.detail} {step.verdict}"


@pytest.mark.parametrize(("stage", "found"), [("greeting", "silent"), ("ehlo", "stalled"), ("auth", "stalled")])
async def test_a_silent_server_ends_in_time(gmail: FakeGmail, stage: str, found: str) -> None:
    gmail.fail_next(stage, STALL, times=2)
    step = failed(await checked(gmail_profile(gmail), patience=HURRY))
    assert step.stage == stage
    assert cause(step) == found


async def test_all_steps_together_are_bounded(gmail: FakeGmail) -> None:
    gmail.fail_next("auth", STALL)
    step = failed(await checked(gmail_profile(gmail), patience=Patience(walk=0.5)))
    assert step.seconds < 5


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "auth"])
async def test_a_connection_cut_short_is_told(gmail: FakeGmail, stage: str) -> None:
    gmail.fail_next(stage, DROP)
    step = failed(await checked(gmail_profile(gmail)))
    assert (step.stage, cause(step)) == (stage, "closed")


async def test_a_server_without_starttls_hears_no_password() -> None:
    heard: list[bytes] = []
    async with server(_plain_smtp(b"250-hello\r\n250 AUTH PLAIN LOGIN\r\n", heard)) as port:
        step = failed(await checked(_here(port)))
    assert (step.stage, cause(step)) == (Stage.TLS, "no-starttls")
    assert heard == [b"EHLO mailsluice.local\r\n", b"QUIT\r\n"]


async def test_words_injected_behind_starttls_are_not_taken_for_the_server(gmail: FakeGmail) -> None:
    gmail.fail_next("tls", "220 2.0.0 Ready to start TLS\n250 AUTH XPLAIN")
    step = failed(await checked(gmail_profile(gmail)))
    assert step.stage is Stage.TLS
    assert gmail.auth_attempts == 0


# Problem 10


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("certificate", "found", "shown"),
    [
        ("expired", "expired", "valid until 2020-04-01"),
        ("wrong_name", "wrong-name", "mail.another-host.example"),
        ("unknown_issuer", "intercepted", "An authority that nobody knows"),
        ("antivirus", "intercepted", "Avast Web/Mail Shield Root"),
    ],
)
async def test_a_certificate_that_is_not_right_ends_the_walk(
    gmail: FakeGmail, security: str, certificate: str, found: str, shown: str
) -> None:
    gmail.knobs.certificate = certificate  # type: ignore[assignment]  # parametrized
    step = failed(await checked(gmail_profile(gmail, security=security)))
    assert (step.stage, cause(step)) == (Stage.TLS, found)
    if certificate != "wrong_name":
        assert shown in step.detail
    assert gmail.auth_attempts == 0


async def test_the_antivirus_is_named(gmail: FakeGmail) -> None:
    gmail.knobs.certificate = "antivirus"
    step = failed(await checked(gmail_profile(gmail)))
    assert step.verdict
    assert "Avast Web/Mail Shield Root" in step.verdict.meaning


async def test_without_its_ca_file_a_server_of_ones_own_is_not_trusted(gmail: FakeGmail) -> None:
    step = failed(await checked(gmail_profile(gmail, host="localhost", ca_file="")))
    assert (step.stage, cause(step)) == (Stage.TLS, "unknown-issuer")


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_a_ca_file_that_will_not_do_is_told(gmail: FakeGmail, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    step = failed(await checked(gmail_profile(gmail, ca_file=str(file))))
    assert (step.stage, cause(step)) == (Stage.TLS, "ca-file")


# Problem 11


async def test_a_silent_first_address_gives_way_to_the_next_and_both_are_told(gmail: FakeGmail) -> None:
    with silent_socket() as silent:

        async def two(host: str, port: int) -> tuple[Target, ...]:
            return Target("::1", silent), *(await loopback(host, port))

        steps = await checked(gmail_profile(gmail), resolver=two)
    assert all(step.ok for step in steps), steps
    assert steps[1].detail.startswith("::1: no answer after 0.")
    assert "127.0.0.1: connected" in steps[1].detail
    assert steps[1].seconds < 2
    assert cause(steps[1]) == "v6-black-hole"


async def test_a_blocked_port_is_a_time_out_and_is_told() -> None:
    with silent_socket() as silent:

        async def nobody(host: str, port: int) -> tuple[Target, ...]:
            return (Target("::1", silent),)

        step = failed(await checked(_here(587), patience=msgspec.structs.replace(HURRY, connect=3), resolver=nobody))
    assert (step.stage, cause(step)) == (Stage.CONNECT, "timeout")
    assert step.detail.startswith("::1: no answer")
    assert step.verdict
    assert "587" in step.verdict.meaning


async def test_a_closed_port_is_told_for_each_address() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        step = failed(await checked(_here(port)))
    assert (step.stage, cause(step)) == (Stage.CONNECT, "refused")
    assert step.detail.startswith("127.0.0.1: refused")


async def test_a_name_that_does_not_exist_is_told() -> None:
    step = failed(await checked(_here(587, host="smtp..gmail.com"), resolver=resolve))
    assert (step.stage, cause(step)) == (Stage.NAME, "unknown-name")


async def test_a_resolver_that_fails_is_told() -> None:
    async def unknown(host: str, port: int) -> tuple[Target, ...]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert cause(failed(await checked(_here(587), resolver=unknown))) == "unknown-name"


# Addresses that are never dialled


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "100.100.100.200",
        "fe80::1",
        "fe80::1%lo",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
    ],
)
async def test_link_local_and_metadata_addresses_are_refused(address: str) -> None:
    async def resolver(host: str, port: int) -> tuple[Target, ...]:
        return (*(await loopback(host, port)), Target(address, (address, port)))

    step = failed(await checked(_here(587), resolver=resolver))
    assert (step.stage, cause(step)) == (Stage.NAME, "forbidden-address")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.5", "192.168.1.1", "142.250.1.108", "2a00:1450::6c"])
def test_other_addresses_may_be_dialled(address: str) -> None:
    assert not is_forbidden(address)


async def test_a_name_is_looked_up_once(gmail: FakeGmail) -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> tuple[Target, ...]:
        asked.append(host)
        return await loopback(host, port)

    await checked(gmail_profile(gmail), resolver=rebinding)
    assert asked == ["smtp.gmail.com"]


async def test_names_of_this_machine_are_resolved() -> None:
    targets = await resolve("localhost", 587)
    assert {target.address for target in targets} <= {"127.0.0.1", "::1"}
    assert all(target.sockaddr[:2] == (target.address, 587) for target in targets)


# Passwords


async def test_plain_security_is_for_this_machine_only() -> None:
    async def elsewhere(host: str, port: int) -> tuple[Target, ...]:
        return (Target("192.0.2.1", ("192.0.2.1", port)),)

    step = failed(await checked(_here(25, security="plain"), resolver=elsewhere))
    assert (step.stage, cause(step)) == (Stage.NAME, "in-the-clear")


async def test_a_server_on_this_machine_may_go_without_tls() -> None:
    heard: list[bytes] = []
    async with server(_plain_smtp(b"250-hello\r\n250 AUTH PLAIN\r\n", heard)) as port:
        steps = await checked(_here(port, security="plain"))
    assert all(step.ok for step in steps), steps
    encoded = base64.b64encode(f"\0{USER}\0{APP_PASSWORD}".encode())
    assert heard[1] == b"AUTH PLAIN " + encoded + b"\r\n"


async def test_without_a_password_nothing_is_tried(gmail: FakeGmail) -> None:
    step = failed(await checked(gmail_profile(gmail), None))
    assert (step.stage, cause(step)) == (Stage.AUTH, "no-password")
    assert gmail.auth_attempts == 0


async def test_a_profile_without_user_does_not_sign_in(gmail: FakeGmail) -> None:
    steps = await checked(gmail_profile(gmail, user=""), None)
    assert all(step.ok for step in steps)
    assert gmail.auth_attempts == 0


async def test_a_redirected_profile_gets_no_password(gmail: FakeGmail, tmp_path: Path) -> None:
    vault = Vault(tmp_path, {})
    mine = gmail_profile(gmail)
    await vault.keep(mine, SECRET)
    heard: list[bytes] = []
    async with server(_plain_smtp(b"250-hello\r\n250 AUTH PLAIN\r\n", heard)) as port:
        theirs = _here(port, security="plain")
        step = failed(await checked(theirs, await vault.get(theirs)))
    assert (step.stage, cause(step)) == (Stage.AUTH, "no-password")
    assert heard == [b"EHLO mailsluice.local\r\n", b"QUIT\r\n"]


async def test_no_step_holds_the_password_even_if_the_server_repeats_it() -> None:
    encoded = base64.b64encode(f"\0{USER}\0{APP_PASSWORD}".encode())
    refusal = b"535 5.7.8 not good: " + encoded + b" is " + APP_PASSWORD.encode() + b"\r\n"
    async with server(_plain_smtp(b"250-hello\r\n250 AUTH PLAIN\r\n", auth=refusal)) as port:
        step = failed(await checked(_here(port, security="plain")))
    assert step.detail == "535 5.7.8 not good: **** is ****"
    assert APP_PASSWORD not in repr(step)


def test_the_test_never_goes_without_verified_certificates() -> None:
    from mailsluice.relay.tls import _verifying_context

    context = _verifying_context("")
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


class silent_socket:
    """A port that answers no SYN, as behind a firewall: its queue is full."""

    def __enter__(self) -> tuple[str, int]:
        self._listening = socket.socket(socket.AF_INET6)
        self._listening.bind(("::1", 0))
        self._listening.listen(0)
        address: tuple[str, int] = self._listening.getsockname()[:2]
        self._fillers = [socket.socket(socket.AF_INET6) for _ in range(4)]
        for filler in self._fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        return address

    def __exit__(self, *_: object) -> None:
        for one in (self._listening, *self._fillers):
            one.close()


def _here(port: int, *, host: str = "mail.example.com", security: str = "starttls") -> Profile:
    return Profile(name="own", preset="custom", host=host, port=port, security=security, user=USER)  # type: ignore[arg-type]  # parametrized


def _plain_smtp(ehlo: bytes, heard: list[bytes] | None = None, *, auth: bytes = b"235 2.7.0 Accepted\r\n"):  # type: ignore[no-untyped-def]
    answers = {b"EHLO": ehlo, b"AUTH": auth, b"QUIT": b"221 2.0.0 bye\r\n"}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        while line := await reader.readline():
            if heard is not None:
                heard.append(line)
            writer.write(answers.get(line[:4], b"502 5.5.1 no\r\n"))

    return talk
