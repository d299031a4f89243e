"""Reads the arguments of MAIL and RCPT as tolerantly as real apps need (RFC 5321 section 4.1.2)."""

import re
from typing import Final, NamedTuple

# The usual form; quotes, routes and missing brackets take the slow way.
_USUAL: Final = re.compile(
    r'(?P<keyword>FROM|TO):\s*<(?P<address>[^<>"\\\s@:,]*(?:@[^<>"\\\s@,]*)?)>(?:\s+(?P<rest>.*))?', re.I
)
_KEYWORD: Final = re.compile(r"(?P<keyword>FROM|TO)\s*:\s*", re.I)
_BRACKETED: Final = re.compile(r'<((?:[^<>"\\]|\\.|"(?:[^"\\]|\\.)*")*)>(?:\s*(.*))?', re.S)
_ROUTE: Final = re.compile(r"@[^:\s<>]+:(?=.*@)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_WHITE_SPACE: Final = re.compile(r"\s")
_SHOWN: Final = 100


class MailPath(NamedTuple):
    """An address (empty for the null sender), its ESMTP parameters as written, and what was odd about it."""

    address: str
    parameters: tuple[str, ...]
    oddities: tuple[str, ...] = ()


def parse_path(argument: str, *, keyword: str) -> MailPath | None:
    """Read `FROM:<address> PARAMETER=VALUE …`; None if no address can be made out."""
    usual = _USUAL.fullmatch(argument)
    if usual and usual["keyword"].upper() == keyword and not _CONTROL.search(argument):
        return MailPath(usual["address"], tuple((usual["rest"] or "").split()))
    start = _KEYWORD.match(argument)
    if not start or start["keyword"].upper() != keyword or _CONTROL.search(argument):
        return None
    return _parse_odd(argument[start.end() :].strip())


def _parse_odd(text: str) -> MailPath | None:
    oddities: list[str] = []
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed:
        address, rest = bracketed[1].strip(), bracketed[2] or ""
    elif text.startswith("<") or not text:
        return None
    else:
        oddities.append("the address stands without < and >")
        address, _, rest = text.partition(" ")
    route = _ROUTE.match(address)
    if route:
        oddities.append(f"the source route {route[0][:_SHOWN]} was left out")
        address = address[route.end() :]
    return MailPath(address, tuple(rest.split()), tuple(oddities))


_KNOWN: Final = {"MAIL": {"SIZE", "BODY", "SMTPUTF8", "AUTH"}, "RCPT": set[str]()}
_NOTIFICATIONS: Final = {"RET", "ENVID", "NOTIFY", "ORCPT"}


def oddities_of(path: MailPath, verb: str, *, extended: bool, unicode_announced: bool) -> list[str]:
    """What is unusual about an address and its parameters, in words for the developer of the sending app."""
    oddities = []
    if not path.address:
        oddities.append("the sender is null (<>), as only that of a bounce should be")
    elif "@" not in path.address:
        oddities.append(f"the address {path.address[:_SHOWN]} in {verb} has no domain")
    if '"' in path.address:
        oddities.append(f"the address {path.address[:_SHOWN]} is quoted; other servers refuse some of these")
    elif _WHITE_SPACE.search(path.address):
        oddities.append(f"there is white space in the address {path.address[:_SHOWN]}")
    if not unicode_announced and not path.address.isascii():
        oddities.append("an address outside ASCII was sent without SMTPUTF8; many servers refuse that")
    if path.parameters and not extended:
        oddities.append(f"{verb} had parameters, though the client had not said EHLO")
    for parameter in path.parameters:
        name, _, value = parameter.upper().partition("=")
        if name in _NOTIFICATIONS:
            oddities.append(f"{name} asks for delivery notifications, which this server does not offer")
        elif name not in _KNOWN[verb]:
            oddities.append(f"the parameter {name[:_SHOWN]} of {verb} is not known here")
        elif name == "AUTH":
            oddities.append("AUTH in MAIL names the author of the message; it is kept and has no effect")
        elif name == "BODY" and value not in {"7BIT", "8BITMIME"}:
            oddities.append(f"BODY={value[:_SHOWN]} was not offered")
    return oddities
