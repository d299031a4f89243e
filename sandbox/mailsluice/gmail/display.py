"""What will look, or be taken, otherwise than meant once Gmail shows it; pure rules over a message."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from mailsluice.gmail.images import Trouble, troubled_images
from mailsluice.gmail.limits import CLIP, STYLE
from mailsluice.gmail.placeholders import unfilled
from mailsluice.message.addresses import Address
from mailsluice.message.parse import Message
from mailsluice.release import Finding

_LOOKED_AT: Final = 1 << 20  # characters: ten times what Gmail shows
_STYLE: Final = re.compile(r"<style\b[^>]{0,1000}>((?:[^<]++|<(?!/style))*+)", re.IGNORECASE)
_HIDDEN: Final = re.compile(r"<!--(?:[^-]++|-(?!->))*+(?:-->)?|<(style|script)\b(?:[^<]++|<(?!/\1))*+", re.IGNORECASE)
_ONCE: Final = ("From", "Sender", "Reply-To", "To", "Cc", "Subject")
_NAMED: Final = 3


def display_findings(message: Message, *, authors: Sequence[Address]) -> Iterator[Finding]:
    """The warnings about a message; `authors` are its From addresses."""
    yield from _missing(message, authors)
    yield from _repeated(message)
    yield from _placeholders(message)
    html = message.html[:_LOOKED_AT]
    if html:
        yield from _sizes(message, html)
        yield from _images(html)
        if not message.text.strip():
            yield Finding(
                "no-text-part",
                "warning",
                "The mail has HTML and no plain text.",
                remedy="Let the app send a text/plain alternative, too: spam filters and text readers look for it.",
            )


def _missing(message: Message, authors: Sequence[Address]) -> Iterator[Finding]:
    if not authors:
        yield Finding(
            "no-from",
            "warning",
            "The mail has no From address.",
            remedy="Let the app set From; Gmail puts in the account's address.",
        )
    elif len(authors) > 1:
        yield Finding(
            "several-from",
            "warning",
            f"From names {len(authors):,} addresses; Gmail puts one in their place, and other servers refuse that.",
            remedy="Let the app write as one address.",
        )
    if not message.subject.strip():
        yield Finding("no-subject", "warning", "The mail has no subject.", remedy="Let the app set a Subject.")
    if not message.to and not message.cc:
        yield Finding(
            "no-to", "warning", "The mail names nobody in To or Cc.", remedy="Let the app set To; spam filters mind."
        )


def _repeated(message: Message) -> Iterator[Finding]:
    names = [header.name.lower() for header in message.headers]
    if twice := [name for name in _ONCE if names.count(name.lower()) > 1]:
        yield Finding(
            "repeated-fields",
            "warning",
            f"The header has more than one {' and '.join(twice)} field; Gmail may refuse that, or show only one.",
            remedy="Let the app set each of them once.",
        )


def _placeholders(message: Message) -> Iterator[Finding]:
    visible = _HIDDEN.sub(" ", message.html[:_LOOKED_AT])
    names = " ".join(f"{one.name} {one.address}" for one in (message.sender, *message.to[:100], *message.cc[:100]))
    found = dict.fromkeys(
        placeholder
        for text in (message.subject[:10_000], names, message.text[:_LOOKED_AT], visible)
        for placeholder in unfilled(text)
    )
    if found:
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        yield Finding(
            "unfilled-placeholders",
            "warning",
            f"Placeholders were not filled in: {', '.join(list(found)[:_NAMED])}{more}.",
            remedy="Look at the template and the values that the app gives it.",
        )


def _sizes(message: Message, html: str) -> Iterator[Finding]:
    parts = [part for part in message.parts if part.content_type == "text/html" and not part.is_attachment]
    size = sum(part.size for part in parts)
    if size > CLIP:
        yield Finding(
            "clipped",
            "warning",
            f"The HTML has {size / 1024:,.0f} KB; Gmail cuts it after 102 KB and shows “Message clipped”.",
            remedy="Make the HTML smaller: move styles out of the elements, leave out comments and white space.",
        )
    style = sum(len(found[1].encode("utf-8", "replace")) for found in _STYLE.finditer(html))
    if style > STYLE:
        yield Finding(
            "style-too-long",
            "warning",
            f"The style elements have {style / 1024:,.1f} KB; Gmail drops what goes beyond 16 KB.",
            remedy="Put what matters first, or into style attributes.",
        )


def _images(html: str) -> Iterator[Finding]:
    found: dict[Trouble, dict[str, None]] = {}
    for trouble, source in troubled_images(html):
        found.setdefault(trouble, {})[source] = None
    for trouble, sources in found.items():
        first, number = next(iter(sources)), len(sources)
        images = "1 image" if number == 1 else f"{number:,} images"
        code, text, remedy = _IMAGE_SENTENCES[trouble]
        yield Finding(code, "warning", text.format(images=images, first=_safe(first)), remedy=remedy)


def _safe(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


_IMAGE_SENTENCES: Final[dict[Trouble, tuple[str, str, str]]] = {
    "embedded": (
        "embedded-images",
        "{images} written into the HTML as data: will not show in Gmail.",
        "Attach the image and refer to it by cid:, or put it on a public server.",
    ),
    "private": (
        "private-images",
        "{images} will not show: Gmail loads images itself and cannot reach {first}.",
        "Put the image on a public server, or attach it and refer to it by cid:.",
    ),
    "relative": (
        "relative-images",
        "{images} will not show: {first} names no server.",
        "Write the whole address, beginning with https://.",
    ),
}
