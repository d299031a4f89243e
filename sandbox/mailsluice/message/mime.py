"""The MIME reader: where each part of a message begins and ends, found without recursion, copying or decoding."""

import re
from collections.abc import Mapping
from functools import lru_cache

from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.message.charsets import decode, decode_loose
from mailsluice.message.headers import Source, fields, header_block, text_of, unfold
from mailsluice.message.parameters import Structured, structured
from mailsluice.message.transfer import IDENTITIES, decode_transfer, knows

MAX_DEPTH = 100
MAX_PARTS = 10_000
_MAX_BOUNDARY = 1000
_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]*+(?:\r\n|\n|\r|\Z)")
_LINE_END = re.compile(rb"[\r\n]")
_ENVELOPED = "message/rfc822"
_PLAIN = Structured("text/plain", {})


class Part:
    """One MIME part: facts from its header at once, its bytes and text on demand.

    `number` is "0" for the message itself, "1", "2" for its parts, "1.2" for theirs.
    """

    __slots__ = (
        "_raw",
        "_size",
        "_type",
        "body",
        "end",
        "fields",
        "is_attachment",
        "is_inline",
        "number",
        "parent",
        "start",
    )

    def __init__(
        self,
        raw: Source,
        start: int,
        end: int,
        *,
        number: str = "0",
        parent: "Part | None" = None,
        bounds: Bounds = DEFAULT,
    ) -> None:
        block, body = header_block(raw, start=start, end=end, bounds=bounds)
        pairs = fields(block, bounds=bounds)
        if block and not pairs:
            body = start
        pairs.reverse()  # the first field of a name counts, as the last one put into a dict does
        self.fields: dict[bytes, bytes] = {name.lower(): value for name, value in pairs}
        if parent is None and len(self.fields) != len(pairs):
            self._join_recipients(pairs)
        self._raw, self.start, self.body, self.end, self.number, self.parent = raw, start, body, end, number, parent
        value = self.fields.get(b"content-type")
        self._type = _PLAIN if value is None else structured(value)
        if value is None and parent is not None and parent.content_type == "multipart/digest":
            self._type = Structured(_ENVELOPED, {})
        self._size = -1
        self.is_attachment = self.is_inline = False

    def _join_recipients(self, reversed_pairs: list[tuple[bytes, bytes]]) -> None:
        """Several To, Cc or Bcc fields count together: each of them named somebody."""
        for name in (b"to", b"cc", b"bcc"):
            values = [value for key, value in reversed(reversed_pairs) if key.lower() == name]
            if len(values) > 1:
                self.fields[name] = b",".join(values)

    @property
    def content_type(self) -> str:
        """`type/subtype` in lower case; text/plain where the mail names none that is one (RFC 2045 section 5.2)."""
        value = self._type.value
        return value if "/" in value and len(value) < 200 and value.isprintable() else "text/plain"

    @property
    def is_multipart(self) -> bool:
        """Whether this is a container of parts by its type."""
        return self._type.value.startswith("multipart/")

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of Content-Type by lower-case name, RFC 2231 undone."""
        return self._type.parameters

    @property
    def charset(self) -> str:
        """The charset as the mail names it; "" when it names none."""
        return self._type.parameters.get("charset", "")

    @property
    def encoding(self) -> str:
        """The Content-Transfer-Encoding in lower case; "" when there is none."""
        value = self.fields.get(b"content-transfer-encoding")
        return "" if value is None else _word(value)

    @property
    def disposition(self) -> str:
        """`inline`, `attachment` (also for words that nobody knows, RFC 2183 section 2.8), or nothing."""
        value = self.fields.get(b"content-disposition")
        word = "" if value is None else structured(value).value.strip("\"'")
        if not word or "=" in word:
            return ""
        return "inline" if word == "inline" else "attachment"

    @property
    def given_name(self) -> str:
        """The file name that the mail gives; "" when it gives none. Never trust it as a path."""
        value = self.fields.get(b"content-disposition")
        name = "" if value is None else structured(value).parameters.get("filename", "")
        return (name or self.parameters.get("name", "")).strip()

    @property
    def filename(self) -> str:
        """The file name that the mail gives, else an attached message's subject, else the Content-ID; may be ""."""
        name = self.given_name
        if name or self.content_type != _ENVELOPED:
            return name or self.content_id
        title = re.sub(r"""[\\/:*?"<>|\s]+""", " ", self.inner_subject).strip(" .")[:80]
        return (title or "message") + ".eml"

    @property
    def inner_subject(self) -> str:
        """The subject of the message that this part holds; "" when it has none."""
        message = self.chunk(16384)
        inner, _ = header_block(message, start=0, end=len(message))
        return text_of({key.lower(): value for key, value in reversed(fields(inner))}.get(b"subject", b""))

    @property
    def content_id(self) -> str:
        """The Content-ID without its brackets; "" when there is none."""
        return identifier(self.fields.get(b"content-id", b""))

    @property
    def size(self) -> int:
        """The number of bytes of the decoded content."""
        if self._size < 0:
            self._size = max(0, self.end - self.body) if self.encoding in IDENTITIES else len(self.content())
        return self._size

    def header(self) -> bytes:
        """The header as it came, with the blank line after it."""
        return self._raw[self.start : self.body]

    def content(self) -> bytes:
        """The content with its transfer encoding undone."""
        return decode_transfer(self._raw[self.body : self.end], encoding=self.encoding)

    def outside(self) -> tuple[bytes, bytes]:
        """Preamble and epilogue: what stands before the first part and after the last (RFC 2046 section 5.1.1)."""
        delimiter = b"--" + self.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
        spans, closed = _delimited(self._raw, delimiter, self.body, self.end, MAX_PARTS)
        if not spans:
            return b"", b""
        first = self._raw.rfind(delimiter, self.body, spans[0][0])
        last = self._raw.find(delimiter, spans[-1][1], self.end) + len(delimiter) if closed else self.end
        ended = _AFTER_BOUNDARY.match(self._raw, last, self.end)
        preamble = self._raw[self.body : max(self.body, _before_line_end(self._raw, first))]
        return preamble, self._raw[ended.end() : self.end] if ended else b""

    def chunk(self, size: int) -> bytes:
        """The content of the first `size` bytes of the body, cut at a line end where there is one."""
        data = self._raw[self.body : min(self.end, self.body + size)]
        if len(data) == size and self.body + size < self.end:
            data = data[: data.rfind(b"\n") + 1] or data
        return decode_transfer(data, encoding=self.encoding)

    def text(self) -> str:
        """The content as text with LF line ends, by the charset named or the best guess."""
        return self.read_text()[0]

    def read_text(self) -> tuple[str, str]:
        """The content as text, and what was wrong with it in words for a person ("" when nothing was)."""
        text, defect = decode(self.content(), charset=self.charset)
        encoding = self.encoding
        if not knows(encoding):
            shown = "".join(c if c.isprintable() else "?" for c in encoding[:40])
            defect = f"has the unknown transfer encoding '{shown}' and is shown as it came"
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text, defect


