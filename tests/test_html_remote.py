import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.message.css import rewrite_css
from mailsluice.message.html import frame
from mailsluice.message.remote import Remote, allowed_hosts, policy_sources, told

HERE = allowed_hosts(["localhost:*"])


@pytest.mark.parametrize(
    "html",
    [
        '<img src="http://x/a">',
        '<img src="//x/a">',
        '<img src="\\\\x\\a">',
        '<img src="ht\ntp://x/a">',
        '<img src="http:x/a">',
        '<img src=" \thttps:/x/a">',
        '<img srcset="https://x/a 1x">',
        '<p style="background:u\\72 l(http://x/a)">',
        '<p style="background:url(http://x/a">',
        "<style>p{background:url('http://x/a'}</style>",
        '<p style="background:url(\\68ttp://x/a)">',
        '<p style="background:url(\\68 ttp://x/a)">',
        '<p style="background:url(/\\9 /x/a)">',
        "<p style=\"background:image-set('http://x/a' 1x)\">",
        '<svg><rect fill="url(http://x/a#b)"/></svg>',
        '<svg><image xlink:href="http://x/a"/></svg>',
    ],
)
def test_an_image_from_elsewhere_is_counted_and_taken_out(html: str) -> None:
    framed = frame(html, parts={})

    assert framed.blocked == (Remote("image", "x", 1),)
    assert ' src="' not in framed.html
    assert "url(h" not in framed.html


def test_a_font_that_is_not_loaded_names_no_file() -> None:
    faces = "@font-face{src:url(//x/a) format('woff2'),url( '//x/b' )}@font-face{src:local(Arial),url(c.woff)}"
    expected = """@font-face{src:local("") format('woff2'),local("" )}@font-face{src:local(Arial),local("")}"""

    assert frame(f"<style>{faces}</style>", parts={}).html.count(expected) == 1


@pytest.mark.parametrize("start", ["//", "/\\", "\\\\", "\\/", "///", " \n//", "https:", "HTTPS:/", "https:\\\\"])
def test_an_address_without_scheme_leads_elsewhere_as_a_browser_reads_it(start: str) -> None:
    url = f"{start}cdn.example/x"
    in_css = url.strip().replace("\\", "\\\\")
    html = (
        f"<img src='{url}'><img srcset='{url} 2x'><table background='{url}'><link rel=stylesheet href='{url}'>"
        f'<p style="background:url({in_css})"><style>@import "{in_css}";</style><a href=\'{url}\'>x</a>'
    )
    framed = frame(html, parts={})

    assert framed.blocked == (Remote("image", "cdn.example", 4), Remote("style sheet", "cdn.example", 2))
    assert [(link.url, link.host) for link in framed.links] == [("https://cdn.example/x", "cdn.example")]
    shown = re.sub(r"data-blocked-\w+=(\"[^\"]*\"|'[^']*')", "", framed.html)
    assert shown.count("cdn.example") == 1
    assert frame(html, parts={}, remote=True).html.count("https://cdn.example/x") == 7


@pytest.mark.parametrize(
    "css",
    [
        '@import "http://x/a";',
        "@import url(http://x/a) screen;",
        "@import/**/url('http://x/a')",
        '@\\69mport "http://x/a" layer(b) supports(display:grid);',
    ],
)
def test_an_import_is_taken_out_with_its_whole_rule(css: str) -> None:
    framed = frame(f"<style>a{{}}{css}\nb{{}}</style>", parts={})

    assert framed.blocked == (Remote("style sheet", "x", 1),)
    assert "import" not in framed.html
    assert "supports" not in framed.html


def test_fonts_are_told_from_images() -> None:
    faces = "@font-face{font-family:f;src:url(//x/2) format('woff2'),url(//x/3)}"
    css = f"a{{background:url(//x/1)}} {faces} b{{content:url(//x/4)}}"

    assert set(frame(f"<style>{css}</style>", parts={}).blocked) == {Remote("image", "x", 2), Remote("font", "x", 2)}


def test_findings_are_told_by_kind_and_host() -> None:
    html = '<img src="//cdn.example/1"><img src="//cdn.example:8443/2">' + '<img src="//cdn.example/3">' * 6
    html += "<link rel=stylesheet href='//cdn.example/4'><style>@font-face{src:url(//cdn.example/5)}</style>"

    assert told(frame(html, parts={}).blocked) == [
        "7 images, 1 style sheet and 1 font from cdn.example",
        "1 image from cdn.example:8443",
    ]


