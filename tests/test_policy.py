"""Who may be written to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.relay.policy import refusal_for
from mailsluice.relay.profile import Profile, draft_profile


def profile(user: str = "ada.lovelace@gmail.com", allow: str = "", **texts: str) -> Profile:
    return draft_profile(user=user, allow=allow, **texts)  # type: ignore[arg-type]  # texts by field


@pytest.mark.parametrize(
    "recipient",
    [
        "ada.lovelace@gmail.com",
        "adalovelace@gmail.com",
        "a.d.a.lovelace+test@googlemail.com",
        "Ada.Lovelace+a+b@GMAIL.com",
    ],
)
def test_the_account_itself_is_always_allowed_however_it_is_written(recipient: str) -> None:
    assert refusal_for(profile(), recipient) is None
    assert refusal_for(profile("adalovelace@googlemail.com"), recipient) is None


@pytest.mark.parametrize(
    "recipient", ["ada@gmail.com", "ada.lovelace@gmail.co", "ada.lovelace@example.com", "x+ada.lovelace@gmail.com"]
)
def test_others_are_refused_until_they_are_allowed(recipient: str) -> None:
    refusal = refusal_for(profile(), recipient)
    assert refusal
    assert recipient in refusal.reason
    assert "add it there" in refusal.reason
    assert refusal_for(profile(allow=recipient), recipient) is None


def test_dots_and_tags_count_outside_gmail() -> None:
    work = profile("a.b@example.com", preset="workspace")
    assert refusal_for(work, "A.B@example.com") is None
    assert refusal_for(work, "ab@example.com")
    assert refusal_for(work, "a.b+x@example.com")


@pytest.mark.parametrize(
    ("allow", "recipient", "is_allowed"),
    [
        ("@example.com", "anybody@Example.com", True),
        ("@example.com", "anybody@sub.example.com", False),
        ("@example.com", "anybody@notexample.com", False),
        ("@example.com", "anybody@example.com.evil.example", False),
        ("example.com", "anybody@example.com", True),
        ("*@*.example.com", "anybody@sub.example.com", True),
        ("*@*.example.com", "anybody@example.com", False),
        ("qa-?@example.com", "qa-7@example.com", True),
        ("qa-?@example.com", "qa-77@example.com", False),
        ("bob@example.com", "bob+x@example.com", False),
    ],
)
def test_patterns_are_addresses_domains_and_globs(allow: str, recipient: str, is_allowed: bool) -> None:
    assert (refusal_for(profile(allow=allow), recipient) is None) is is_allowed


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "nobody",
        "@example.com",
        "eve@evil.example,bob@example.com",
        "eve@evil.example bob@example.com",
        "<eve@evil.example>bob@example.com",
        "eve@evil.example@example.com",
        "bob@example.com\r\nRCPT TO:<eve@evil.example>",
        "bob\0@example.com",
        '"eve@evil.example"@example.com',
        "bob@example.com.",
        "bob@[127.0.0.1]",
        "b\u202eob@example.com",
    ],
)
def test_what_is_not_one_bare_address_is_refused_whatever_the_patterns(recipient: str) -> None:
    assert refusal_for(profile(allow="@example.com *@*"), recipient)


def test_letters_that_only_become_alike_by_folding_are_not_alike() -> None:
    kelvin = "mar\u212a@gmail.com"  # lower() makes a k of the Kelvin sign
    assert refusal_for(profile("mark@gmail.com", allow="mark@gmail.com"), kelvin)
    assert refusal_for(profile(allow="@straße.example"), "x@strasse.example")


def test_a_profile_that_is_switched_off_sends_to_nobody() -> None:
    assert refusal_for(profile(enabled="no"), "ada.lovelace@gmail.com")


def test_a_user_that_is_no_address_is_nobody_s_address() -> None:
    server = draft_profile(preset="custom", host="localhost", sender_address="a@b.example")
    assert refusal_for(server, "a@b.example")


@given(st.text(), st.text(max_size=20))
def test_any_recipient_is_answered(recipient: str, pattern: str) -> None:
    made = Profile(name="x", host="localhost", port=25, user="ada@gmail.com", allow=(pattern,))
    refusal = refusal_for(made, recipient)
    assert refusal is None or refusal.reason
