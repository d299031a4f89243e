import re

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from mailsluice.message import frame, text_from_html
from tests.nasty_html import NASTY_HTML

PARTS = {"logo@x": "/parts/2", "Ünï@x": "/parts/3"}


def framed(html: str) -> BeautifulSoup:
    """The framed document, read again."""
    return BeautifulSoup(frame(html, parts=PARTS).html, "html.parser")


def element(html: str, name: str) -> Tag:
    """The first element of that name in the framed document."""
    found = framed(html).find(name)
    assert isinstance(found, Tag)
    return found


@pytest.mark.parametrize("name", ["script", "base", "template", "iframe", "embed", "object"])
def test_elements_that_act_are_dropped(name: str) -> None:
    assert framed(f"<p>before</p><{name} src=x href=y></{name}>").find(name) is None


def test_nested_elements_that_act_are_dropped_together() -> None:
    assert "script" not in frame("<svg><script><base><script>alert(1)", parts={}).html


def test_a_redirection_is_dropped() -> None:
    assert framed('<meta http-equiv=Refresh content="0;url=http://x/">').find("meta", {"http-equiv": True}) is None


def test_event_handlers_are_dropped() -> None:
    assert element("<img alt=x onerror=alert(1) OnLoad=alert(2)>", "img").attrs == {"alt": "x"}


@pytest.mark.parametrize("link", ["javascript:alert(1)", " java\tscript:alert(1)", "VBScript:x", "\x01javascript:x"])
def test_links_that_are_scripts_are_dropped(link: str) -> None:
    assert "href" not in element(f'<a href="{link}">x</a>', "a").attrs


def test_a_form_keeps_its_look_and_loses_its_target() -> None:
    html = '<form action="http://x/" style="color:red"><button formaction="http://y/">Go</button></form>'

    assert element(html, "form").attrs == {"style": "color:red"}
    assert element(html, "button").attrs == {}


@pytest.mark.parametrize("name", ["a", "area"])
def test_links_open_in_a_new_tab(name: str) -> None:
    link = element(f'<map><{name} href="https://example.com" target=_top>x</map>', name)

    assert (link["target"], link["rel"]) == ("_blank", ["noopener", "noreferrer"])


def test_links_within_the_document_stay_in_it() -> None:
    assert "target" not in element('<a href="#top">x</a>', "a").attrs


@pytest.mark.parametrize(
    "html",
    [
        '<img src="cid:LOGO@x">',
        '<img src="CID:logo%40x">',
        '<body background="cid:logo@x">',
        '<video poster="cid:logo@x">',
        '<link rel=stylesheet href="cid:logo@x">',
        '<img srcset="cid:logo@x 2x, a.png 1x">',
        "<div style=\"background: URL( 'cid:logo@x' )\">",
        "<style>p { background: url(cid:logo@x) }</style>",
        '<style>@import "cid:logo@x";</style>',
        '<svg><image xlink:href="cid:logo@x"/></svg>',
    ],
)
def test_content_ids_are_replaced_by_their_parts(html: str) -> None:
    document = frame(html, parts=PARTS).html

    assert "/parts/2" in document
    assert "cid:" not in document.lower()


def test_a_content_id_may_be_percent_encoded_utf8() -> None:
    assert element('<img src="cid:%C3%9Cn%C3%AF@x">', "img")["src"] == "/parts/3"


def test_an_unknown_content_id_loads_nothing() -> None:
    assert element('<img src="cid:other">', "img").attrs == {"data-blocked-src": "cid:other"}


def test_parts_may_be_named_by_a_function() -> None:
    document = frame('<img src="cid:Logo%40x">', parts=lambda cid: f"/parts/token/{cid}").html

    assert 'src="/parts/token/logo@x"' in document


def test_no_url_can_break_out_of_a_style_sheet() -> None:
    document = frame("<style>p{background:url(cid:a)}</style>", parts={"a": '/x")}</style><script>'}).html

    assert document.count("</style>") == 1
    assert "<script" not in document


@pytest.mark.parametrize(
    "html",
    [
        '<img src="http://x/a.png">',
        '<img src="//x/a.png">',
        '<img srcset="https://x/a 1x">',
        '<body background="HTTPS://x/b.png">',
        '<link rel=stylesheet href="https://x/a.css">',
        "<style>@import url(https://x/a.css);</style>",
        "<style>@import 'https://x/a.css';</style>",
        '<p style="background:url(https://x/a.png)">',
        '<svg><image href="https://x/a.svg"/></svg>',
        '<video poster="https://x/a.png">',
        '<input type=image src="https://x/a.png">',
    ],
)
def test_what_would_load_from_elsewhere_is_counted(html: str) -> None:
    assert frame(html, parts={}).remote == 1


@pytest.mark.parametrize("html", ['<a href="https://x/">x</a>', '<img src="data:image/png;base64,AA">', "<img src=a>"])
def test_what_loads_nothing_from_elsewhere_is_not_counted(html: str) -> None:
    assert frame(html, parts={}).remote == 0


def test_a_document_without_charset_says_utf8() -> None:
    assert element("<p>x", "meta")["charset"] == "utf-8"


