"""The test mail: written in a form, sent once, and answered with the smarthost's own words."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.errors import Refusal, StoreError
from mailsluice.message.addresses import parse_addresses
from mailsluice.relay.policy import refusal_for
from mailsluice.relay.profile import Profile
from mailsluice_web.pages.cards import Card, card_of, profile_of, sandbox_of
from mailsluice_web.rendering import render

if TYPE_CHECKING:
    from mailsluice.relay.delivery import Delivery
    from mailsluice.relay.testmail import Attachment

SUBJECT: Final = "Test Email"
TEXT: Final = "This is a test mail. It shows that this profile can send."
ATTACHMENT_LIMIT: Final = 10 << 20
"""Bytes of all attachments of a test mail."""

_FIELDS: Final = frozenset({"sender", "to", "cc", "subject", "text", "attachments"})
_TEXTS: Final = ("sender", "to", "cc", "subject", "text")
_RECIPIENTS: Final = 100
_FILES: Final = 20
_HEADLINES: Final = {
    "delivered": ("good", "Accepted by {host}"),
    "partly": ("bad", "Accepted for some recipients only"),
    "refused": ("bad", "Refused by {host}"),
    "failed": ("bad", "Not sent"),
    "deferred": ("bad", "Not now"),
    "unknown": ("bad", "Nobody can say whether it was sent"),
}
_GMAIL: Final = frozenset({"gmail", "workspace"})


class Mail(msgspec.Struct, frozen=True):
    """What stands in the fields, and our no to it."""

    values: Mapping[str, str]
    refusal: Refusal | None = None
    fields: frozenset[str] = _FIELDS


class Outcome(msgspec.Struct, frozen=True):
    """A delivery as the page tells it."""

    delivery: "Delivery"
    tone: str
    headline: str
    note: str


def blank_mail(profile: Profile) -> Mail:
    """The form before anything is typed: one click sends to the account itself."""
    return Mail({"sender": _first(profile), "to": _own_address(profile), "cc": "", "subject": SUBJECT, "text": TEXT})


def identities(profile: Profile) -> list[tuple[str, str]]:
    """The addresses that it may write from, as options."""
    name = profile.sender_name
    return [(address, f"{name} <{address}>" if name else address) for address in profile.identities]


async def send(request: Request) -> Response:
    """Send the test mail to whom the profile may write, and show the answer line."""
    card = await card_of(request, await profile_of(request))
    async with request.form(max_files=_FILES, max_fields=50) as form:
        mail = Mail({name: str(form.get(name, "")) for name in _TEXTS})
        try:
            if card.hindrance:
                raise Refusal(card.hindrance)
            outcome = await _deliver(request, card.profile, mail, await _attachments(form))
        except Refusal as refusal:
            return _show(request, card, msgspec.structs.replace(mail, refusal=refusal), None, status=422)
    return _show(request, card, mail, outcome)


async def _deliver(request: Request, profile: Profile, mail: Mail, attachments: "list[Attachment]") -> Outcome:
    from mailsluice.relay.delivery import deliver  # loads the SMTP client and TLS, with the first mail only
    from mailsluice.relay.ourselves import avoiding
    from mailsluice.relay.targets import resolve
    from mailsluice.relay.testmail import build_test_mail

    values = mail.values
    to, cc = _recipients(profile, values["to"], "to"), _recipients(profile, values["cc"], "cc")
    if not to:
        raise Refusal("Who shall get it?", field="to")
    raw = build_test_mail(
        profile,
        sender=values["sender"] or _first(profile),
        to=to,
        cc=cc,
        subject=values["subject"],
        text=values["text"].replace("\r\n", "\n"),
        attachments=attachments,
        now=datetime.now(UTC),
    )
    recipients = list(dict.fromkeys([*to, *cc]))
    sandbox = sandbox_of(request)
    async with sandbox.turns.of(profile.name):
        secret = await sandbox.vault.get(profile)
        delivery = await deliver(
            profile,
            secret,
            raw,
            sender=values["sender"] or _first(profile),
            recipients=recipients,
            resolver=avoiding(resolve, lambda: sandbox.own_addresses),
        )
    if delivery.accepted:
        with suppress(StoreError):  # it was sent, whether the ledger knows or not
            await sandbox.store.journal.count_sent(profile.name, len(delivery.accepted))
    return _outcome(profile, delivery, recipients)


def _recipients(profile: Profile, text: str, field: str) -> list[str]:
    """The addresses in a field, each one allowed; a Refusal for the first that is not."""
    people = parse_addresses(text.replace(";", ",").replace("\n", ","))
    if len(people) > _RECIPIENTS:
        raise Refusal(f"At most {_RECIPIENTS} recipients.", field=field)
    for person in people:
        if "@" not in person.address:
            raise Refusal(f"“{person.address or person.name}” is not an address.", field=field)
        refusal = refusal_for(profile, person.address)
        if refusal:
            raise Refusal(refusal.reason, field=field, link=refusal.link)
    return [person.address for person in people]


async def _attachments(form: FormData) -> "list[Attachment]":
    from mailsluice.relay.testmail import Attachment

    files = [one for one in form.getlist("attachments") if isinstance(one, UploadFile) and one.filename]
    if sum(file.size or 0 for file in files) > ATTACHMENT_LIMIT:
        raise Refusal(f"The attachments are larger than {ATTACHMENT_LIMIT >> 20} MB.", field="attachments")
    return [Attachment(file.filename or "file", await file.read()) for file in files]


def _outcome(profile: Profile, delivery: "Delivery", recipients: list[str]) -> Outcome:
    tone, headline = _HEADLINES[delivery.state]
    note = ""
    if delivery.state in ("delivered", "partly"):
        note = (
            "Accepted is not yet delivered: if a mailbox does not exist, the bounce comes to the account’s own inbox."
        )
        if profile.preset in _GMAIL and recipients == [profile.user]:
            note = (
                "Look in the inbox of the account. Mail to itself says nothing about spam folders: "
                "for that, write to another account."
            )
    return Outcome(delivery, tone, headline.format(host=profile.host), note)


def _own_address(profile: Profile) -> str:
    return profile.user if "@" in profile.user else profile.address


def _first(profile: Profile) -> str:
    return next(iter(profile.identities), "")


def _show(request: Request, card: Card, mail: Mail, outcome: Outcome | None, *, status: int = 200) -> Response:
    context: dict[str, Any] = {
        "profile": card.profile,
        "card": card,
        "mail": mail,
        "identities": identities(card.profile),
        "outcome": outcome,
    }
    return render(request, "profiles/_mail.html", context, status=status)
