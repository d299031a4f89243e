"""What the preflights of several messages say, folded: each thing once, with how many messages it is about."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from mailsluice.release import Finding, Severity
from mailsluice.releasing import Preflight

_ORDER: Final = ("stop", "doubt", "warning", "change", "note")
_TITLES: Final = {
    "archive-not-read": "An archive is too large to look into completely.",
    "bad-address": "A recipient is no address.",
    "bcc-removed": "Bcc will be removed.",
    "blocked-file": "Gmail blocks a file.",
    "clipped": "Gmail cuts the HTML after 102 KB.",
    "embedded-images": "Images written into the HTML will not show in Gmail.",
    "fresh-message-id": "The Message-ID becomes a fresh one.",
    "from-rewritten": "Gmail will replace From.",
    "line-ends": "Line ends will be made CRLF, as SMTP demands.",
    "locked-archive": "Gmail blocks an archive.",
    "macros": "Gmail may block a file with macros.",
    "not-allowed": "The profile may not send to a recipient.",
    "original-recipients-added": "X-Original-To names the recipients of the captured envelope.",
    "private-images": "Images will not show: Gmail cannot reach them.",
    "relative-images": "Images will not show: their addresses name no server.",
    "repeated-fields": "A field stands in the header more than once.",
    "repeated-removed": "Repeated Date or Message-ID fields will be removed.",
    "several-from": "From names several addresses.",
    "signatures-removed": "Signatures will be removed: they do not hold for a changed message.",
    "style-too-long": "Gmail drops styles beyond 16 KB.",
    "too-large": "The message is too large for Gmail.",
    "too-many-recipients": "There are too many recipients.",
    "trace-removed": "Fields that tell of another journey will be removed.",
    "unfilled-address": "A recipient is a placeholder that was not filled in.",
    "unfilled-placeholders": "Placeholders were not filled in.",
}
"""What is said where the sentences of messages differ."""

_OF_ALL: Final = frozenset({"quota", "over-quota"})
"""What a batch says itself, as its messages count together."""


class Line(NamedTuple):
    """A message that something is about, and what is said of it, or nothing where the fold says it all."""

    message: str
    subject: str
    text: str


class Fold(msgspec.Struct, frozen=True):
    """One thing that is said of some messages; `addresses` are the recipients whom it is about."""

    code: str
    severity: Severity
    text: str
    remedy: str
    link: str
    is_constant: bool
    lines: tuple[Line, ...]
    addresses: tuple[str, ...]

    @property
    def count(self) -> int:
        """Of how many messages."""
        return len({line.message for line in self.lines})


def fold(preflights: Iterable[Preflight], *severities: Severity) -> list[Fold]:
    """What is said with these severities, the gravest first, then what most messages have."""
    found: dict[tuple[str, ...], list[tuple[Preflight, Finding]]] = {}
    for preflight in preflights:
        for one in preflight.findings:
            if one.severity in severities and one.code not in _OF_ALL:
                own = () if one.code in _TITLES else (one.text,)
                found.setdefault((one.severity, one.code, *own), []).append((preflight, one))
    return sorted(map(_folded, found.values()), key=lambda one: (_ORDER.index(one.severity), -one.count))


def _folded(said: Sequence[tuple[Preflight, Finding]]) -> Fold:
    first = said[0][1]
    is_same = all(one.text == first.text for _, one in said)
    return Fold(
        code=first.code,
        severity=first.severity,
        text=first.text if is_same else _TITLES[first.code],
        remedy=first.remedy if all(one.remedy == first.remedy for _, one in said) else "",
        link=first.link,
        is_constant=all(one.is_constant for _, one in said),
        lines=tuple(Line(of.message, of.subject, "" if is_same else one.text) for of, one in said),
        addresses=tuple(dict.fromkeys(one.address for _, one in said if one.address)),
    )
