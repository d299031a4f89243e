"""The attachments as the head of a message lists them."""

from typing import TYPE_CHECKING, Final

import msgspec

from mailsluice_web.contents import Form, differs, form_of
from mailsluice_web.downloads import part_name

if TYPE_CHECKING:
    from mailsluice.message.mime import Part
    from mailsluice.message.parse import Message

_SHOWN: Final = 12
_DRAWN_FROM: Final = 32 << 20
_ICONS: Final[dict[Form, str]] = {"image": "image", "message": "mark", "calendar": "calendar", "contacts": "profiles"}


class Attachment(msgspec.Struct, frozen=True):
    """One attachment: `opens` says that a page shows what is in it, `is_drawn` that there may be a picture of it."""

    number: str
    name: str
    content_type: str
    size: int
    icon: str
    differs: str
    opens: bool
    is_drawn: bool


class Attachments(msgspec.Struct, frozen=True):
    """The first of them, and how many more there are."""

    shown: tuple[Attachment, ...] = ()
    more: int = 0


def attachments(message: "Message") -> Attachments:
    """What its text and its HTML do not show, whatever its sender calls it; slow for a large message."""
    shown = tuple(map(_attachment, message.files[:_SHOWN]))
    return Attachments(shown, len(message.files) - len(shown))


def _attachment(part: "Part") -> Attachment:
    form = form_of(part)
    return Attachment(
        part.number,
        part_name(part),
        part.content_type,
        part.size,
        _ICONS.get(form, "file"),
        differs(part),
        opens=form not in ("file", "empty"),
        is_drawn=form in ("image", "pages") and part.size <= _DRAWN_FROM,
    )
