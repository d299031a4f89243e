"""What will change, be refused or look wrong if this is released, said before anything is dialled."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from mailsluice.gmail.display import display_findings
from mailsluice.gmail.limits import RECIPIENTS, SIZE
from mailsluice.gmail.placeholders import is_unfilled
from mailsluice.gmail.replies import is_google
from mailsluice.message.addresses import Address, parse_addresses
from mailsluice.message.charsets import decode_loose
from mailsluice.message.parse import Message, parse
from mailsluice.relay.changes import change_findings
from mailsluice.relay.fields import is_address
from mailsluice.relay.files import file_findings
from mailsluice.relay.policy import refusal_for
from mailsluice.relay.profile import Profile
from mailsluice.relay.rewrite import Rewritten
from mailsluice.release import Finding, Quota, Severity

_ORDER: Final[dict[Severity, int]] = {"stop": 0, "doubt": 1, "warning": 2, "change": 3, "note": 4}
_GOOGLE: Final = ("gmail", "workspace")
_SHORT: Final = 5  # less than a fifth of a day's quota is worth a line of its own
_SHOWN: Final = 200


def inspect(rewritten: Rewritten, *, profile: Profile, recipients: Sequence[str], quota: Quota) -> tuple[Finding, ...]:
    """All there is to say about sending these bytes through this profile to these recipients; never raises.

    In the order stop, doubt, warning, change, note.
    """
    recipients = tuple(dict.fromkeys(recipients))
    message = parse(rewritten.raw)
    authors = _authors(message)
    findings = [
        *_obstacles(rewritten, profile, recipients),
        *file_findings(rewritten.raw),
        *display_findings(message, authors=authors),
        *_over_quota(quota, recipients),
        *_from_rewritten(message, authors, profile),
        *change_findings(rewritten, is_gmail=_is_gmail(profile)),
        *_notes(profile, recipients, quota),
    ]
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.severity]))


def _authors(message: Message) -> tuple[Address, ...]:
    raw = next((header.raw for header in message.headers if header.name.lower() == "from"), b"")
    found = parse_addresses(decode_loose(raw))
    return tuple(author for author in found if author.address)


def _obstacles(rewritten: Rewritten, profile: Profile, recipients: Sequence[str]) -> Iterator[Finding]:
    if not profile.enabled:
        yield Finding(
            "profile-disabled", "stop", f"The profile {profile.name} is switched off.", remedy="Switch it on to send."
        )
    size = len(rewritten.raw)
    if _is_gmail(profile) and size > SIZE:
        yield Finding(
            "too-large",
            "stop",
            f"The message has {size:,} bytes as it is sent; Gmail takes {SIZE:,}.",
            remedy="Attach less (25 MB before encoding is the most), or send a link to the files.",
            link="https://support.google.com/mail/?p=MaxSizeError",
        )
    if not recipients:
        yield Finding("no-recipients", "stop", "Nobody is named to get it.", remedy="Name at least one recipient.")
    if len(recipients) > RECIPIENTS:
        yield Finding(
            "too-many-recipients",
            "stop",
            f"There are {len(recipients):,} recipients; one message goes to {RECIPIENTS} at most.",
            remedy="Release it several times, to some of them each time.",
        )
    able = msgspec.structs.replace(profile, enabled=True)
    yield from (stop for address in recipients[: 2 * RECIPIENTS] if (stop := _recipient_stop(able, address)))


def _recipient_stop(profile: Profile, address: str) -> Finding | None:
    shown = _shown(address)
    if is_unfilled(address):
        text = f"{shown} is a placeholder that was not filled in, no address."
        return Finding("unfilled-address", "stop", text, remedy="Enter the address itself.", address=address)
    if refusal := refusal_for(profile, address):
        code = "not-allowed" if is_address(address) else "bad-address"
        text = refusal.reason if code == "not-allowed" else f"{shown or 'An empty line'} is no address."
        remedy = "" if code == "not-allowed" else "Enter one bare address, such as name@example.com."
        return Finding(code, "stop", text, remedy=remedy, link=refusal.link, address=address)
    return None


def _shown(text: str) -> str:
    """A stranger's words, fit to be shown."""
    text = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _over_quota(quota: Quota, recipients: Sequence[str]) -> Iterator[Finding]:
    if quota.left is not None and len(recipients) > quota.left:
        yield Finding(
            "over-quota",
            "warning",
            f"Of the {quota.limit:,} a day that this profile may mail, {quota.left:,} are left; this release waits "
            "until enough of the others are a day old.",
            remedy="Release it to fewer recipients, or through another profile.",
        )


def _from_rewritten(message: Message, authors: Sequence[Address], profile: Profile) -> Iterator[Finding]:
    """GMAIL.md's table of From: an address that is not verified becomes the account's, its name stays."""
    if not _is_gmail(profile) or _is_relay_service(profile) or not authors:
        return
    if len(authors) == 1 and authors[0].address in profile.identities:
        return
    sender = profile.address
    if len(authors) == 1 and authors[0].name:
        sender = f"{_shown(authors[0].name)} <{profile.address}>"
    first = _shown(authors[0].address)
    case = ", and a capital letter is enough of a difference" if first.lower() in _lower(profile.identities) else ""
    is_from = f"From is {first}" if len(authors) == 1 else f"From names {len(authors):,} addresses"
    replies = "" if message.reply_to else " To get answers there, let the app's From become the Reply-To."
    yield Finding(
        "from-rewritten",
        "change",
        f"Recipients will see {sender}: {is_from}, which is not one of the profile's addresses{case}. "
        "A field X-Google-Original-From shows them the old one.",
        remedy=f"If this account may write as {first}, add it to the profile's aliases.{replies}",
    )


def _notes(profile: Profile, recipients: Sequence[str], quota: Quota) -> Iterator[Finding]:
    nobody_else = msgspec.structs.replace(profile, allow=(), enabled=True)
    if any(refusal_for(nobody_else, one) is None or one.lower() == profile.address.lower() for one in recipients):
        yield Finding(
            "self-send",
            "note",
            "This goes to the account that sends it, which is not a fair test of the inbox: it may be marked as read, "
            "join the sent copy, and tells nothing about spam filters.",
            remedy="To see where it lands, send it to another account.",
        )
    if quota.left is not None:
        yield Finding(
            "quota",
            "note",
            f"Recipients mailed within 24 hours: {quota.used:,} of {quota.limit:,}, {quota.left:,} left.",
            is_constant=quota.left * _SHORT > quota.limit,
        )
    server = "Gmail" if _is_gmail(profile) else profile.host
    yield Finding(
        "accepted-is-not-delivered",
        "note",
        f"When {server} answers 250 it has accepted the mail; if a recipient does not exist, that comes back later as "
        f"a mail to {profile.address}.",
        is_constant=True,
    )


def _is_gmail(profile: Profile) -> bool:
    return is_google(profile.host) or profile.preset in _GOOGLE


def _is_relay_service(profile: Profile) -> bool:
    """Whether this is Google's relay service for domains: it leaves From alone."""
    return profile.preset == "workspace-relay" or profile.host.lower().startswith("smtp-relay.")


def _lower(addresses: Sequence[str]) -> set[str]:
    return {address.lower() for address in addresses}
