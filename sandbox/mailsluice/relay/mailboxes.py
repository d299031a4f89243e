"""Recipients as people type them: one address, perhaps with a name."""

import re
from typing import Final

from mailsluice.errors import Refusal
from mailsluice.message import parse_addresses
from mailsluice.relay.fields import is_address

_WITH_AT: Final = re.compile(r"""(?:"[^"]*+"|[^\s"@]++)?+@[^\s,;]*+""")


def without_addresses(text: str) -> str:
    """A sentence fit for a log: what may be an address is left out."""
    return _WITH_AT.sub("…@…", text)


def parse_mailbox(text: str, *, field: str = "to") -> str:
    """The address in `ada@example.com` or `Ada <ada@example.com>`, its domain in ASCII; Refusal if there is none."""
    text = text.strip()
    found = parse_addresses(text) if text.isprintable() else ()
    if len(found) != 1 or not is_address(found[0].address):
        raise Refusal(f"{_shown(text)} is not one address such as you@example.com.", field=field)
    local, _, domain = found[0].address.rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise Refusal(f"{_shown(text)} has a domain that cannot exist.", field=field) from error


def _shown(text: str) -> str:
    return repr(text if len(text) <= 100 else f"{text[:100]}…")
