"""Preflight: what will look otherwise than meant in Gmail."""

from time import perf_counter

import pytest

from mailsluice.gmail.display import display_findings
from mailsluice.gmail.images import is_private, trouble_with
from mailsluice.gmail.limits import CLIP, STYLE
from mailsluice.gmail.placeholders import is_unfilled, unfilled
from mailsluice.message import Address, parse
from mailsluice.release import Finding
from tests.nasty import multipart

HEAD = "From: a@example.com\r\nTo: b@example.org\r\nSubject: {subject}\r\n"
AUTHORS = (Address("", "a@example.com"),)


def found(html: str = "", text: str = "Hello", *, subject: str = "Hello") -> dict[str, Finding]:
    """The warnings about a mail with this HTML and text, by code."""
    if html and text:
        body = multipart(
            "alternative", "x", f"Content-Type: text/plain\r\n\r\n{text}", f"Content-Type: text/html\r\n\r\n{html}"
        )
    else:
        body = f"Content-Type: text/{'html' if html else 'plain'}; charset=utf-8\r\n\r\n{html or text}"
    return warnings((HEAD.format(subject=subject) + body).encode())


def warnings(raw: bytes, authors: tuple[Address, ...] = AUTHORS) -> dict[str, Finding]:
    findings = list(display_findings(parse(raw), authors=authors))
    assert all(finding.severity == "warning" and finding.remedy for finding in findings)
    return {finding.code: finding for finding in findings}


def test_a_plain_mail_and_a_decent_html_mail_have_no_warning() -> None:
    assert found() == {}
    html = '<style>p { color: red }</style><p>Hi</p><img src="https://example.com/a.png"><img src="cid:a">'
    assert found(html) == {}


def test_html_is_cut_from_102_kilobytes_on() -> None:
    assert "clipped" not in found("<p>" + "x" * (CLIP - 3))
    assert "102 KB" in found("<p>" + "x" * (CLIP - 2))["clipped"].text


def test_style_is_dropped_from_16_kilobytes_on_in_all_elements_together() -> None:
    half = "<style type=text/css>" + "x" * (STYLE // 2) + "</style>"
    assert "style-too-long" not in found(half * 2)
    assert "16 KB" in found(half * 2 + "<STYLE>y</STYLE>")["style-too-long"].text


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ('<img src="data:image/png;base64,iVBORw0KGgo=">', "embedded-images"),
        ("<td style='background: url(data:image/gif;base64,R0lG)'>", "embedded-images"),
        ("<style>p { background: url( 'http://localhost:8000/a.png' ) }</style>", "private-images"),
        ("<img alt=x SRC=http://localhost/a.png>", "private-images"),
        ('<img src="https://127.0.0.1:3000/a.png">', "private-images"),
        ('<img src="//10.0.0.7/a.png">', "private-images"),
        ('<img src="http://[::1]/a.png">', "private-images"),
        ('<img src="http://user:pass@192.168.1.1/a.png">', "private-images"),
        ('<img src="http://web/a.png">', "private-images"),
        ('<img src="http://shop.test/a.png">', "private-images"),
        ('<img src="http://nas.local./a.png">', "private-images"),
        ('<table background="http://app.localhost/a.png">', "private-images"),
        ('<img src="file:///home/a.png">', "private-images"),
        ('<img src="/static/a.png">', "relative-images"),
        ('<img src="a.png">', "relative-images"),
    ],
)
def test_an_image_that_gmail_cannot_load_is_named(image: str, code: str) -> None:
    assert set(found(f"<p>Hi</p>{image}")) == {code}


def test_images_of_one_kind_are_counted_and_the_first_is_named() -> None:
    text = found("".join(f'<img src="http://localhost/{n % 3}.png">' for n in range(9)))["private-images"].text
    assert text.startswith("3 images")
    assert "http://localhost/0.png" in text


