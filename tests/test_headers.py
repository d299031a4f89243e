import pytest

from mailsluice.message import Bounds, parse, split_message, summarize
from mailsluice.message.charsets import codec_name
from mailsluice.message.parameters import structured


def value(raw: bytes) -> str:
    """The decoded value of a message's only field."""
    ((header,), _) = split_message(b"X: " + raw + b"\r\n\r\n")
    return header.value


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"], ids=["crlf", "lf", "cr"])
def test_a_header_ends_at_the_empty_line_whatever_the_line_ends(end: bytes) -> None:
    raw = end.join([b"From: a@b", b"Subject: x", b"", b"body", b""])

    headers, body = split_message(raw)

    assert ([header.name for header in headers], raw[body:]) == (["From", "Subject"], b"body" + end)


def test_folded_values_are_unfolded() -> None:
    assert value(b"one\r\n two\r\n\tthree") == "one two three"


def test_adjacent_encoded_words_lose_the_space_between_them() -> None:
    assert value(b"=?utf-8?q?a?= =?utf-8?q?b?= c") == "ab c"


def test_a_character_split_over_two_encoded_words_is_whole_again() -> None:
    assert value(b"=?utf-8?q?gr=C3?=\r\n =?utf-8?q?=BC=C3?= =?utf-8?b?nw==?=") == "grüß"


def test_base64_cut_in_the_middle_of_a_quantum_goes_on_in_the_next_word() -> None:
    assert value(b"=?utf-8?b?w4?= =?utf-8?b?PDvA==?=") == "Ãü"


def test_a_word_may_name_its_language() -> None:
    assert value(b"=?iso-8859-1*de?q?gr=FC=DFe?=") == "grüße"


def test_raw_utf8_is_read_as_such() -> None:
    assert value("grüße 🎉".encode()) == "grüße 🎉"


def test_raw_latin1_is_read_as_such() -> None:
    assert value("grüße".encode("latin-1")) == "grüße"


def test_encoded_line_ends_and_nul_do_not_get_into_a_value() -> None:
    assert not set(value(b"=?utf-8?q?a=0D=0ABcc:_v=00?=")) & set("\r\n\0")


def test_a_broken_word_stays_readable_and_is_a_defect() -> None:
    message = parse(b"Subject: =?x-unknown?q?abc?= and =?utf-8?q?more\r\n\r\n")

    assert message.subject == "abc and =?utf-8?q?more"
    assert "The Subject field holds encoded words that could not be decoded as they say." in message.defects


def test_a_space_before_the_colon_is_forgiven() -> None:
    assert parse(b"Subject : spaced\r\n\r\n").subject == "spaced"


def test_a_line_without_a_colon_is_a_defect_and_skipped() -> None:
    message = parse(b"Subject: x\r\nno field\r\nTo: a@b\r\n\r\nbody")

    assert [header.name for header in message.headers] == ["Subject", "To"]
    assert any("'no field'" in defect for defect in message.defects)


def test_the_from_line_of_a_mailbox_file_is_a_defect_and_skipped() -> None:
    message = parse(b"From a@b Fri Nov 20 10:00:00 2026\r\nSubject: x\r\n\r\nbody")

    assert (message.subject, message.text) == ("x", "body")
    assert any("mailbox file" in defect for defect in message.defects)


def test_text_without_any_header_is_all_body() -> None:
    assert parse(b"this is not a header\r\n\r\nbody").text == "this is not a header\n\nbody"


def test_a_message_may_begin_with_its_empty_line() -> None:
    assert parse(b"\r\njust a body").text == "just a body"


def test_a_carriage_return_within_a_field_makes_no_new_field() -> None:
    message = parse(b"Subject: x\rBcc: victim@example.org\r\nTo: a@b\r\n\r\n")

    assert (message.subject, message.bcc) == ("x Bcc: victim@example.org", ())
    assert any("carriage return" in defect for defect in message.defects)


def test_a_repeated_field_is_a_defect_and_the_first_counts() -> None:
    message = parse(b"Subject: one\r\nSubject: two\r\n\r\n")

    assert (message.subject, message.defects) == ("one", ("There are 2 Subject fields.",))


def test_repeated_to_fields_all_count() -> None:
    message = parse(b"To: a@x.org\r\nTo: b@x.org\r\n\r\n")

    assert [address.address for address in message.to] == ["a@x.org", "b@x.org"]


def test_too_many_fields_are_a_defect() -> None:
    message = parse(b"Subject: x\r\n" + b"X-H: 1\r\n" * 20_000 + b"\r\nbody")

    assert (len(message.headers), message.text) == (10_000, "body")
    assert "The header has 20,001 fields; only the first 10,000 were read." in message.defects


def test_a_header_of_megabytes_is_read_in_part() -> None:
    message = parse(b"Subject: x\r\nX-Huge: " + b"x" * 4_000_000 + b"\r\n\r\nbody")

    assert (message.subject, message.text) == ("x", "body")
    assert "The header is longer than 1,048,576 bytes; the rest of it was not read." in message.defects


def test_continued_and_encoded_parameters_are_joined() -> None:
    raw = b"attachment; filename*0*=utf-8''%E2%82%AC%20; filename*1*=r%C3%A4tes; filename*2=.txt; filename=fallback.txt"

    assert structured(raw).parameters["filename"] == "€ rätes.txt"


def test_a_parameter_in_another_charset_is_decoded() -> None:
    assert structured(b"attachment; filename*=iso-8859-1'de'gr%FC%DFe.txt").parameters["filename"] == "grüße.txt"


def test_encoded_words_in_file_names_are_decoded_though_no_standard_allows_them() -> None:
    assert structured(b'attachment; filename="=?utf-8?q?gr=C3=BC=C3=9Fe.txt?="').parameters["filename"] == "grüße.txt"


def test_an_unquoted_file_name_may_hold_spaces() -> None:
    assert structured(b"attachment; filename=my file.txt; size=3").parameters["filename"] == "my file.txt"


def test_a_quoted_parameter_may_hold_semicolons_and_escapes() -> None:
    assert structured(b'a/b; name="x;\\"y\\".txt"').parameters["name"] == 'x;"y".txt'


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("ks_c_5601-1987", "cp949"),
        ("windows-31j", "cp932"),
        ("iso-8859-8-i", "iso8859_8"),
        ("unicode-1-1-utf-7", "utf_7"),
        ("x-mac-roman", "mac_roman"),
        ("cp874", "cp874"),
        ("ISO-8859-1", "cp1252"),
        ("utf-8'; drop", "utf_8"),
        ("viscii", ""),
    ],
)
def test_charsets_go_by_the_names_that_mail_uses(charset: str, codec: str) -> None:
    assert codec_name(charset) == codec


@pytest.mark.parametrize(
    "name", ["zlib", "bz2", "hex", "uu", "quopri", "base64", "rot13", "idna", "punycode", "unicode_escape", "undefined"]
)
def test_codecs_that_are_no_charsets_never_run(name: str) -> None:
    assert codec_name(name) == ""


def test_bounds_say_how_much_of_a_header_is_interpreted() -> None:
    raw = b"Subject: x\r\n" + b"A: b\r\n" * 10 + b"From: a@example.com\r\n\r\nbody"
    assert parse(raw, bounds=Bounds(fields=3)).sender.address == ""
    assert parse(raw, bounds=Bounds(size=20)).sender.address == ""
    assert parse(raw, bounds=Bounds(size=20)).text == "body"
    assert summarize(raw, bounds=Bounds(fields=12)).sender.address == "a@example.com"
