import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.message.html import frame
from mailsluice.message.targets import FLAGS, target


def test_links_are_listed_with_text_target_and_host() -> None:
    html = (
        '<a href="https://example.com:8443/a?b=1&amp;c"> Go <b>there</b></a><a href="mailto:a@x"><img alt="Write"></a>'
    )

    listed = [(link.text, link.url, link.host, link.flags) for link in frame(html, parts={}).links]
    assert listed == [
        ("Go there", "https://example.com:8443/a?b=1&c", "example.com:8443", ()),
        ("Write", "mailto:a@x", "", ()),
    ]


def test_places_in_the_document_are_no_links() -> None:
    assert frame('<a href="#a">x</a><a name=b>y</a>', parts={}).links == ()


def test_each_link_is_listed_once_and_not_without_end() -> None:
    assert len(frame('<a href="http://x/" style="color:red" onclick=a>x</a>', parts={}, remote=True).links) == 1
    assert len(frame('<a href="http://x/">x</a>' * 5000, parts={}).links) == 500


def test_a_link_to_the_developer_s_own_app_opens_in_a_tab_that_knows_nothing_of_ours() -> None:
    document = frame('<a href="http://localhost:3000/verify?t=1" target=_self rel=opener>Verify</a>', parts={}).html

    assert '<a href="http://localhost:3000/verify?t=1" rel="noopener noreferrer" target="_blank">' in document


@pytest.mark.parametrize(
    ("text", "href", "flags"),
    [
        ("https://bank.example/", "https://evil.example/", ("other-host",)),
        ("www.bank.example", "http://evil.example/", ("other-host",)),
        ("bank.example/login", "http://evil.example/?bank.example", ("other-host",)),
        ("bank.example", "https://click.bank.example/", ()),
        ("https://www.bank.example", "https://bank.example/x", ()),
        ("ada@bank.example", "https://bank.example/", ()),
        ("Read index.html", "https://x.example/", ()),
        ("invoice.pdf", "https://x.example/", ()),
        ("x", "https://xn--80ak6aa92e.com/", ("lookalike",)),
        ("x", "https://p\u0430ypal.com/", ("lookalike",)),
        ("x", "https://xn--bcher-kva.example/", ("international",)),
        ("x", "https://\u65e5\u672c\u8a9e.example/", ("international",)),
        ("x", "http://192.0.2.1/", ("ip",)),
        ("x", "http://3221225985/", ("ip",)),
        ("x", "http://[2001:db8::1]:80/", ("ip",)),
        ("x", "http://127.0.0.1:3000/", ()),
        ("x", "https://bank.example@evil.example/", ("userinfo",)),
        ("x", "https://x.example/@ada", ()),
        ("x", "javascript:alert(1)", ("active",)),
        ("x", " java\nscript:alert(1)", ("active",)),
        ("x", "data:text/html,x", ("active",)),
        ("x", "/profiles", ("relative",)),
        ("x", "cid:a@x", ("relative",)),
        ("x", "myapp://verify", ()),
    ],
)
def test_what_might_deceive_is_flagged(text: str, href: str, flags: tuple[str, ...]) -> None:
    found = target(text, href)

    assert found.flags == flags
    assert found.opens is not bool({"active", "relative"} & set(flags))
    assert set(found.flags) <= set(FLAGS)


def test_a_host_is_listed_as_a_person_reads_it() -> None:
    assert target("x", "https://xn--bcher-kva.example:81/").host == "b\u00fccher.example:81"


@given(st.text(max_size=60), st.text(alphabet="https:/\\@[].#?xn--\u0430\t %0", max_size=60))
def test_no_link_makes_it_raise(text: str, href: str) -> None:
    target(text, href)
