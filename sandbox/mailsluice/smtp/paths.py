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
        oddities.append(f"the source route {route[0]} was left out")
        address = address[route.end() :]
    return MailPath(address, tuple(rest.split()), tuple(oddities))
