"""What people type and paste into a profile."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.errors import Refusal
from mailsluice.gmail.presets import PRESETS
from mailsluice.relay.profile import Profile, draft_profile

TEXTS = st.text(max_size=60) | st.sampled_from(
    [
        "",
        "gmail",
        "custom",
        "ada@gmail.com",
        "ssl",
        "STARTTLS",
        "465",
        "http://[",
        "[::1]:99999",
        "a@b@c",
        "*",
        "@",
        "\0",
    ]
)
FORMS = st.fixed_dictionaries(
    {},
    optional={
        field: TEXTS
        for field in (
            "name",
            "preset",
            "host",
            "port",
            "security",
            "ca_file",
            "user",
            "sender_name",
            "sender_address",
            "aliases",
            "allow",
            "daily_limit",
            "pace",
            "enabled",
            "default",
        )
    },
)


def draft(**texts: Any) -> Profile:
    return draft_profile(**{"user": "ada@gmail.com", **texts})


def own(**texts: Any) -> Profile:
    return draft_profile(**{"preset": "custom", "host": "mail.example.com", "user": "ada@example.com", **texts})


def test_an_address_is_all_that_gmail_needs() -> None:
    profile = draft_profile(user="ada@gmail.com")
    assert (profile.name, profile.host, profile.port, profile.effective_security) == (
        "gmail",
        "smtp.gmail.com",
        587,
        "starttls",
    )
    assert profile.address == "ada@gmail.com"
    assert profile.messages_a_day == 500


@pytest.mark.parametrize(
    ("typed", "host", "port", "security"),
    [
        ("http://smtp.gmail.com/", "smtp.gmail.com", 587, "starttls"),
        ("https://smtp.gmail.com/mail?x=1", "smtp.gmail.com", 587, "starttls"),
        ("smtp://smtp.gmail.com:587", "smtp.gmail.com", 587, "starttls"),
        ("smtps://smtp.gmail.com", "smtp.gmail.com", 465, "tls"),
        ("ssl://smtp.gmail.com:465", "smtp.gmail.com", 465, "tls"),
        (" SMTP.Gmail.com. ", "smtp.gmail.com", 587, "starttls"),
        ("smtp.gmail.com\u00a0", "smtp.gmail.com", 587, "starttls"),
        ("smtp.google.com", "smtp.gmail.com", 587, "starttls"),
        ("imap.gmail.com", "smtp.gmail.com", 587, "starttls"),
        ("smtp.googlemail.com", "smtp.googlemail.com", 587, "starttls"),
        ("[::1]:2525", "::1", 2525, "starttls"),
        ("::1", "::1", 587, "starttls"),
        ("pöst.example", "xn--pst-sna.example", 587, "starttls"),
    ],
)
def test_a_host_is_understood_however_it_is_pasted(typed: str, host: str, port: int, security: str) -> None:
    profile = draft(host=typed)
    assert (profile.host, profile.port, profile.effective_security) == (host, port, security)


@pytest.mark.parametrize(
    ("port", "security", "number", "effective"),
    [
        ("587", "SSL", 587, "starttls"),
        ("465", "STARTTLS", 465, "tls"),
        ("465", "SSL on, type STARTTLS", 465, "tls"),
        ("587", "SSL/TLS", 587, "starttls"),
        ("", "SSL", 465, "tls"),
        ("", "STARTTLS", 587, "starttls"),
        ("587 or 465", "", 587, "starttls"),
        ("TLS port 587 or 465", "SSL Auto", 587, "starttls"),
        ("2465", "auto", 2465, "tls"),
        ("34567", "tls", 34567, "tls"),
        ("34567", "", 34567, "starttls"),
    ],
)
def test_ssl_and_starttls_are_sorted_out_by_the_port(port: str, security: str, number: int, effective: str) -> None:
    profile = draft(port=port, security=security)
    assert (profile.port, profile.effective_security) == (number, effective)


@pytest.mark.parametrize(
    ("typed", "user", "name"),
    [
        ("ada", "ada@gmail.com", ""),
        (" ada@gmail.com\u00a0", "ada@gmail.com", ""),
        ("mailto:ada@gmail.com", "ada@gmail.com", ""),
        ("Ada Lovelace <ada@gmail.com>", "ada@gmail.com", "Ada Lovelace"),
        ("'ada@googlemail.com'", "ada@googlemail.com", ""),
    ],
)
def test_a_gmail_user_is_understood_however_it_is_pasted(typed: str, user: str, name: str) -> None:
    profile = draft(user=typed)
    assert (profile.user, profile.sender_name) == (user, name)


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"user": ""}, "user"),
        ({"user": "${GMAIL_USER}"}, "user"),
        ({"user": "ada", "preset": "workspace"}, "user"),
        ({"host": "ada@gmail.com"}, "host"),
        ({"host": "not a host!"}, "host"),
        ({"preset": "custom"}, "host"),
        ({"preset": "hotmale"}, "preset"),
        ({"preset": "outlook"}, "preset"),
        ({"preset": "microsoft365"}, "preset"),
        ({"port": "993"}, "port"),
        ({"port": "70000"}, "port"),
        ({"port": "smtp"}, "port"),
        ({"security": "none"}, "security"),
        ({"security": "strong"}, "security"),
        ({"name": "a/b"}, "name"),
        ({"name": "../x"}, "name"),
        ({"sender_address": "nobody"}, "sender_address"),
        ({"sender_address": "a@b.example, c@d.example"}, "sender_address"),
        ({"aliases": "x"}, "aliases"),
        ({"allow": "example"}, "allow"),
        ({"daily_limit": "-5"}, "daily_limit"),
        ({"daily_limit": "many"}, "daily_limit"),
        ({"pace": "nan"}, "pace"),
        ({"pace": "99999"}, "pace"),
        ({"ca_file": "ca.pem"}, "ca_file"),
        ({"enabled": "perhaps"}, "enabled"),
    ],
)
def test_what_cannot_be_understood_is_refused_at_its_field(texts: dict[str, str], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        draft(**texts)
    assert caught.value.field == field
    assert caught.value.reason.endswith(".")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "mail.localhost"])
def test_without_encryption_only_this_computer_is_used(host: str) -> None:
    assert own(host=host, port="1025", security="plain").effective_security == "plain"
    for elsewhere in ("mail.example.com", "localhost.example.com", "10.0.0.1", "127.0.0.1.example.com"):
        with pytest.raises(Refusal):
            own(host=elsewhere, security="none")


def test_google_s_host_typed_as_another_server_is_gmail() -> None:
    assert own(host="smtp.gmail.com").preset == "gmail"


def test_a_user_that_is_no_address_needs_a_sender() -> None:
    with pytest.raises(Refusal) as caught:
        own(user="apikey")
    assert caught.value.field == "sender_address"
    assert own(user="apikey", sender_address="ada@example.com").identities == ("ada@example.com",)


def test_identities_are_the_sender_and_the_aliases() -> None:
    profile = draft(aliases="Ada <a@example.com>;\nb@example.com, a@example.com")
    assert profile.identities == ("ada@gmail.com", "a@example.com", "b@example.com")


def test_allowed_recipients_are_read_from_lines_commas_and_blanks() -> None:
    profile = draft(allow="Bob@Example.com, @x.example\nexample.org *@*.y.example")
    assert profile.allow == ("bob@example.com", "@x.example", "@example.org", "*@*.y.example")


def test_an_edit_keeps_what_was_not_typed() -> None:
    old = own(port="465", security="tls", ca_file="/ca.pem", allow="@example.com", pace="0,5", daily_limit="1'000")
    assert draft_profile(base=old, sender_name="Ada") == draft_profile(base=old, sender_name=" Ada\n")
    assert draft_profile(base=old) == old
    assert (old.pace, old.daily_limit) == (0.5, 1000)


def test_another_preset_brings_its_own_server() -> None:
    profile = draft_profile(base=own(port="465"), preset="fastmail")
    assert (profile.host, profile.port) == ("smtp.fastmail.com", 465)
    assert draft_profile(base=profile, preset="gmail", user="ada").host == "smtp.gmail.com"


@pytest.mark.parametrize(
    "change",
    [
        {"host": "evil.example"},
        {"port": "2525"},
        {"security": "tls"},
        {"ca_file": "/tmp/evil.pem"},
        {"user": "eve@example.com"},
    ],
)
def test_passwords_from_outside_do_not_follow_a_profile_elsewhere(change: dict[str, str]) -> None:
    old = Profile(
        name="work", preset="custom", host="mail.example.com", port=2526, user="a@b.example", password_command=("pass",)
    )
    moved = draft_profile(base=old, **change)  # type: ignore[arg-type]  # texts by field
    assert (moved.password_command, moved.environment_password) == ((), False)
    back = draft_profile(base=moved, **{name: str(getattr(old, name)) for name in change})  # type: ignore[arg-type]
    assert not back.environment_password
    by_hand = draft_profile(base=old, by_hand=True, **change)
    assert by_hand.password_command == ("pass",)
    assert draft_profile(base=old, allow="@x.example").password_command == ("pass",)


def test_a_new_profile_has_the_environment_s_password_at_a_provider_only() -> None:
    assert draft().environment_password
    assert not own().environment_password
    assert not draft(host="evil.example").environment_password
    assert not draft(ca_file="/tmp/evil.pem").environment_password


def test_a_renaming_does_not_reach_for_another_profile_s_variable() -> None:
    old = Profile(name="home", preset="custom", host="mail.example.com", port=587, user="a@b.example")
    assert old.environment_password
    assert not draft_profile(base=old, name="work").environment_password


def test_the_variable_of_a_profile_has_its_name_in_capitals() -> None:
    assert draft(name="my-work 2.x").variable == "MAILSLUICE_PROFILE_MY_WORK_2_X_PASSWORD"


@given(FORMS)
def test_any_form_gives_a_profile_or_a_refusal(texts: dict[str, str]) -> None:
    try:
        profile = draft_profile(**texts)  # type: ignore[arg-type]  # texts by field
    except Refusal:
        return
    assert draft_profile(base=profile) == profile
    assert PRESETS[profile.preset].works
    assert 0 < profile.port < 65536
    for text in (profile.name, profile.host, profile.user, profile.sender_name, *profile.identities, *profile.allow):
        assert text.isprintable()
