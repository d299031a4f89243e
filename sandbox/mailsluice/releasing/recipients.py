"""Who shall get a release: what was typed, what went before, or the account itself."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from mailsluice.errors import Refusal
from mailsluice.message.addresses import Address, parse_addresses
from mailsluice.relay.fields import is_address
from mailsluice.relay.mailboxes import parse_mailbox
from mailsluice.relay.profile import Profile

_BETWEEN: Final = re.compile(r"[\s,;]+")
_LONGEST: Final = 320


def typed_recipients(texts: Sequence[str]) -> tuple[str, ...]:
    """The addresses in what was typed; what is none stays as it is, for the preflight to name."""
    return distinct(one for text in texts for one in _read(text))


def captured_recipients(addresses: Iterable[str]) -> tuple[str, ...]:
    """Those of a captured envelope, each as one address; what is none stays as it is, for the preflight to name."""
    return distinct(map(_in_ascii, addresses))


def distinct(addresses: Iterable[str]) -> tuple[str, ...]:
    """Each of them once, as it was written first; domains are the same in any case."""
    found: dict[str, str] = {}
    for one in addresses:
        found.setdefault(address_key(one), one)
    return tuple(found.values())


def address_key(address: str) -> str:
    """The same text for addresses of one mailbox."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def own_address(profile: Profile) -> str:
    """The account's own address, for mail to oneself."""
    return profile.user if is_address(profile.user) else profile.address


def _read(text: str) -> list[str]:
    """The addresses in one text: bare ones with spaces or commas between them, else as each line or all of it says."""
    bare = [piece for piece in _BETWEEN.split(text) if piece]
    if all(map(is_address, bare)):
        return [*map(_in_ascii, bare)]
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    by_line, text = [_listed(line) for line in lines], " ".join(text.split())
    if len(lines) > 1 and all(by_line):
        return [one for found in by_line for one in found]
    if found := _listed(text):
        return found
    if len(lines) > 1:
        return [one for line in lines for one in _read(line)]
    return [text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"]


def _listed(text: str) -> list[str]:
    """Addresses with or without names, as in a header; none if one of them cannot be read."""
    people = parse_addresses(text.replace(";", ",")) if text.isprintable() else ()
    return [_in_ascii(one.address) for one in people] if all(map(_is_whole, people)) else []


def _is_whole(person: Address) -> bool:
    """Whether it is an address, and its name hides no other one."""
    words = {word.strip("'\"(),<>").lower() for word in person.name.split()}
    return is_address(person.address) and not any(is_address(word) for word in words - {person.address.lower()})


def _in_ascii(address: str) -> str:
    try:
        return parse_mailbox(address)
    except Refusal:
        return address
