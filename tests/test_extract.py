import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.message.codes import find_code
from mailsluice.message.extract import Extract, extract, extract_from
from mailsluice.message.links import links_from_html
from mailsluice.message.parse import parse
from mailsluice.message.phrases import Role, names_codes, roles
from tests.nasty import nasty_messages

VERIFY = "https://app.example/verify?token=8f14e45fceea167a5a36dedd"
PIECES = st.sampled_from(
    [
        "code",
        "PIN",
        "验证码",
        "order",
        "482913",
        "٤٨٢",
        "４８",
        "ABC-123",
        "\n",
        ". ",
        " ",
        VERIFY,
        "<a href='",
        "²",
        "\ud800",
        "%",
    ]
)


def mail(*, text: str = "", html: str = "", **fields: str) -> bytes:
    message = EmailMessage()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    if text or not html:
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
    else:
        message.set_content(html, subtype="html")
    return message.as_bytes()


def test_a_mail_without_anything_gives_nothing() -> None:
    assert extract_from(parse(b"")) == extract("", "") == Extract()


def test_a_code_is_found_in_html_only() -> None:
    html = f"<style>p{{color:#482000}}</style><p>Your code</p><p><b>482 913</b></p><a href={VERIFY}>Verify</a>"
    found = extract_from(parse(mail(html=html, Subject="Welcome 2024")))
    assert found.code is not None
    assert found.action is not None
    assert (found.code.text, found.action.url, found.action.kind) == ("482913", VERIFY, "verify")


def test_a_code_is_found_in_html_where_the_text_only_says_to_look_there() -> None:
    raw = mail(text="Please view this mail as HTML.", html="<p>Your code is <b>482913</b>.</p>")
    found = extract_from(parse(raw))
    assert found.code is not None
    assert found.code.text == "482913"


def test_a_link_that_says_click_here_is_told_by_the_words_before_it() -> None:
    html = f'<p>To reset your password, <a href="{VERIFY.replace("verify", "x")}">click here</a>.</p>'
    found = extract_from(parse(mail(html=html)))
    assert found.action is not None
    assert found.action.kind == "reset"


def test_an_entity_in_an_address_is_undone_and_a_picture_counts_as_its_alternative_text() -> None:
    html = (
        '<A class="b" HREF="https://a.example/?a=1&amp;b=2"><img alt="Sign&nbsp;in"></A><a href="javascript:x">no</a>'
    )
    assert links_from_html(html) == [("https://a.example/?a=1&b=2", "Sign in")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<mailto:off@a.example>, <https://a.example/off?u=1>", "https://a.example/off?u=1"),
        ("<mailto:off@a.example?subject=off>", "mailto:off@a.example?subject=off"),
        ("(none) <javascript:alert(1)>", ""),
    ],
)
def test_the_unsubscribe_field_gives_its_web_address_first(value: str, expected: str) -> None:
    raw = mail(text="News", html="<p>News</p>", List_Unsubscribe=value)
    assert extract_from(parse(raw)).unsubscribe == expected


def test_only_web_links_are_acted_on() -> None:
    links = [("javascript:verify()", "Verify"), ("file:///verify", "Verify"), ("mailto:verify@a.example", "Verify")]
    assert extract("Verify", "verify: ftp://a.example/verify", links=links).action is None


@pytest.mark.parametrize("wrapped", ["<{}>", "({})", "{}.", "“{}”", "[{}]", "{}。", "*{}*", '"{}",'])
def test_a_link_ends_before_the_punctuation_around_it(wrapped: str) -> None:
    action = extract("", f"Verify your address: {wrapped.format(VERIFY)}").action
    assert action is not None
    assert action.url == VERIFY


def test_a_code_in_a_url_alone_is_none() -> None:
    assert extract("Your code", "https://a.example/code/482913 https://a.example/?code=482914").code is None


def test_two_codes_of_equal_standing_leave_less_confidence_than_one() -> None:
    one, two = find_code("", "Your code is 482913."), find_code("", "Your code is 482913.\n\nYour code is 118204.")
    assert one is not None
    assert two is not None
    assert (two.text, two.confidence < one.confidence) == ("482913", True)


def test_the_quick_look_misses_no_word_that_names_a_code() -> None:
    words = "Sicherheitscode PIN Einmalpasswort kodunuz 验证码 인증번호 كلمة סיסמה κωδικός รหัส ओटीपी кодом TAN koodi mã"
    for word in words.split():
        assert {Role.CODE, Role.PASSWORD}.intersection(roles(word)), word
        assert names_codes(word), word


@given(st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join), st.text(max_size=20))
def test_no_text_raises(text: str, subject: str) -> None:
    found = extract(subject, text, links=links_from_html(text), list_unsubscribe=text)
    assert found.code is None or 0.5 <= found.code.confidence < 1
    assert found.action is None or 0 <= found.action.confidence < 1


def test_no_nasty_message_raises() -> None:
    for name, raw in nasty_messages():
        assert isinstance(extract_from(parse(raw)), Extract), name


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "12-",
        "ABC-",
        "code 482913\n",
        "a",
        "验证码1",
        "https://",
        VERIFY + " ",
        "<a ",
        "<a href='",
        "<img alt='",
        "]",
    ],
)
def test_a_megabyte_of_anything_takes_a_moment(piece: str) -> None:
    text = piece * ((1 << 20) // len(piece))
    began = time.process_time()
    extract(text, text, links=links_from_html("<a href=http://a.example/>" + text), list_unsubscribe=text)
    assert time.process_time() - began < 1
