"""The codes of oddities, each with its severity and the RFC section behind it, and the words that all share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from mailsluice.message.charsets import decode_loose
from mailsluice.message.headers import Field
from mailsluice.message.mime import Part

_NAMED: Final = 3

Fields = Mapping[bytes, Sequence[bytes]]
"""The folded values of a header by lower-case name, in order."""


class Noted(NamedTuple):
    """One oddity as a rule finds it; `rfc` where it is another than the code's own."""

    code: str
    text: str
    rfc: str = ""


RULES: Final[Mapping[str, tuple[Literal["defect", "warning", "note"], str]]] = {
    # The header
    "no-header": ("defect", "RFC 5322, 3.6"),
    "header-too-long": ("warning", "RFC 5322, 2.2"),
    "too-many-fields": ("warning", "RFC 5322, 2.2"),
    "mailbox-line": ("defect", "RFC 4155, A"),
    "no-field": ("defect", "RFC 5322, 2.2"),
    "cr-in-header": ("defect", "RFC 5322, 2.2"),
    "repeated-field": ("defect", "RFC 5322, 3.6"),
    "repeated-list-field": ("defect", "RFC 2369, 3"),
    "empty-field": ("defect", "RFC 5322, 3.6"),
    "no-from": ("defect", "RFC 5322, 3.6.2"),
    "no-date": ("defect", "RFC 5322, 3.6.1"),
    "no-message-id": ("warning", "RFC 5322, 3.6.4"),
    "no-recipient-field": ("note", "RFC 5322, 3.6.3"),
    "no-subject": ("note", "RFC 5322, 3.6.5"),
    "message-id-malformed": ("defect", "RFC 5322, 3.6.4"),
    "date-unreadable": ("defect", "RFC 5322, 3.3"),
    "date-form": ("note", "RFC 5322, 3.3"),
    "date-weekday": ("defect", "RFC 5322, 3.3"),
    "date-far-off": ("warning", "RFC 5322, 3.6.1"),
    "space-before-colon": ("defect", "RFC 5322, 4.5"),
    "fold-blank": ("defect", "RFC 5322, 4.2"),
    "fold-first": ("note", "RFC 5322, 2.2.3"),
    "control-in-header": ("defect", "RFC 5322, 2.2"),
    "header-8bit": ("defect", "RFC 6532, 3"),
    "header-line-long": ("note", "RFC 5322, 2.1.1"),
    "bcc-in-header": ("warning", "RFC 5322, 3.6.3"),
    "return-path": ("warning", "RFC 5321, 4.4"),
    "received": ("note", "RFC 5321, 4.4"),
    # Addresses and encoded words
    "address-malformed": ("defect", "RFC 5322, 3.4.1"),
    "address-encoded": ("defect", "RFC 2047, 5"),
    "several-from": ("defect", "RFC 5322, 3.6.2"),
    "several-sender": ("defect", "RFC 5322, 3.6.2"),
    "sender-repeats-from": ("note", "RFC 5322, 3.6.2"),
    "reply-to-differs": ("note", "RFC 5322, 3.6.2"),
    "encoded-word-broken": ("defect", "RFC 2047, 2"),
    "encoded-word-long": ("defect", "RFC 2047, 2"),
    "encoded-word-space": ("defect", "RFC 2047, 2"),
    "encoded-word-quoted": ("defect", "RFC 2047, 5"),
    "encoded-word-touching": ("warning", "RFC 2047, 5"),
    "encoded-word-split": ("defect", "RFC 2047, 5"),
    "encoded-word-in-parameter": ("defect", "RFC 2231, 4"),
    # Lines
    "bare-lf": ("defect", "RFC 5322, 2.3"),
    "bare-cr": ("defect", "RFC 5322, 2.3"),
    "long-line": ("defect", "RFC 5322, 2.1.1"),
    "nul": ("defect", "RFC 5322, 4.1"),
    # MIME
    "no-mime-version": ("defect", "RFC 2045, 4"),
    "mime-version-odd": ("warning", "RFC 2045, 4"),
    "content-type-malformed": ("defect", "RFC 2045, 5.1"),
    "no-boundary": ("defect", "RFC 2046, 5.1.1"),
    "boundary-absent": ("defect", "RFC 2046, 5.1.1"),
    "boundary-odd": ("defect", "RFC 2046, 5.1.1"),
    "boundary-unquoted": ("defect", "RFC 2045, 5.1"),
    "not-closed": ("defect", "RFC 2046, 5.1.1"),
    "too-deep": ("warning", "RFC 2046, 5.1"),
    "too-many-parts": ("warning", "RFC 2046, 5.1"),
    "deeply-nested": ("note", "RFC 2046, 5.1"),
    "encoded-container": ("defect", "RFC 2045, 6.4"),
    "unknown-encoding": ("defect", "RFC 2045, 6.1"),
    "8bit-in-7bit": ("defect", "RFC 2045, 6.2"),
    "base64-damaged": ("defect", "RFC 2045, 6.8"),
    "base64-long-lines": ("warning", "RFC 2045, 6.8"),
    "quoted-printable-damaged": ("defect", "RFC 2045, 6.7"),
    "unknown-charset": ("defect", "RFC 2046, 4.1.2"),
    "charset-misfit": ("defect", "RFC 2046, 4.1.2"),
    "no-charset": ("defect", "RFC 2046, 4.1.2"),
    "part-header-8bit": ("defect", "RFC 6532, 3"),
    "file-name-path": ("warning", "RFC 2183, 2.3"),
    "file-name-hidden": ("warning", "RFC 2183, 2.3"),
    "file-differs": ("warning", "RFC 2045, 5"),
    "content-id-repeated": ("defect", "RFC 2045, 7"),
    "content-id-malformed": ("defect", "RFC 2045, 7"),
    "related-no-type": ("note", "RFC 2387, 3.1"),
    # What it shows
    "alternative-no-text": ("warning", "RFC 2046, 5.1.4"),
    "alternative-order": ("defect", "RFC 2046, 5.1.4"),
    "alternative-single": ("note", "RFC 2046, 5.1.4"),
    "html-only": ("warning", "RFC 2046, 5.1.4"),
    "text-empty": ("warning", "RFC 2046, 5.1.4"),
    "empty-body": ("note", "RFC 5322, 2.3"),
    "cid-missing": ("defect", "RFC 2392, 2"),
    "cid-unused": ("note", "RFC 2387, 3"),
    # Lists
    "list-unsubscribe-malformed": ("defect", "RFC 2369, 2"),
    "list-unsubscribe-scheme": ("warning", "RFC 2369, 3.2"),
    "list-unsubscribe-post": ("defect", "RFC 8058, 5"),
    "one-click-missing": ("note", "RFC 8058, 3.1"),
    "one-click-https": ("defect", "RFC 8058, 3.1"),
    "one-click-dkim": ("note", "RFC 8058, 4"),
    # The session
    "session": ("warning", "RFC 5321, 4.1"),
    "sender-differs": ("note", "RFC 5321, 4.4"),
    "hidden-recipients": ("note", "RFC 5322, 3.6.3"),
    "absent-recipients": ("warning", "RFC 5321, 3.3"),
    "recipient-repeated": ("note", "RFC 5321, 3.3"),
    "size-differs": ("warning", "RFC 1870, 6"),
    "dots-doubled": ("note", "RFC 5321, 4.5.2"),
    "8bit-undeclared": ("warning", "RFC 6152, 3"),
    "binary-undeclared": ("warning", "RFC 3030, 3"),
    "malformed": ("warning", "RFC 5322, 2.1"),
}


