import pytest

from tests.nasty import head, multipart
from tests.odd_mail import HTML, PLAIN, codes_of, found_in, mail

BASE64 = "Content-Type: application/x-file\r\nContent-Transfer-Encoding: base64\r\n\r\n"
QUOTED = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
LOGO = "Content-Type: application/x-logo\r\nContent-ID: <logo@x>\r\n\r\npng"
RELATED = 'multipart/related; type="text/html"; boundary=r\r\n'
LONG_WORD = f"=?utf-8?q?{'a' * 80}?="
LEAVE = "List-Unsubscribe: <https://example.com/u>\r\n"
CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
SIGNED = "DKIM-Signature: v=1; h=from:list-unsubscribe:list-unsubscribe-post; b=x\r\n"


def related(*parts: str) -> str:
    """A multipart/related that names its type, as it has to."""
    return f"Content-Type: {RELATED}" + multipart("related", "r", *parts).partition("\r\n")[2]


HEADERS = {
    "an ordinary message": (mail(), set()),
    "nothing at all": (b"", {"no-header", "empty-body"}),
    "no header": (b"\r\nbody\r\n", {"no-header"}),
    "only a body": (b"just words\r\nand more\r\n", {"no-field", "no-from", "no-date", "no-message-id"} | {
        "no-recipient-field", "no-subject"}),
    "no From": (mail().replace(b"From: Ada <a@example.com>\r\n", b""), {"no-from"}),
    "no Date": (mail(date=None), {"no-date"}),
    "no Message-ID": (mail(message_id=None), {"no-message-id"}),
    "no recipient": (mail(to=None), {"no-recipient-field"}),
    "no Subject": (mail(subject=None), {"no-subject"}),
    "an empty Subject": (mail(subject=""), {"no-subject"}),
    "no MIME-Version": (mail(mime_version=None), {"no-mime-version"}),
    "another MIME-Version": (mail(mime_version="2.0"), {"mime-version-odd"}),
    "a MIME-Version with a comment": (mail(mime_version="1.0 (Mail \\(1.2\\))"), set()),
    "two From": (mail(before="From: c@example.com\r\n"), {"repeated-field"}),
    "two References": (mail(before="References: <1@x>\r\nReferences: <2@x>\r\n"), {"repeated-field"}),
    "two List-Unsubscribe": (mail(before=2 * "List-Unsubscribe: <mailto:u@x>\r\n"), {"repeated-list-field"}),
    "an empty To": (mail(to=""), {"empty-field"}),
    "an empty Bcc": (mail(before="Bcc:\r\n"), set()),
    "a Bcc": (mail(before="Bcc: c@example.org\r\n"), {"bcc-in-header"}),
    "a Message-ID without brackets": (mail(message_id="1@example.com"), {"message-id-malformed"}),
    "a Message-ID without domain": (mail(message_id="<1>"), {"message-id-malformed"}),
    "the line of a mailbox file": (b"From a@b Fri Nov 20 10:00:00 2026\r\n" + mail(), {"mailbox-line"}),
    "a line that is no field": (mail(before="no field\r\n"), {"no-field"}),
    "a CR in a field": (mail(subject="x\rBcc: v@example.org"), {"cr-in-header", "bare-cr"}),
    "space before a colon": (mail(before="X-A : b\r\n"), {"space-before-colon"}),
    "a folded line of nothing": (mail(subject="x\r\n \r\n y"), {"fold-blank"}),
    "a value that begins on the next line": (mail(subject="\r\n x"), {"fold-first"}),
    "control characters": (mail(subject="a\x07b"), {"control-in-header"}),
    "UTF-8 in the header": (mail(subject="grüße"), {"header-8bit"}),
    "Latin-1 in the header": (mail(subject="gr\udcfcn"), {"header-8bit"}),
    "a header line over 78": (mail(subject="x" * 90), {"header-line-long"}),
    "a header line over 998": (mail(subject="x" * 1000), {"long-line"}),
    "more header than is read": (b"X-Long: " + b"x\r\n " * 300_000 + b"\r\n\r\nbody", {"header-too-long"}),
    "more fields than are read": (b"X: y\r\n" * 10_001 + b"\r\nbody\r\n", {"too-many-fields"}),
    "a NUL": (mail(PLAIN + "a\0b\r\n"), {"nul"}),
    "bare LF": (mail(PLAIN + "a\nb\r\n"), {"bare-lf"}),
    "bare CR": (mail(PLAIN + "a\rb\r\n"), {"bare-cr"}),
    "a line over 998": (mail(PLAIN + "a" * 999 + "\r\n"), {"long-line"}),
    "a Date that is none": (mail(date="soon"), {"date-unreadable"}),
    "an ISO date": (mail(date="2026-11-20T10:00:00Z"), {"date-form"}),
    "the wrong weekday": (mail(date="Mon, 20 Nov 2026 10:00:00 +0000"), {"date-weekday"}),
}  # fmt: skip

