"""What is odd about the addresses in a header (RFC 5322 sections 3.4 and 3.6.2)."""

from collections.abc import Iterator, Sequence
from typing import Final

from mailsluice.message.addresses import Address, parse_addresses
from mailsluice.message.charsets import decode_loose
from mailsluice.message.headers import unfold
from mailsluice.message.oddities.rules import Fields, Noted, listed, proper, shown
from mailsluice.message.parse import Message

_READ: Final = 4096


def address_oddities(named: Fields, message: Message) -> Iterator[Noted]:
    """Addresses that are none, and what From, Sender and Reply-To say of one another."""
    found: dict[bytes, Sequence[Address]] = {
        b"from": _addresses(named.get(b"from", ())),
        b"sender": _addresses(named.get(b"sender", ())),
        b"reply-to": message.reply_to,
        b"to": message.to,
        b"cc": message.cc,
        b"bcc": message.bcc,
    }
    encoded: dict[str, None] = {}
    for name, addresses in found.items():
        bad = [one for one in addresses if not one.address and one.name]
        hidden = [one for one in bad if "@" in one.name] if any(b"=?" in value for value in named.get(name, ())) else []
        if hidden or any("=?" in one.address for one in addresses):
            encoded[proper(name)] = None
            bad = [one for one in bad if one not in hidden]
        if bad:
            more = f" and {len(bad) - 1:,} more" if len(bad) > 1 else ""
            text = f"There is no address in '{shown(bad[0].name)}'{more} of {proper(name)}."
            yield Noted("address-malformed", text)
    if encoded:
        yield Noted("address-encoded", f"An address in {listed(list(encoded))} is an encoded word; only names may be.")
    yield from _authors(found[b"from"], found[b"sender"], found[b"reply-to"])


def _authors(authors: Sequence[Address], senders: Sequence[Address], answers: Sequence[Address]) -> Iterator[Noted]:
    wrote = [one.address for one in authors if one.address]
    if len(wrote) > 1 and not senders:
        yield Noted("several-from", f"From names {len(wrote):,} addresses, but no Sender says which of them sent it.")
    if len(senders) > 1:
        yield Noted("several-sender", f"Sender names {len(senders):,} addresses; it must be one.")
    elif senders and wrote == [senders[0].address]:
        yield Noted("sender-repeats-from", "Sender repeats what From says, and should be left out.")
    elsewhere = [one.address for one in answers if one.address and one.address not in wrote]
    if wrote and elsewhere:
        names = listed([shown(address) for address in elsewhere])
        yield Noted("reply-to-differs", f"Answers go to {names}, not to {shown(wrote[0])}.")


def _addresses(values: Sequence[bytes]) -> Sequence[Address]:
    """The addresses of a field of which there should be one, as far as a person would read them."""
    value = unfold(b"".join(values[:1])[: 2 * _READ])
    if len(value) > _READ:
        value = value[:_READ].rpartition(b",")[0]
    return parse_addresses(decode_loose(value))
