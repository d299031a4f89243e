import pytest
from bs4 import BeautifulSoup, Tag

from mailsluice.message.html import frame
from mailsluice.message.schemes import FALSE, TRUE, knows_dark, scheme_css, scheme_media, scheme_meta

DARK = "(prefers-color-scheme: dark)"


@pytest.mark.parametrize(
    "feature",
    [
        "(prefers-color-scheme:dark)",
        "( prefers-color-scheme : dark )",
        "(Prefers-Color-Scheme: DARK)",
        "(prefers-color-scheme/**/:/* x */dark)",
        "(\\70 refers-color-scheme: dark)",
    ],
)
def test_a_query_for_the_dark_scheme_is_answered(feature: str) -> None:
    css = f"@media screen and {feature} {{ p {{ color: red }} }}"

    assert scheme_css(css, scheme="dark") == f"@media screen and {TRUE} {{ p {{ color: red }} }}"
    assert scheme_css(css, scheme="light") == f"@media screen and {FALSE} {{ p {{ color: red }} }}"


def test_a_query_for_any_scheme_is_true_and_one_for_none_is_false() -> None:
    assert scheme_media("(prefers-color-scheme)", scheme="light") == TRUE
    assert scheme_media("(prefers-color-scheme: no-preference)", scheme="light") == FALSE


def test_a_query_with_not_turns_round() -> None:
    assert scheme_media(f"not {DARK}", scheme="light") == f"not {FALSE}"


@pytest.mark.parametrize(
    "css",
    [
        "p { color : red ; unknown: (x) }\n@weird { a }",
        "/* @media (prefers-color-scheme: dark) { color-scheme: light dark } */",
        'p::before { content: "(prefers-color-scheme: dark) color-scheme: light dark" }',
        "@media (prefers-color-scheme: sepia) {}",
        ":root { --color-scheme: light dark; color-scheme: normal }",
        "p { color: light-dark(red, blue) } [data-ogsc] p { color: red }",
        ":root{color-scheme:only light}",
    ],
)
def test_what_does_not_depend_on_the_scheme_is_kept_byte_for_byte(css: str) -> None:
    assert scheme_css(css, scheme="dark") == css


@pytest.mark.parametrize(
    ("html", "knows"),
    [
        ("<style>@media (prefers-color-scheme: dark) { p { color: red } }</style>", True),
        ("<style>@MEDIA (Prefers-Color-Scheme:DARK) {}</style>", True),
        ("<style>@media not (prefers-color-scheme: light) {}</style>", True),
        ('<meta content="light dark" name="color-scheme">', True),
        ("<html style='color-scheme: dark'>", True),
        ('<meta name="color-scheme" content="light">', False),
        ("<style>:root { color-scheme: only light } </style>", False),
        ("<p style='background: #000'>dark", False),
        ("", False),
    ],
)
def test_a_document_that_looks_different_in_the_dark_is_known(html: str, knows: bool) -> None:
    assert knows_dark(html) == knows
    if not knows:
        assert frame(html, parts={}, scheme="dark") == frame(html, parts={}, scheme="light")


def test_of_several_schemes_the_reader_s_is_left() -> None:
    css = ":root { color-scheme: light dark !important; supported-color-schemes: light dark }"

    assert "color-scheme: dark!important" in scheme_css(css, scheme="dark")
    assert "color-scheme: light!important" in scheme_css(css, scheme="light")


@pytest.mark.parametrize(("said", "scheme"), [("light dark", "dark"), ("only light", "only light"), ("dark", "dark")])
def test_a_meta_element_names_the_scheme_that_a_dark_reader_gets(said: str, scheme: str) -> None:
    assert scheme_meta(said, scheme="dark") == scheme
    html = frame(f'<meta name="color-scheme" content="{said}">', parts={}, scheme="dark").html
    document = BeautifulSoup(html, "html.parser")
    meta = document.find("meta", {"name": "color-scheme"})
    assert isinstance(meta, Tag)
    assert meta["content"] == scheme


@pytest.mark.parametrize(
    "html",
    [
        f"<style>@media {DARK} {{ p {{ color: red }} }}</style>",
        f"<style media='{DARK}'>p {{ color: red }}</style>",
        f"<picture><source media='{DARK}' srcset='data:,'><img></picture>",
        f"<link rel=stylesheet media='{DARK}' href='https://x/a.css'>",
        f"<style>@import url('https://x/a.css') {DARK};</style>",
    ],
)
def test_every_place_of_a_document_that_asks_is_answered(html: str) -> None:
    light = frame(html, parts={}, scheme="light", remote=True).html
    dark = frame(html, parts={}, scheme="dark", remote=True).html

    assert FALSE in light
    assert TRUE in dark


def test_without_a_scheme_the_browser_decides() -> None:
    assert DARK in frame(f"<style>@media {DARK} {{}}</style>", parts={}, scheme=None).html


def test_ten_megabytes_of_queries_are_answered() -> None:
    css = f"@media {DARK}{{a{{color:red}}}}\n" * 180_000

    assert scheme_css(css, scheme="dark").count(TRUE) == 180_000
