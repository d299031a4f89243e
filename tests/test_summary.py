import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.message import Address, parse, summarize
from tests.nasty import head, multipart, nasty_messages

PLAIN = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
HTML = "Content-Type: text/html; charset=utf-8\r\n\r\n"


def snippet(body: str) -> str:
    """The snippet of a message with this Content-Type and body."""
    return summarize((head("x") + body).encode()).snippet


def test_a_summary_holds_what_the_header_says() -> None:
    raw = (
        b"From: Ada <ada@example.com>\r\nTo: Bob <bob@example.org>, c@d\r\nCc: e@f\r\nBcc: g@h\r\nReply-To: i@j\r\n"
        b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@example.com>\r\n\r\nHello"
    )

    summary = summarize(raw)

    assert (summary.subject, summary.message_id, summary.snippet) == ("grüße", "1@example.com", "Hello")
    assert summary.sender == Address("Ada", "ada@example.com")
    assert summary.to == (Address("Bob", "bob@example.org"), Address("", "c@d"))
    assert (summary.cc, summary.bcc, summary.reply_to) == (
        (Address("", "e@f"),),
        (Address("", "g@h"),),
        (Address("", "i@j"),),
    )


def test_a_missing_sender_is_an_empty_address() -> None:
    assert summarize(b"Subject: x\r\n\r\n").sender == Address()


def test_the_snippet_comes_from_the_plain_text() -> None:
    assert snippet(multipart("alternative", "b", HTML + "<p>html</p>", PLAIN + "plain")) == "plain"


def test_the_snippet_comes_from_html_where_there_is_no_plain_text() -> None:
    page = (
        "<html><head><title>T</title><style>p{color:red}</style></head><script>1<2</script><p>Hi <b>y</b>ou &amp; all"
    )

    assert snippet(HTML + page) == "Hi you & all"


def test_the_snippet_looks_behind_a_long_style_sheet() -> None:
    assert snippet(HTML + "<style>" + "p{color:red}\r\n" * 2000 + "</style><p>behind") == "behind"


def test_the_snippet_has_its_white_space_collapsed_and_at_most_200_characters() -> None:
    assert snippet(PLAIN + "word \r\n\t\r\n" * 500) == ("word " * 40).strip()


def test_the_snippet_leaves_out_what_newsletters_fill_the_preview_line_with() -> None:
    assert snippet(HTML + "Preview" + "&zwnj;&nbsp;\u034f " * 20 + "text") == "Preview text"


def test_the_snippet_is_not_cut_within_a_character() -> None:
    assert set(snippet(PLAIN + "ü" * 20_000)) == {"ü"}


def test_attachments_are_counted_named_or_not() -> None:
    attached = "Content-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\nx"
    raw = (head("x") + multipart("mixed", "b", PLAIN + "text", attached, attached)).encode()

    assert (summarize(raw).attachments, parse(raw).attachments) == (2, ())


def test_the_beginning_of_a_large_message_will_do() -> None:
    attached = (
        "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=x.pdf\r\n\r\n" + "x" * 100_000
    )
    raw = (head("x") + multipart("mixed", "b", PLAIN + "text", attached)).encode()

    assert summarize(raw[:50_000]) == summarize(raw)


def test_list_and_page_agree_on_every_nasty_message() -> None:
    for name, raw in nasty_messages():
        assert summarize(raw) == parse(raw).summary, name


@pytest.mark.parametrize("boundary", ["b", "=_x"])
@given(body=st.binary(max_size=300))
def test_no_bytes_make_it_raise(boundary: str, body: bytes) -> None:
    header = f"Subject: x\r\nContent-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\n".encode()

    summarize(body)
    summarize(header + body)
