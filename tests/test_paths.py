"""Arguments of MAIL and RCPT as real apps write them."""

import pytest

from mailsluice.smtp.paths import parse_path


@pytest.mark.parametrize(
    ("argument", "address", "parameters"),
    [
        ("FROM:<a@b.example>", "a@b.example", ()),
        ("from: <a@b.example> SIZE=12 BODY=8BITMIME", "a@b.example", ("SIZE=12", "BODY=8BITMIME")),
        ("FROM:<>", "", ()),
        ("FROM:<> RET=HDRS ENVID=x AUTH=<>", "", ("RET=HDRS", "ENVID=x", "AUTH=<>")),
        ('FROM:<"a b>c"@d.example>', '"a b>c"@d.example', ()),
        ("FROM:<postmaster>", "postmaster", ()),
        ("FROM:<用户@例え.jp> SMTPUTF8", "用户@例え.jp", ("SMTPUTF8",)),
        ("FROM:<a@[IPv6:::1]>", "a@[IPv6:::1]", ()),
        ("FROM : <a@b.example>", "a@b.example", ()),
    ],
)
def test_an_address_and_its_parameters_are_read(argument: str, address: str, parameters: tuple[str, ...]) -> None:
    path = parse_path(argument, keyword="FROM")
    assert path is not None
    assert (path.address, path.parameters, path.oddities) == (address, parameters, ())


def test_a_source_route_is_left_out_and_noted() -> None:
    path = parse_path("TO:<@relay.example,@two.example:a@b.example>", keyword="TO")
    assert path is not None
    assert path.address == "a@b.example"
    assert "route" in path.oddities[0]


def test_an_address_without_brackets_is_taken_and_noted() -> None:
    path = parse_path("TO:a@b.example NOTIFY=NEVER", keyword="TO")
    assert path is not None
    assert path.address == "a@b.example"
    assert path.parameters == ("NOTIFY=NEVER",)
    assert path.oddities


@pytest.mark.parametrize("argument", ["", "FROM:", "<a@b>", "TO:<a@b>", "FROM:<a@b", "FROM:<a\rb@c>", "FROM:<a\0@c>"])
def test_what_is_no_sender_is_refused(argument: str) -> None:
    assert parse_path(argument, keyword="FROM") is None
