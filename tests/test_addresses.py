import time

import pytest

from mailsluice.message import Address, parse_addresses


def test_a_bare_address_has_no_name() -> None:
    assert parse_addresses("ada@example.com") == (Address("", "ada@example.com"),)


def test_a_name_stands_before_the_brackets() -> None:
    assert parse_addresses("Ada Lovelace <ada@example.com>") == (Address("Ada Lovelace", "ada@example.com"),)


def test_a_quoted_name_may_hold_commas() -> None:
    found = parse_addresses('"Lovelace, Ada" <ada@example.com>, bob@example.org')

    assert found == (Address("Lovelace, Ada", "ada@example.com"), Address("", "bob@example.org"))


def test_a_quoted_name_may_hold_escaped_quotes() -> None:
    assert parse_addresses(r'"Ada \"the\" First" <a@x.org>') == (Address('Ada "the" First', "a@x.org"),)


def test_encoded_words_in_a_name_are_decoded_after_the_list_is_split() -> None:
    assert parse_addresses("=?utf-8?q?L=2C_Ad=C3=A4?= <a@x.org>") == (Address("L, Adä", "a@x.org"),)


def test_a_comment_after_a_bare_address_is_its_name() -> None:
    assert parse_addresses("ada@example.com (Ada)") == (Address("Ada", "ada@example.com"),)


def test_comments_within_an_address_are_left_out_of_it() -> None:
    assert parse_addresses("(c) a (d) @ (e) b")[0].address == "a@b"


def test_a_group_is_flattened() -> None:
    found = parse_addresses("Group: a@x.org, Bob <b@y.org>;, c@z.org")

    assert [address.address for address in found] == ["a@x.org", "b@y.org", "c@z.org"]


def test_an_empty_group_has_no_addresses() -> None:
    assert parse_addresses("undisclosed-recipients:;") == ()


def test_a_source_route_is_left_out() -> None:
    assert parse_addresses("<@relay.example,@other.example:ada@example.com>") == (Address("", "ada@example.com"),)


@pytest.mark.parametrize("local", ["<script>", "a, b", "a>b", r"a\"b"])
def test_a_quoted_local_part_in_brackets_may_hold_anything(local: str) -> None:
    found = parse_addresses(f'"Ada" <"{local}"@evil.example>, b@y.org')
    assert found == (Address("Ada", f'"{local}"@evil.example'), Address("", "b@y.org"))


def test_a_domain_literal_is_an_address() -> None:
    assert parse_addresses("a@[IPv6:::1]") == (Address("", "a@[IPv6:::1]"),)


def test_a_quoted_local_part_is_an_address() -> None:
    assert parse_addresses('"a b"@c') == (Address("", '"a b"@c'),)


def test_a_local_part_beyond_ascii_is_an_address() -> None:
    assert parse_addresses("用户 <用户@例え.jp>") == (Address("用户", "用户@例え.jp"),)


def test_a_missing_closing_bracket_is_forgiven() -> None:
    found = parse_addresses("Ada <ada@example.com, Bob <bob@example.org>")

    assert found == (Address("Ada", "ada@example.com"), Address("Bob", "bob@example.org"))


def test_doubled_brackets_are_forgiven() -> None:
    assert parse_addresses("Display <<a@b>>") == (Address("Display", "a@b"),)


def test_single_quotes_around_an_address_are_left_out() -> None:
    assert parse_addresses("'a@b'") == (Address("", "a@b"),)


def test_semicolons_part_addresses_too() -> None:
    assert [address.address for address in parse_addresses("a@x.org; b@x.org")] == ["a@x.org", "b@x.org"]


def test_what_is_no_address_is_kept_as_the_name() -> None:
    assert parse_addresses("a b c") == (Address("a b c", ""),)


def test_two_at_signs_make_no_address() -> None:
    assert parse_addresses("a@b@c") == (Address("a@b@c", ""),)


def test_an_encoded_at_sign_makes_no_address() -> None:
    assert parse_addresses("=?utf-8?q?a=40b?=") == (Address("a@b", ""),)


def test_stray_commas_are_no_addresses() -> None:
    assert parse_addresses(" , ,, ") == ()


def test_control_characters_do_not_get_into_names() -> None:
    (address,) = parse_addresses("=?utf-8?q?a=0D=0ABcc:_b=00?= <a@b.c>")

    assert not set(address.name) & set("\r\n\0")


def test_thousands_of_recipients_are_all_read() -> None:
    found = parse_addresses(", ".join(f'"User, {n}" <u{n}@example.org>' for n in range(5000)))

    assert (len(found), found[4999]) == (5000, Address("User, 4999", "u4999@example.org"))


def test_an_endless_list_is_bounded() -> None:
    assert len(parse_addresses("a@b," * 50_000)) == 10_000


@pytest.mark.parametrize("piece", ['<"', '<"a"@', '<"\\', '<"a" ', '<\t"a"\t@'])
def test_brackets_and_quotes_without_end_take_linear_time(piece: str) -> None:
    began = time.process_time()
    parse_addresses(piece * 50_000)
    assert time.process_time() - began < 2