def test_a_document_with_another_charset_says_utf8() -> None:
    document = frame(
        '<meta charset="iso-8859-1"><meta http-equiv=Content-Type content="text/html; charset=koi8-r">', parts={}
    )

    assert re.findall('charset="?([a-z0-9-]+)', document.html) == ["utf-8", "utf-8"]


def test_the_doctype_is_kept() -> None:
    assert frame("<!DOCTYPE html><p>x", parts={}).html.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("html", NASTY_HTML, ids=[html[:20] for html in NASTY_HTML])
def test_nasty_html_has_nothing_active_left(html: str) -> None:
    document = re.sub("<plaintext>.*|<xmp>.*?</xmp>|<!--.*?(-->|$)", "", frame(html, parts={}).html, flags=re.DOTALL)

    assert not re.search(
        r"<(script|base|iframe|template)\b|<[^>]*[\s/]on\w+=[^>]*>|href=\W*javascript",
        re.sub('"[^"]*"', '""', document),
    )


@pytest.mark.parametrize("html", NASTY_HTML, ids=[html[:20] for html in NASTY_HTML])
def test_a_second_reading_finds_the_same_tree(html: str) -> None:
    document = frame(html, parts={}).html

    assert LexborHTMLParser(document).html == document


@pytest.mark.parametrize(
    "html",
    ["<pre>\n\nx</pre>", "<textarea>\n\nx</textarea>", "<xmp>\n\n<b>x</b></xmp>", "a<plaintext><b>", "<listing>x"],
)
def test_text_kept_as_it_is_stays_so_in_a_second_reading(html: str) -> None:
    once, twice = (LexborHTMLParser(document).body for document in (html, frame(html, parts={}).html))

    assert once is not None
    assert twice is not None
    assert once.text() == twice.text()


def test_no_style_sheet_has_a_tag_in_it() -> None:
    html = "<style><!-- a::before{content:'<b></p><!'} @media (100px < width <400px){} --></style>"

    style = element(html, "style").text
    assert "<b" not in style
    assert "</p" not in style
    assert "(100px < width <400px)" in style


@pytest.mark.parametrize("name", ["referrerpolicy", "crossorigin", "ping", "autofocus", "attributionsrc", "xml:base"])
def test_attributes_that_tell_or_act_are_dropped(name: str) -> None:
    assert name not in element(f'<a href="https://x/" {name}="unsafe-url">x</a>', "a").attrs


@pytest.mark.parametrize("name", ["referrer", "theme-color", "robots"])
def test_meta_elements_that_act_are_dropped(name: str) -> None:
    assert framed(f"<meta name={name} content=unsafe-url>").find("meta", {"name": True}) is None


def test_the_window_of_a_phone_is_kept() -> None:
    assert framed('<meta name=viewport content="width=device-width">').find("meta", {"name": "viewport"}) is not None


def test_what_would_stand_without_scripts_is_shown() -> None:
    assert "noscript" not in (document := frame("<noscript><b>shown</b></noscript>", parts={}).html)
    assert "<b>shown</b>" in document


def test_ten_megabytes_are_framed() -> None:
    html = '<p class=x>hello <b>you</b> <a href="http://x/">y</a></p>' * 180_000

    assert frame(html, parts={}).html.count("_blank") == 180_000


def test_nesting_beyond_all_measure_is_cut() -> None:
    assert frame("<div>" * 300_000 + "text", parts={}).html.count("<div>") < 1000


@given(st.text(alphabet="<>/!-=\"' abpi&#;\n", max_size=200))
def test_no_text_makes_it_raise(html: str) -> None:
    frame(html, parts=PARTS)
    text_from_html(html)


def test_blocks_stand_on_lines_of_their_own() -> None:
    assert text_from_html("<h1>Title</h1><p>one<p>two<br>three<div>four</div>") == "Title\n\none\n\ntwo\nthree\nfour"


def test_white_space_is_collapsed_outside_pre() -> None:
    assert text_from_html("a  \n b<pre>c\n  d</pre>") == "a b\n\nc\n  d"


def test_list_items_have_dashes() -> None:
    assert text_from_html("<ul><li>one<li>two</ul>") == "- one\n- two"


def test_cells_have_spaces_between_them() -> None:
    assert text_from_html("<table><tr><td>a<td>b<tr><td>c</table>") == "a b\nc"


def test_links_have_their_address_behind_them() -> None:
    assert text_from_html('<a href="https://x/?a=1&amp;b=2">go</a> on') == "go (https://x/?a=1&b=2) on"


def test_a_link_that_is_its_own_text_is_not_repeated() -> None:
    assert text_from_html('<a href="https://x/">https://x/</a>') == "https://x/"


def test_styles_scripts_titles_and_comments_are_no_text() -> None:
    html = "<title>t</title><style>p{}</style><script>a<b</script><!-- c -->text"

    assert text_from_html(html) == "text"


def test_character_references_are_resolved() -> None:
    assert text_from_html("&lt;b&gt; &uuml; &#8364;&nbsp;5") == "<b> ü € 5"
