"""Who shall get a release: what was typed, what went before, or the account itself."""

from collections.abc import Sequence

from mailsluice.errors import Refusal
from mailsluice.message.addresses import parse_addresses
from mailsluice.relay.fields import is_address
from mailsluice.relay.mailboxes import parse_mailbox
from mailsluice.relay.profile import Profile


def typed_recipients(texts: Sequence[str]) -> tuple[str, ...]:
    """The addresses in what was typed; what is none stays as it is, for the preflight to name."""
    found: list[str] = []
    for text in texts:
        text = " ".join(text.split())
        people = parse_addresses(text.replace(";", ",")) if text.isprintable() else ()
        if people and all(is_address(one.address) for one in people):
            found += [one.address for one in people]
        elif text:
            found.append(text[:320])
    return tuple(dict.fromkeys(_in_ascii(one) for one in found))


def _in_ascii(address: str) -> str:
    try:
        return parse_mailbox(address)
    except Refusal:
        return address


def own_address(profile: Profile) -> str:
    """The account's own address, for mail to oneself."""
    return profile.user if is_address(profile.user) else profile.address
