"""Attack mails against what is made of them: first by reading that again, then in a browser that would let them."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import BrowserContext, Route, sync_playwright
from selectolax.lexbor import LexborHTMLParser

from mailsluice.message.html import Frame, frame
from mailsluice.message.parse import parse
from mailsluice.message.schemes import Scheme
from tests.attacks import attacks
from tests.e2e.chromium import CHROMIUM, FLAGS

PORT = 9
ATTACKS = {attack.name: attack for attack in attacks(PORT)}
SMALL = [name for name, attack in ATTACKS.items() if len(attack.raw) < 1_000_000]

PIECES = (
    *("<svg>", "</svg>", "<math>", "</math>", "<mtext>", "<mi>", "<foreignObject>", "<desc>", "<title>", "</title>"),
    *("<style>", "</style>", "<!--", "-->", "<![CDATA[", "]]>", "<table>", "</table>", "<td>", "<select>", "</select>"),
    *("<textarea>", "</textarea>", "<xmp>", "</xmp>", "<noscript>", "</noscript>", "<template>", "</template>", "<p>"),
    *(
        "<form>",
        "</form>",
        "<a href=x>",
        "</a>",
        "<b>",
        "</b>",
        "<pre>\n",
        "</pre>",
        "<plaintext>",
        "<noembed>",
        "&lt;",
    ),
    *(
        "<annotation-xml encoding=text/html>",
        "<script>",
        "</script>",
        "<img src=x onerror=y>",
        '"',
        "'",
        "<option>",
        "</p>",
    ),
    *(
        "<div title='",
        "<font color=x>",
        "<mglyph>",
        "<frameset>",
        "<body onload=x>",
        "<nobr>",
        "text",
        "\n",
        "<li>",
        "</b>",
    ),
)


def framed(name: str) -> Frame | None:
    message = parse(ATTACKS[name].raw)
    parts = {part.content_id: f"/parts/{part.number}" for part in message.parts if part.content_id}
    return frame(message.html, parts=parts) if message.html else None


def without_first_lines(html: str) -> str:
    """Without the line ends that a reading takes away at the beginning of these elements."""
    return re.sub(r"(<(?:pre|textarea)>)\n+", r"\1", html)


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_active_is_left_of_an_attack(name: str) -> None:
    if (document := framed(name)) is None:
        return
    tree = LexborHTMLParser(document.html)
    assert (
        tree.css("script, iframe, object, embed, base, frame, template, noscript, animate, set, link[rel=icon]") == []
    )
    for node in tree.css("*"):
        for attribute, value in node.attributes.items():
            assert not attribute.startswith("on")
            assert attribute not in ("action", "formaction", "srcdoc", "ping", "referrerpolicy")
            if attribute in ("src", "srcset", "poster", "background", "xlink:href"):
                assert (value or "").startswith(("/parts/", "data:"))


@pytest.mark.parametrize("name", SMALL)
def test_a_second_reading_of_an_attack_finds_the_same_tree(name: str) -> None:
    if document := framed(name):
        assert LexborHTMLParser(document.html).html == document.html


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_a_second_reading_of_any_pieces_finds_the_same_tree_with_nothing_active(html: str) -> None:
    document = frame(html, parts={}).html
    tree = LexborHTMLParser(document)

    assert without_first_lines(tree.html or "") == without_first_lines(document)
    assert not tree.css("script, iframe, [onerror], [src]")


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    """A browser without any policy or sandbox: what is left of an attack could act in it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_context()
        browser.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")
def test_a_browser_without_any_policy_runs_and_requests_nothing(context: BrowserContext) -> None:
    asked: list[str] = []
    documents = {name: found.html for name in SMALL if (found := framed(name))}

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix("http://mail.test/")
        if name in documents:
            route.fulfill(body=documents[name], content_type="text/html")
        else:
            asked.append(route.request.url)
            route.abort()

    context.route("**", answer)
    page = context.new_page()
    for name in documents:
        page.goto(f"http://mail.test/{name}", wait_until="load")
        assert "pwned" not in page.title(), name
        assert page.url == f"http://mail.test/{name}"
    page.close()
    allowed = ("http://mail.test/parts/", "http://mail.test/favicon.ico")
    assert [url for url in asked if not url.startswith(allowed)] == []


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")
@pytest.mark.parametrize("system", ["light", "dark"])
def test_both_schemes_show_truly_whatever_the_system_says(context: BrowserContext, system: str) -> None:
    html = (
        "<meta name=color-scheme content='light dark'><style>p{color:light-dark(rgb(1,0,0),rgb(2,0,0))}"
        "b{color:rgb(1,0,0)}@media (prefers-color-scheme:dark){b{color:rgb(2,0,0)}}"
        ":root{color-scheme:light dark}</style><style media='(prefers-color-scheme:dark)'>i{color:rgb(2,0,0)}</style>"
        "<style media='not all and (prefers-color-scheme:dark)'>i{color:rgb(1,0,0)}</style><p>x</p><b>x</b><i>x</i>"
    )
    page = context.new_page()
    page.emulate_media(color_scheme=system)  # type: ignore[arg-type]  # one of the two words
    seen = {}
    schemes: tuple[Scheme, Scheme] = ("light", "dark")
    for scheme in schemes:
        page.set_content(frame(html, parts={}, scheme=scheme).html)
        seen[scheme] = page.evaluate("['p','b','i'].map(n => getComputedStyle(document.querySelector(n)).color)")
    page.close()
    assert seen == {"light": ["rgb(1, 0, 0)"] * 3, "dark": ["rgb(2, 0, 0)"] * 3}