ADDRESSES = {
    "several From without Sender": (mail().replace(b"Ada <a@example.com>", b"a@x.org, b@x.org"), {
        "several-from"}),
    "several From with Sender": (
        mail(before="Sender: a@x.org\r\n").replace(b"Ada <a@example.com>", b"a@x.org, b@x.org"), set()),
    "two in Sender": (mail(before="Sender: a@x.org, b@x.org\r\n"), {"several-sender"}),
    "Sender as From": (mail(before="Sender: a@example.com\r\n"), {"sender-repeats-from"}),
    "another Reply-To": (mail(before="Reply-To: c@example.com\r\n"), {"reply-to-differs"}),
    "no address": (mail(to="Bob"), {"address-malformed"}),
    "nobody by name": (mail(to="undisclosed-recipients:;"), set()),
    "an encoded address": (mail(to="=?utf-8?q?b=40example.org?="), {"address-encoded"}),
    "an encoded word over 75": (mail(subject=LONG_WORD), {"encoded-word-long", "header-line-long"}),
    "an encoded word with a space": (mail(subject="=?utf-8?q?a b?="), {"encoded-word-space"}),
    "an encoded word in quotes": (mail(to='"=?utf-8?q?J=C3=B6rg?=" <b@example.org>'), {"encoded-word-quoted"}),
    "an encoded word that touches": (mail(subject="Re:=?utf-8?q?a?="), {"encoded-word-touching"}),
    "a character cut in two": (mail(subject="=?utf-8?q?=C3?= =?utf-8?q?=BC?="), {"encoded-word-split"}),
    "an encoded word of no charset": (mail(subject="=?x-none?q?a?="), {"encoded-word-broken"}),
    "encoded words as they should be": (mail(to="=?utf-8?q?J=C3=B6rg?= <b@example.org>", subject="=?utf-8?b?w7w=?="),
        set()),
}  # fmt: skip