@pytest.mark.parametrize(
    "source", ["https://example.com/a", "cid:a", "#a", "", "{{logo}}", "${URL}/a.png", "http://8.8.8.8/a"]
)
def test_other_images_are_fine(source: str) -> None:
    assert trouble_with(source) == ""


def test_a_host_that_was_not_filled_in_is_no_private_one() -> None:
    assert not is_private("${HOST}")
    assert not is_private("{{host}}:80")


def test_html_without_text_is_named() -> None:
    assert set(found("<p>Hi</p>", "")) == {"no-text-part"}


@pytest.mark.parametrize(
    "placeholder",
    ["{{name}}", "{{ user.name }}", "{{{raw}}}", "${name}", "${user.first_name}", "%name%", "[[name]]", "*|FNAME|*",
     "{% if x %}", "<%= name %>"],
)  # fmt: skip
def test_a_placeholder_that_was_not_filled_in_is_named(placeholder: str) -> None:
    assert placeholder in found(text=f"Dear {placeholder}, hello")["unfilled-placeholders"].text
    assert placeholder in found(subject=f"For {placeholder}")["unfilled-placeholders"].text


def test_the_first_three_placeholders_are_named_and_the_rest_counted() -> None:
    text = found("<p>{{c}} {{d}}</p>", "{{b}} {{e}}", subject="{{a}} {{a}}")["unfilled-placeholders"].text
    assert "{{a}}, {{b}}, {{e}} and 2 more" in text


@pytest.mark.parametrize(
    "text",
    ["100% of %20 and 50%", "https://x/a%C3%A4%name%20", "{ a }", "a [1] [[1]]", "$5 and $PATH", "<p>", "%d%%", "{{}}"],
)
def test_what_only_looks_like_a_placeholder_is_none(text: str) -> None:
    assert unfilled(text) == ()


def test_code_in_style_and_script_is_no_placeholder() -> None:
    assert found("<style>{{a}}</style><script>${b}</script><!-- {{c}} --><p>Hi</p>") == {}


@pytest.mark.parametrize("address", ["a@example.com", "a+b=c@example.com", "ü@example.com", "o'neil@x.org"])
def test_an_address_is_no_placeholder(address: str) -> None:
    assert not is_unfilled(address)


def test_missing_fields_are_named() -> None:
    assert set(warnings(b"X: y\r\n\r\nHello\r\n", ())) == {"no-from", "no-subject", "no-to"}
    assert set(warnings(b"Cc: y@example.org\r\nSubject:  \r\n\r\nHello\r\n")) == {"no-subject"}


def test_several_authors_and_repeated_fields_are_named() -> None:
    raw = b"Subject: a\r\nsubject: b\r\nTo: c@example.org\r\nReceived: x\r\nReceived: y\r\n\r\nHello\r\n"
    two = (Address("", "a@example.com"), Address("", "b@example.com"))
    assert set(warnings(raw, two)) == {"several-from", "repeated-fields"}
    assert "Subject" in warnings(raw)["repeated-fields"].text


@pytest.mark.parametrize(
    "html",
    [
        "<p>Hi <img src='/a.png'> {{x}} %name% [[y]] url(a)</p>\n" * 200_000, '<img src="' * 1_000_000,
        "<style>" * 1_400_000, "<" * 10_000_000, "url(" * 2_500_000, "{{a" * 3_000_000, "<!--" * 2_500_000,
        "src=" * 2_500_000, "<img " + "src " * 2_500_000, "%a" * 5_000_000, "http://%" * 1_200_000,
    ],
    ids=lambda html: html[:10],
)  # fmt: skip
def test_ten_megabytes_are_looked_at_in_a_moment(html: str) -> None:
    raw = (HEAD.format(subject=html[:100_000]) + f"Content-Type: text/html\r\n\r\n{html}").encode()
    plain = raw.replace(b"text/html", b"text/plain")
    for message in (raw, plain):
        began = perf_counter()
        warnings(message)
        assert perf_counter() - began < 3