def test_hosts_beyond_a_bound_are_told_together() -> None:
    framed = frame("".join(f'<img src="//h{n}.example/">' for n in range(5000)), parts={})

    assert framed.remote == 5000
    assert framed.blocked[-1] == Remote("image", "", 4950)


def test_once_asked_for_everything_loads() -> None:
    html = '<img src="http://x/a"><link rel=stylesheet href="//x/b"><style>@import "http://x/c";</style>'
    framed = frame(html, parts={}, remote=True)

    assert framed.remote == 3
    for reference in ('src="http://x/a"', 'href="https://x/b"', '@import "http://x/c";'):
        assert reference in framed.html


def test_what_loads_more_than_is_seen_never_does() -> None:
    html = "".join(
        f'<link rel="{rel}" href="http://x/">' for rel in ("preconnect", "prefetch", "icon", "alternate stylesheet")
    )

    assert "http://x" not in frame(html, parts={}, remote=True).html


def test_hosts_of_the_developer_s_own_app_load_at_once_and_do_not_count() -> None:
    framed = frame('<img src="http://localhost:3000/a"><img src="http://localhost.evil/">', parts={}, allowed=HERE)

    assert 'src="http://localhost:3000/a"' in framed.html
    assert framed.blocked == (Remote("image", "localhost.evil", 1),)


@pytest.mark.parametrize(
    ("pattern", "url", "is_allowed"),
    [
        ("localhost:*", "http://localhost:3000/", True),
        ("localhost:*", "http://localhost/", True),
        ("localhost:*", "http://localhost:3000@evil.example/", False),
        ("localhost:*", "http://evil.example/localhost:3000", False),
        ("localhost", "http://localhost:3000/", False),
        ("*.app.test:8443", "https://a.b.app.test:8443/x", True),
        ("*.app.test", "https://app.test/", False),
        ("app.test", "https://appxtest/", False),
        ("[::1]:*", "http://[::1]:8000/", True),
    ],
)
def test_a_pattern_allows_its_hosts_only(pattern: str, url: str, is_allowed: bool) -> None:
    assert allowed_hosts([pattern])(url) is is_allowed


def test_allowed_hosts_become_sources_of_a_policy() -> None:
    assert policy_sources(["localhost:*", "[::1]:*", "x;script-src *"]) == ["http://localhost:*", "https://localhost:*"]


@pytest.mark.parametrize(
    "reference", ["a.png", "/api/v1/messages", "?x", "file:///etc/passwd", "cid:none", "about:blank"]
)
def test_what_can_only_lead_to_ourselves_is_not_loaded(reference: str) -> None:
    framed = frame(f'<img src="{reference}"><p style="background:url({reference})">', parts={}, remote=True)

    assert " src=" not in framed.html
    assert 'url("data:,")' in framed.html.replace("&quot;", '"')
    assert framed.remote == 0


@pytest.mark.parametrize("url", ["x.png", "/x.png", "../x.png", "./x.png", "?x.png"])
def test_a_relative_reference_leads_nowhere_from_any_place(url: str) -> None:
    html = (
        f'<img src="{url}"><img srcset="{url} 2x"><table background="{url}"><link rel=stylesheet href="{url}">'
        f'<style>@import "{url}";p{{background:url({url})}}</style><a href="{url}">x</a>'
    )
    framed = frame(html, parts={}, remote=True)

    assert framed.blocked == ()
    assert [(link.url, link.flags) for link in framed.links] == [(url, ("relative",))]
    assert "x.png" not in re.sub(r'data-blocked-\w+="[^"]*"', "", framed.html)


@pytest.mark.parametrize(
    "css",
    [
        "a{b:c}",
        "a{background:url(data:image/gif;base64,AA)}",
        "/* url(x) */ 'url(x)'",
        "a{b:myurl(x)}",
        "a{fill:url(#x)}",
    ],
)
def test_css_without_references_to_elsewhere_is_kept_byte_for_byte(css: str) -> None:
    def kept(reference: str, kind: str) -> str | None:
        return reference if reference.startswith(("data:", "#")) else None

    assert rewrite_css(css, reference=kept) == css


@given(st.text(alphabet="url(){}'\"\\/*@import; :<#,-72\n", max_size=80))
def test_no_reference_is_left_in_any_css(css: str) -> None:
    once = rewrite_css(css, reference=lambda reference, kind: None)

    assert rewrite_css(once, reference=lambda reference, kind: reference) == once