PARTS = {
    "8-bit text that says so": (
        mail(PLAIN.replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n") + "ü\r\n"), set()),
    "8-bit text that does not": (mail(PLAIN + "grüße\r\n"), {"8bit-in-7bit"}),
    "8-bit text of no charset": (mail("\r\ngrüße\r\n"), {"8bit-in-7bit", "no-charset"}),
    "an unknown charset": (mail(PLAIN.replace("utf-8", "x-none") + "a\r\n"), {"unknown-charset"}),
    "an unknown charset of an attachment": (
        mail(multipart("mixed", "b", PLAIN + "a", "Content-Type: text/csv; charset=x-none\r\n\r\na")),
        {"unknown-charset"}),
    "a charset that does not fit": (mail(PLAIN + "gr\udcfcn\r\n"), {"charset-misfit", "8bit-in-7bit"}),
    "an unknown encoding": (mail("Content-Transfer-Encoding: 8-bit\r\n\r\na\r\n"), {"unknown-encoding"}),
    "an unknown encoding of an attachment": (
        mail(multipart("mixed", "b", PLAIN + "a", BASE64.replace("base64", "x-none") + "a")), {"unknown-encoding"}),
    "rubbish in base64": (mail(multipart("mixed", "b", PLAIN + "a", BASE64 + "aG*k")), {"base64-damaged"}),
    "base64 that was cut": (mail(multipart("mixed", "b", PLAIN + "a", BASE64 + "aGk")), {"base64-damaged"}),
    "base64 that goes on": (mail(multipart("mixed", "b", PLAIN + "a", BASE64 + "aG==aGkh")), {"base64-damaged"}),
    "base64 as it should be": (mail(multipart("mixed", "b", PLAIN + "a", BASE64 + "aGk=\r\n")), set()),
    "base64 in long lines": (mail(multipart("mixed", "b", PLAIN + "a", BASE64 + "aaaa" * 20)), {"base64-long-lines"}),
    "an = that encodes nothing": (mail(QUOTED + "a=b\r\n"), {"quoted-printable-damaged"}),
    "quoted-printable as it should be": (mail(QUOTED + "a=3D=\r\nb\r\n"), set()),
    "a type without subtype": (mail("Content-Type: text\r\n\r\na\r\n"), {"content-type-malformed"}),
    "an encoded multipart": (
        mail("Content-Transfer-Encoding: base64\r\n" + multipart("mixed", "b", PLAIN + "a")), {"encoded-container"}),
    "an encoded message": (mail(multipart("mixed", "b", PLAIN + "a",
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==")), {"encoded-container"}),
    "no boundary": (mail("Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\na\r\n"), {"no-boundary"}),
    "another boundary": (
        mail("Content-Type: multipart/mixed; boundary=x\r\n\r\n--y\r\n\r\na\r\n"), {"boundary-absent"}),
    "no end": (mail("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n"), {"not-closed"}),
    "a boundary over 70": (mail(multipart("mixed", "b" * 71, PLAIN + "a")), {"boundary-odd", "header-line-long"}),
    "a boundary that needs quotes": (mail(multipart("mixed", "a=b", PLAIN + "a")), {"boundary-unquoted"}),
    "an encoded word as file name": (
        mail(multipart("mixed", "b", PLAIN + "a", 'Content-Type: a/b; name="=?utf-8?q?a?="\r\n\r\na')),
        {"encoded-word-in-parameter"}),
    "a file name beyond ASCII": (
        mail(multipart("mixed", "b", PLAIN + "a", 'Content-Type: a/b; name="ü.txt"\r\n\r\na')), {"part-header-8bit"}),
    "a path as file name": (
        mail(multipart("mixed", "b", PLAIN + "a", 'Content-Type: a/b; name="../a"\r\n\r\na')), {"file-name-path"}),
    "a file name that turns round": (
        mail(multipart("mixed", "b", PLAIN + "a", "Content-Type: a/b; name*=utf-8''a%E2%80%AEb\r\n\r\na")),
        {"file-name-hidden"}),
    "a picture called a PDF": (
        mail(multipart("mixed", "b", PLAIN + "a", "Content-Type: application/pdf\r\n\r\nGIF89a")), {"file-differs"}),
    "a Content-ID twice": (mail(multipart("mixed", "b", PLAIN + "a", LOGO, LOGO)), {"content-id-repeated"}),
    "a Content-ID without brackets": (
        mail(multipart("mixed", "b", PLAIN + "a", LOGO.replace("<logo@x>", "logo@x"))), {"content-id-malformed"}),
    "related without type": (mail(multipart("related", "b", PLAIN + "a")), {"related-no-type"}),
}  # fmt: skip

BODIES = {
    "text before HTML": (mail(multipart("alternative", "b", PLAIN + "a", HTML + "<p>a")), set()),
    "HTML before text": (mail(multipart("alternative", "b", HTML + "<p>a", PLAIN + "a")), {"alternative-order"}),
    "HTML without text": (
        mail(multipart("alternative", "b", HTML + "<p>a", "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR")),
        {"alternative-no-text"}),
    "one alternative": (mail(multipart("alternative", "b", PLAIN + "a")), {"alternative-single"}),
    "HTML only": (mail(HTML + "<p>a\r\n"), {"html-only"}),
    "empty text": (mail(multipart("alternative", "b", PLAIN + " \r\n", HTML + "<p>a")), {"text-empty"}),
    "an empty body": (mail(PLAIN + "\r\n"), {"empty-body"}),
    "a picture that is there": (
        mail(multipart("alternative", "b", PLAIN + "a", related(HTML + '<img src="cid:LOGO%40x">', LOGO))), set()),
    "a picture that is not there": (
        mail(multipart("alternative", "b", PLAIN + "a", HTML + "<img src='cid:logo'>")), {"cid-missing"}),
    "a picture that nobody shows": (
        mail(multipart("alternative", "b", PLAIN + "a", related(HTML + "<p>cid:logo@x", LOGO))), {"cid-unused"}),
}  # fmt: skip

LISTS = {
    "mailto": (mail(before="List-Unsubscribe: <mailto:u@example.com>\r\n"), set()),
    "one click": (mail(before=LEAVE + CLICK + SIGNED), set()),
    "one click, unsigned": (mail(before=LEAVE + CLICK), {"one-click-dkim"}),
    "one click, signed without": (mail(before=LEAVE + CLICK + "DKIM-Signature: v=1; h=from; b=x\r\n"),
        {"one-click-dkim"}),
    "no one click": (mail(before=LEAVE), {"one-click-missing"}),
    "one click by http": (mail(before="List-Unsubscribe: <http://x.org/>\r\n" + CLICK + SIGNED),
        {"one-click-https", "list-unsubscribe-scheme"}),
    "another click": (mail(before=LEAVE + "List-Unsubscribe-Post: yes\r\n" + SIGNED), {"list-unsubscribe-post"}),
    "no brackets": (mail(before="List-Unsubscribe: https://example.com/u\r\n"), {"list-unsubscribe-malformed"}),
    "no scheme": (mail(before="List-Unsubscribe: <example.com/u>\r\n"), {"list-unsubscribe-malformed"}),
    "folded within": (mail(before="List-Unsubscribe: (a) <mailto:a@b>,\r\n <mailto:c@d?subject=\r\n x>\r\n"), set()),
}  # fmt: skip

TABLE = [
    pytest.param(raw, codes, id=name)
    for table in (HEADERS, ADDRESSES, PARTS, BODIES, LISTS)
    for name, (raw, codes) in table.items()
]


@pytest.mark.parametrize(("raw", "codes"), TABLE)
def test_what_is_odd_is_told_and_nothing_else(raw: bytes, codes: set[str]) -> None:
    assert codes_of(raw) == codes


def test_nesting_beyond_what_servers_take_is_told() -> None:
    body = PLAIN + "a"
    for depth in range(12):
        body = multipart("mixed", f"b{depth}", body)

    assert codes_of(mail(body)) == {"deeply-nested"}


def test_many_parts_alike_make_one_sentence() -> None:
    parts = [f"Content-Type: a/b; name=a/{n}\r\n\r\na" for n in range(50)]
    (one,) = found_in(mail(multipart("mixed", "b", PLAIN + "a", *parts)))

    assert one.text.startswith("The file name of parts 2, 3, 4 and 47 more is a path;")


def test_the_words_of_a_mail_are_shown_without_what_does_not_print() -> None:
    (one,) = found_in(mail(to="a\u202eb", subject="=?utf-8?q?x?="))[1:]

    assert (one.code, one.text) == ("address-malformed", "There is no address in 'a?b' of To.")


def test_a_defect_comes_before_a_warning_and_a_note_last() -> None:
    found = found_in(head("x", subject="x" * 90).encode() + HTML.encode() + b"<p>a\nb\r\n")

    assert [one.severity for one in found] == ["defect", "warning", "note"]


def test_every_sentence_names_the_section_behind_it() -> None:
    (one,) = found_in(mail(date=None))

    assert (one.rfc, one.url) == ("RFC 5322, 3.6.1", "https://www.rfc-editor.org/rfc/rfc5322#section-3.6.1")
