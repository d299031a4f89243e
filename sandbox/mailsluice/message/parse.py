"""A message read in full, for whoever looks at one."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property

from mailsluice.message.addresses import Address
from mailsluice.message.bodies import arrange
from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.message.headers import Header, header_block, header_defects, split_message, text_of
from mailsluice.message.lines import line_defects
from mailsluice.message.mime import Part, read
from mailsluice.message.referred import Referred, referred
from mailsluice.message.summary import Summary, summary_of


def parse(raw: bytes, *, bounds: Bounds = DEFAULT) -> "Message":
    """Read a message, whatever its bytes: what cannot be read becomes a sentence in `defects`, never an error."""
    return Message(raw, bounds)


class Message:
    """One message: its structure and summary are read at once, texts and defects when they are asked for."""

    def __init__(self, raw: bytes, bounds: Bounds) -> None:
        self._raw, self._bounds = raw, bounds
        self._root, leaves, self._structure = read(raw, bounds=bounds)
        self._bodies = arrange(leaves)
        self.summary: Summary = summary_of(self._root, leaves, self._bodies)
        self.parts: tuple[Part, ...] = tuple(leaves)

    @property
    def subject(self) -> str:
        """The subject as text."""
        return self.summary.subject

    @property
    def message_id(self) -> str:
        """The Message-ID without its brackets."""
        return self.summary.message_id

    @property
    def sender(self) -> Address:
        """The first From address."""
        return self.summary.sender

    @property
    def to(self) -> tuple[Address, ...]:
        """The To addresses."""
        return self.summary.to

    @property
    def cc(self) -> tuple[Address, ...]:
        """The Cc addresses."""
        return self.summary.cc

    @property
    def bcc(self) -> tuple[Address, ...]:
        """The Bcc addresses that stand in the header."""
        return self.summary.bcc

    @property
    def reply_to(self) -> tuple[Address, ...]:
        """The Reply-To addresses."""
        return self.summary.reply_to

    @cached_property
    def headers(self) -> tuple[Header, ...]:
        """The header fields in order."""
        return split_message(self._raw, bounds=self._bounds)[0]

    @cached_property
    def date(self) -> datetime | None:
        """When the sender says it was written, with the sender's own offset; None when that cannot be read."""
        return parse_date(text_of(self._root.fields.get(b"date", b"")))

    @property
    def text(self) -> str:
        """The plain text, several parts of it joined by an empty line; "" when the mail has none."""
        return self._texts[0]

    @property
    def html(self) -> str:
        """The HTML as the mail has it, several parts of it one after the other; "" when it has none."""
        return self._texts[1]

    @property
    def html_leads(self) -> bool:
        """Whether the letter itself is HTML only, and the plain text what comes after it."""
        return self._bodies.html_leads

    @property
    def beside(self) -> str:
        """The plain text that stands beside the HTML and not for it: the footer of a mailing list, say."""
        return "\n\n".join(filter(None, (part.text().strip() for part in self._bodies.beside)))

    @property
    def attachments(self) -> tuple[Part, ...]:
        """The attachments that have a name to list them by."""
        return tuple(part for part in self.parts if part.is_attachment and part.filename)

    @property
    def inline(self) -> tuple[Part, ...]:
        """The parts shown inline, or neither shown nor attached, that have a name to list them by."""
        return tuple(part for part in self.parts if part.is_inline and part.filename)

    @cached_property
    def files(self) -> tuple[Part, ...]:
        """What comes with its texts: attachments, and every other part that its HTML does not refer to."""
        shown = {*self._bodies.text, *self._bodies.html}
        named = referred(self.html)
        others = (part for part in self.parts if part not in shown and (part.given_name or part.end > part.body))
        return tuple(part for part in others if part.is_attachment or _stands_alone(part, named))

    @property
    def defects(self) -> tuple[str, ...]:
        """What was wrong with the message, in sentences for a person."""
        return (*self.damage, *line_defects(self._raw))

    @property
    def damage(self) -> tuple[str, ...]:
        """The defects that may keep something from being shown: all but those of line ends and lengths."""
        return (*self._header_defects, *self._structure, *self._texts[2])

    def part(self, number: str) -> Part | None:
        """The leaf part of that number, or None."""
        return next((part for part in self.parts if part.number == number), None)

    @cached_property
    def _texts(self) -> tuple[str, str, tuple[str, ...]]:
        texts: dict[int, str] = {}
        defects = []
        for part in (*self._bodies.text, *self._bodies.html):
            texts[id(part)], defect = part.read_text()
            if defect:
                defects.append(f"The {'HTML' if part.content_type == 'text/html' else 'text'} {defect}.")
        text = "\n\n".join(texts[id(part)].rstrip("\n") for part in self._bodies.text[:-1])
        last = "".join(texts[id(part)] for part in self._bodies.text[-1:])
        html = "\n".join(texts[id(part)] for part in self._bodies.html)
        return f"{text}\n\n{last}" if text else last, html, tuple(dict.fromkeys(defects))

    @cached_property
    def _header_defects(self) -> list[str]:
        block, body = header_block(self._raw, start=0, end=len(self._raw), bounds=self._bounds)
        defects = (
            header_defects(block, size=body, bounds=self._bounds) if block.strip() else ["The message has no header."]
        )
        value = text_of(self._root.fields.get(b"date", b""))
        if value and self.date is None:
            defects.append(f"The Date field cannot be read as a date: '{value[:60]}'.")
        return defects


def _stands_alone(part: Part, named: Referred) -> bool:
    """Whether a part is shown by nothing else: neither by the HTML, nor by another version of the same text."""
    is_text = part.content_type.startswith("text/") and part.content_type != "text/calendar"
    is_version = is_text and part.parent is not None and part.parent.content_type == "multipart/alternative"
    return not (part.is_multipart or is_version or named.may_name(part.content_id))


def parse_date(text: str) -> datetime | None:
    """A Date field's time with its own offset (UTC where it names none); None when it is no date."""
    for read_date in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read_date(text[:100].strip())
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
            found.timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return found
    return None
