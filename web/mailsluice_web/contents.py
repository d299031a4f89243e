"""What a page shows of one part: text, a picture, a card, or in a sentence why nothing."""

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from mailsluice.message.charsets import decode
from mailsluice.message.headers import Header, split_message
from mailsluice.preview.calendar import Calendar, calendar
from mailsluice.preview.contacts import Contacts, contacts
from mailsluice.preview.kinds import Sniffed, differing, sniffed
from mailsluice.preview.known import KINDS
from mailsluice.preview.tables import Table, table
from mailsluice_web.nested import is_message

if TYPE_CHECKING:
    from mailsluice.message.mime import Part

Form = Literal["empty", "text", "table", "calendar", "contacts", "image", "pages", "message", "container", "file"]

_HEAD: Final = 96 << 10  # as base64, what tells a kind by its first bytes
_TEXT_BYTES: Final = 512 << 10
_TEXT_SHOWN: Final = 64 << 10
_CARD_BYTES: Final = 4 << 20
_TEXTUAL: Final = frozenset(type_ for kind in KINDS.values() if kind.textual for type_ in kind.types)
_DRAWN: Final = frozenset(
    type_ for key in ("png", "jpeg", "gif", "webp", "avif", "bmp", "tiff", "ico") for type_ in KINDS[key].types
)
_TABLES: Final = frozenset(KINDS["csv"].types)


class Content(msgspec.Struct, frozen=True):
    """A part as a page shows it; `differs` is a sentence when it is not what it says, `kind` what it is in words."""

    form: Form
    kind: str = ""
    differs: str = ""
    text: str = ""
    is_cut: bool = False
    table: Table | None = None
    calendar: Calendar | None = None
    contacts: Contacts | None = None
    headers: tuple[Header, ...] = ()
    preamble: str = ""
    epilogue: str = ""


def content_of(part: "Part") -> Content:
    """What is in a part; slow for a large one."""
    head, found = _sniffed(part)
    form, kind = _form(part, found), found.name
    differs = "" if part.is_multipart else differing(part.content_type, part.given_name, head)
    headers = headers_of(part)
    if form in ("calendar", "contacts"):
        whole = part.chunk(_CARD_BYTES)
        events = calendar(whole, charset=part.charset) if form == "calendar" else None
        cards = contacts(whole, charset=part.charset) if form == "contacts" else None
        if events or cards:
            return Content(form, kind, differs, calendar=events, contacts=cards, headers=headers)
        form = "text"
    if form == "table":
        rows = table(part.chunk(_TEXT_BYTES * 2), charset=part.charset)
        if rows and len(rows.rows[0]) > 1:
            return Content(form, kind, differs, table=rows, headers=headers)
        form = "text"
    if form == "text":
        text, is_cut = _text(part)
        return Content(form, kind, differs, text, is_cut, headers=headers)
    return Content(form, kind, differs, headers=headers)


def container_of(part: "Part") -> Content:
    """What is in a part besides the parts that it holds."""
    preamble, epilogue = (decode(text[:_TEXT_SHOWN], charset="")[0].strip() for text in part.outside())
    return Content("container", headers=headers_of(part), preamble=preamble, epilogue=epilogue)


def form_of(part: "Part") -> Form:
    """How a part is shown; quick, whatever its size."""
    return _form(part, _sniffed(part)[1])


def differs(part: "Part") -> str:
    """One sentence when a part is not what it says, "" when it is or nobody can tell."""
    return differing(part.content_type, part.given_name, _sniffed(part)[0])


def headers_of(part: "Part") -> tuple[Header, ...]:
    """The fields of a part's own header in order."""
    return split_message(part.header())[0]


def _sniffed(part: "Part") -> tuple[bytes, Sniffed]:
    head = part.chunk(_HEAD)
    return head, sniffed(head)


def _form(part: "Part", found: Sniffed) -> Form:
    if part.end <= part.body:
        return "empty"
    if is_message(part):
        return "message"
    kind, declared, name = found.content_type, part.content_type, part.given_name.lower()
    if kind in _DRAWN:
        return "image"
    if kind == "application/pdf":
        return "pages"
    if kind == "text/calendar" or kind == "text/vcard":
        return "calendar" if kind == "text/calendar" else "contacts"
    if kind in _TEXTUAL or (not found.name and declared.startswith("text/")):
        is_table = declared in _TABLES or name.endswith((".csv", ".tsv"))
        return "table" if is_table else "text"
    # What neither its first bytes nor its type make out may still be drawn: the one who draws says why not.
    return "image" if not found.name and declared in _DRAWN else "file"


def _text(part: "Part") -> tuple[str, bool]:
    """The beginning as text, and whether there is more."""
    chunk = part.chunk(_TEXT_BYTES)
    text = decode(chunk, charset=part.charset)[0].replace("\r\n", "\n").replace("\r", "\n")
    return text[:_TEXT_SHOWN], len(text) > _TEXT_SHOWN or part.end - part.body > _TEXT_BYTES
