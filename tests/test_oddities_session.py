from datetime import UTC, datetime

import pytest

from mailsluice.capture import IMPORT_PEER, Envelope, Recipient, SessionFacts
from mailsluice.store.records import Receipt
from tests.nasty import multipart
from tests.odd_mail import HTML, PLAIN, codes_of, found_in, mail

CAME = int(datetime(2026, 11, 20, 10, tzinfo=UTC).timestamp()) * 1_000_000
EIGHT_BIT = mail(PLAIN.replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n") + "grüße\r\n")
RELATED = mail(multipart("related", "b", HTML + "<p>hello", "Content-Type: image/png\r\nContent-ID: <a@x>\r\n\r\nx"))
BINARY = mail("Content-Transfer-Encoding: binary\r\n\r\na\r\n")


def receipt(
    *to: str,
    sender: str = "a@example.com",
    parameters: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
    peer: str = "127.0.0.1:5",
) -> Receipt:
    """How a message came, to its only recipient unless others are named."""
    envelope = Envelope(sender, tuple(map(Recipient, to or ("b@example.org",))), parameters)
    return Receipt(envelope, SessionFacts("s", peer, CAME, extended=True, warnings=warnings), ())


@pytest.mark.parametrize(
    ("raw", "came", "codes"),
    [
        pytest.param(mail(), receipt(), set(), id="as it should be"),
        pytest.param(mail(), receipt("B@Example.org"), set(), id="in other letters"),
        pytest.param(mail(), receipt(sender="bounces@example.com"), {"sender-differs"}, id="another sender"),
        pytest.param(mail(), receipt(sender=""), set(), id="the null sender, which the session notes"),
        pytest.param(mail(), receipt("b@example.org", "c@x.org"), {"hidden-recipients"}, id="a blind copy"),
        pytest.param(
            mail(), receipt("c@x.org"), {"hidden-recipients", "absent-recipients"}, id="to somebody else altogether"
        ),
        pytest.param(mail(to="b@example.org, c@x.org"), receipt(), {"absent-recipients"}, id="not to everybody"),
        pytest.param(mail(), receipt("b@example.org", "b@example.org"), {"recipient-repeated"}, id="twice"),
        pytest.param(mail(), receipt(parameters=(f"SIZE={len(mail())}",)), set(), id="the size that it has"),
        pytest.param(mail(), receipt(parameters=(f"SIZE={len(mail()) - 2}",)), set(), id="the size without line end"),
        pytest.param(mail(), receipt(parameters=("SIZE=10",)), {"size-differs"}, id="less than it has"),
        pytest.param(mail(), receipt(parameters=("size=90000",)), {"size-differs"}, id="far more than it has"),
        pytest.param(mail(), receipt(parameters=("SIZE=ten",)), set(), id="no size, which the session refuses"),
        pytest.param(EIGHT_BIT, receipt(), {"8bit-undeclared"}, id="8-bit"),
        pytest.param(EIGHT_BIT, receipt(parameters=("BODY=7BIT",)), {"8bit-undeclared"}, id="8-bit declared 7-bit"),
        pytest.param(EIGHT_BIT, receipt(parameters=("BODY=8BITMIME",)), set(), id="8-bit declared"),
        pytest.param(BINARY, receipt(), {"binary-undeclared"}, id="binary"),
        pytest.param(
            mail(subject="grüße"), receipt(parameters=("SMTPUTF8", "BODY=8BITMIME")), set(), id="UTF-8 as declared"
        ),
        pytest.param(mail(before="Return-Path: <a@b>\r\n"), receipt(), {"return-path"}, id="a return path"),
        pytest.param(mail(before="Received: from a\r\n"), receipt(), {"received"}, id="a message sent on"),
        pytest.param(mail(date="Fri, 20 Nov 2026 12:00:00 +0000"), receipt(), {"date-far-off"}, id="from the future"),
        pytest.param(mail(date="Fri, 20 Nov 2026 12:00:00 +0200"), receipt(), set(), id="in another zone"),
        pytest.param(mail(date="Tue, 17 Nov 2026 10:00:00 +0000"), receipt(), {"date-far-off"}, id="from the past"),
    ],
)
def test_what_is_odd_about_how_a_message_came_is_told(raw: bytes, came: Receipt, codes: set[str]) -> None:
    assert codes_of(raw, came) == codes


def test_dots_that_stay_doubled_after_a_bare_lf_are_explained() -> None:
    raw = mail(PLAIN + "a\n..b\r\n..c\r\n")
    text = "1 line begins with two dots after a bare LF; the dot that SMTP adds to one is taken off only after CRLF."

    assert [(one.text, one.rfc) for one in found_in(raw, receipt()) if one.code == "dots-doubled"] == [
        (text, "RFC 5321, 4.5.2")
    ]
    assert "dots-doubled" not in codes_of(raw)


@pytest.mark.parametrize(
    ("raw", "code", "rfc"),
    [
        pytest.param(mail(), "size-differs", "RFC 1870, 6", id="the value of SIZE"),
        pytest.param(RELATED, "cid-unused", "RFC 2387, 3", id="the intended use of multipart/related"),
    ],
)
def test_a_rule_leads_to_the_section_that_has_it(raw: bytes, code: str, rfc: str) -> None:
    found = found_in(raw, receipt(parameters=("SIZE=10",)))

    assert [one.rfc for one in found if one.code == code] == [rfc]


def test_what_the_session_noted_keeps_its_words() -> None:
    noted = receipt(warnings=("a command ended in LF alone, not in CRLF", "something new"))

    assert [(one.text, one.rfc) for one in found_in(mail(), noted)] == [
        ("In the session a command ended in LF alone, not in CRLF.", "RFC 5321, 2.3.8"),
        ("In the session something new.", "RFC 5321, 4.1"),
    ]


def test_recipients_in_no_header_are_named() -> None:
    (one,) = found_in(mail(), receipt("b@example.org", "c@x.org", "d@x.org"))

    assert one.text == "No To, Cc or Bcc field names c@x.org and d@x.org, who get this message all the same."


def test_an_imported_message_is_not_compared_with_how_it_came() -> None:
    imported = receipt("c@x.org", sender="d@x.org", parameters=("SIZE=1",), peer=IMPORT_PEER)

    assert codes_of(mail(before="Return-Path: <a@b>\r\n", date="1 Jan 2001 00:00:00 +0000"), imported) == set()


def test_the_date_is_compared_with_when_the_message_came_where_that_is_known() -> None:
    day = 86_400_000_000
    (one,) = found_in(mail(), receipt(), received=CAME + 3 * day)

    assert one.text == "The date is 3 days before the message came."