@lru_cache(64)
def _word(value: bytes) -> str:
    return decode_loose(unfold(value)).partition(";")[0].strip(" \"'").lower()


def read(raw: Source, *, bounds: Bounds = DEFAULT) -> tuple[Part, list[Part], list[str]]:
    """The message as a part, its leaf parts in order, and what was wrong with its structure in sentences."""
    root = Part(raw, 0, len(raw), bounds=bounds)
    if not root.is_multipart:
        return root, [root], []
    leaves: list[Part] = []
    defects: list[str] = []
    waiting, count = [(root, 0)], 1
    while waiting:
        part, depth = waiting.pop()
        spans = _spans(raw, part, depth, MAX_PARTS - count, defects) if part.is_multipart else []
        if not spans:
            leaves.append(part)
            continue
        count += len(spans)
        prefix = "" if part is root else part.number + "."
        children = [
            Part(raw, *span, number=f"{prefix}{n}", parent=part, bounds=bounds) for n, span in enumerate(spans, 1)
        ]
        waiting.extend((child, depth + 1) for child in reversed(children))
    return root, leaves, defects


def _spans(raw: Source, part: Part, depth: int, room: int, defects: list[str]) -> list[tuple[int, int]]:
    """Where the children of a multipart begin and end; none when it cannot be, or is not to be, taken apart."""
    name = "The message" if part.number == "0" else f"Part {part.number}" if depth < 10 else "A deeply nested part"
    boundary = part.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
    if not boundary or len(boundary) > _MAX_BOUNDARY:
        defects.append(f"{name} is {part.content_type} but names no boundary; it is shown as one piece.")
        return []
    if depth >= MAX_DEPTH or room <= 0:
        bound = f"more than {MAX_DEPTH} levels deep" if depth >= MAX_DEPTH else f"behind more than {MAX_PARTS:,} parts"
        if not defects or bound not in defects[-1]:
            defects.append(f"{name} lies {bound}; what is in it was not taken apart.")
        return []
    spans, closed = _delimited(raw, b"--" + boundary, part.body, part.end, room)
    if not spans:
        defects.append(f"{name} is {part.content_type} but its boundary never occurs; it is shown as one piece.")
    elif len(spans) >= room:
        defects.append(f"The message has more than {MAX_PARTS:,} parts; the rest was left in the last one.")
    elif not closed:
        defects.append(f"{name} does not end with its closing boundary; it may have been cut.")
    return spans


def _delimited(raw: Source, delimiter: bytes, body: int, end: int, room: int) -> tuple[list[tuple[int, int]], bool]:
    """The stretches between the delimiter's lines, and whether the closing one was there (RFC 2046 section 5.1.1)."""
    spans: list[tuple[int, int]] = []
    opened, position = -1, body
    while (at := raw.find(delimiter, position, end)) >= 0:
        line = _AFTER_BOUNDARY.match(raw, at + len(delimiter), end) if at == body or raw[at - 1] in b"\r\n" else None
        if line is None:
            # Not the delimiter's own line: it can only come after this line's end.
            following = _LINE_END.search(raw, at, end)
            if following is None:
                break
            position = following.end()
            continue
        if opened >= 0:
            spans.append((opened, max(opened, _before_line_end(raw, at))))
        if line[1]:
            return spans, True
        opened = position = line.end()
        if len(spans) >= room - 1:
            break
    if opened >= 0:
        spans.append((opened, end))
    return spans, False


def _before_line_end(raw: Source, at: int) -> int:
    """The offset before the line end that belongs to the delimiter line at `at`."""
    if raw[at - 1] == 10:
        return at - 2 if at > 1 and raw[at - 2] == 13 else at - 1
    return at - 1


def identifier(raw: bytes) -> str:
    """A Message-ID or Content-ID without its brackets."""
    text = text_of(raw)
    start = text.find("<") + 1
    stop = text.find(">", start)
    return (text[start:stop] if start and stop >= 0 else text.strip("<>")).strip()