def by_name(pairs: Iterable[Field]) -> Fields:
    """Header fields gathered by their names."""
    named: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        named.setdefault(name.lower(), []).append(value)
    return named


def proper(name: bytes) -> str:
    """A field's name as people write it, safe to show."""
    usual = {b"message-id": "Message-ID", b"mime-version": "MIME-Version", b"content-id": "Content-ID"}
    return usual.get(name) or shown(decode_loose(name).title(), length=40)


def shown(text: str, *, length: int = 60) -> str:
    """A stretch of the mail's own words, cut and free of what does not print."""
    short = "".join(letter if letter.isprintable() else "?" for letter in text[:length])
    return short + "…" if len(text) > length else short


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 5 more`."""
    if len(names) <= 1:
        return "".join(names)
    if len(names) <= _NAMED:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED:,} more"


def where(parts: Sequence[Part]) -> str:
    """`the message`, `part 2`, `parts 1, 2 and 3`, `the message and part 2`: the places of an oddity."""
    inside = [part for part in parts if part.number != "0"]
    whole = ["the message"] if len(inside) < len(parts) else []
    numbers = [shown(part.number, length=20) if place < _NAMED else "" for place, part in enumerate(inside)]
    places = [f"{'part' if len(inside) == 1 else 'parts'} {listed(numbers)}"] if inside else []
    return " and ".join(whole + places)
