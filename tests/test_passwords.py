"""App passwords as people paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.errors import Refusal
from mailsluice.gmail.passwords import normalize_app_password
from mailsluice.gmail.presets import PRESETS

LETTERS = "abcdefghijklmnop"
GOOGLE = ("gmail", "workspace", "workspace-relay")


@pytest.mark.parametrize(
    "pasted",
    [
        LETTERS,
        "abcd efgh ijkl mnop",
        "abcd efgh ijkl mnop ",
        "\u00a0abcd\u00a0efgh\u202fijkl\u3000mnop\r\n",
        "abcd\u200befgh\ufeffijkl\tmnop",
        '"abcd efgh ijkl mnop"',
        "“abcd efgh ijkl mnop”",
    ],
)
@pytest.mark.parametrize("preset", GOOGLE)
def test_white_space_and_quotes_leave_an_app_password(pasted: str, preset: str) -> None:
    assert normalize_app_password(pasted, preset=preset) == LETTERS
    assert normalize_app_password(pasted, preset=PRESETS[preset]) == LETTERS


@pytest.mark.parametrize(
    "pasted", ["Tr0ub4dor&3", "hunter2", LETTERS[:-1], LETTERS + "q", "abcdefghijklmno1", "ａ" * 16]
)
def test_what_is_no_app_password_of_google_is_refused_with_the_link_and_never_repeated(pasted: str) -> None:
    with pytest.raises(Refusal, match="looks like your normal Google password") as caught:
        normalize_app_password(pasted, preset="gmail")
    assert caught.value.link == "https://myaccount.google.com/apppasswords"
    assert caught.value.field == "password"
    assert pasted not in caught.value.reason


@pytest.mark.parametrize(
    "pasted", ["$GMAIL_PASSWORD", "${GMAIL_PASSWORD}", "%PASS%", "$(pass gmail)", "{{ password }}"]
)
@pytest.mark.parametrize("preset", ["gmail", "custom"])
def test_a_variable_that_was_not_filled_in_is_recognised(pasted: str, preset: str) -> None:
    with pytest.raises(Refusal, match="variable"):
        normalize_app_password(pasted, preset=preset)


def test_the_hyphens_of_an_icloud_password_belong_to_it() -> None:
    assert normalize_app_password(" abcd-efgh-ijkl-mnop ", preset="icloud") == "abcd-efgh-ijkl-mnop"


def test_a_plain_password_keeps_its_blanks_and_loses_only_the_line_end() -> None:
    assert normalize_app_password(" correct horse \r\n", preset="custom") == " correct horse "


@pytest.mark.parametrize("preset", ["outlook", "microsoft365"])
def test_where_no_password_works_none_is_taken(preset: str) -> None:
    with pytest.raises(Refusal, match="OAuth"):
        normalize_app_password("anything", preset=preset)


@pytest.mark.parametrize("text", ["", " ", "\n", "a\0b", "a\nb", "x" * 2000])
def test_what_cannot_be_a_password_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        normalize_app_password(text, preset="yahoo" if not text.strip() else "custom")


@given(st.text(), st.sampled_from([*PRESETS, "unknown"]))
def test_any_text_gives_a_password_or_a_refusal(text: str, preset: str) -> None:
    try:
        password = normalize_app_password(text, preset=preset)
    except Refusal:
        return
    assert password
    assert not {"\0", "\r", "\n"} & set(password)
