"""A query as data, and as the text that means it."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

FIELDS: Final = frozenset(
    {
        *("from", "to", "cc", "bcc", "reply-to", "addressed", "subject", "message-id", "header", "filename", "type"),
        *("has", "is", "tag", "mailbox", "user", "after", "before", "on", "newer", "older", "larger", "smaller"),
    }
)
"""What may stand before a colon; anything else there is part of a word, as in https://example.com."""

HAS: Final = frozenset({"attachment", "inline", "html", "warning", "defect", "release", "code", "link"})
"""What `has:` may ask for."""

IS: Final = frozenset({"read", "unread", "pinned", "released", "failed", "tagged"})
"""What `is:` may ask for."""

_FIELD: Final = re.compile(r"([a-z-]+):", re.IGNORECASE)


class Term(msgspec.Struct, frozen=True):
    """One thing to look for; `field` is empty for words anywhere. `value` is normal text, or canonical (dates, sizes).

    `name` is the header field of `header:`. Dates and sizes are a range as well, `low` <= number < `high`, in
    microseconds UTC or bytes.
    """

    field: str
    value: str
    name: str = ""
    low: int | None = None
    high: int | None = None

    def __str__(self) -> str:
        if not self.field:
            # A blank inside the quotes keeps the first letter from being a sign, and a colon from ending a prefix.
            shields = self.value[:1] in "-!" or field_of(self.value)
            return f'" {self.value}"' if shields else self._quoted(self.value)
        return f"{self.field}:{self._quoted('='.join(part for part in (self.name, self.value) if part))}"

    def _quoted(self, text: str) -> str:
        """Quotes keep blanks together, and a star from standing for the rest of a word."""
        return f'"{text}"' if " " in text or stem(self.value) != self.value else text


class Not(msgspec.Struct, frozen=True):
    """Whatever the part does not find."""

    part: "Node"

    def __str__(self) -> str:
        return f"-{self.part}" if isinstance(self.part, Term) else f"-({self.part})"


class And(msgspec.Struct, frozen=True):
    """What all parts find; without parts, everything."""

    parts: tuple["Node", ...] = ()

    def __str__(self) -> str:
        return " ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


class Or(msgspec.Struct, frozen=True):
    """What at least one of the parts finds."""

    parts: tuple["Node", ...]

    def __str__(self) -> str:
        return " OR ".join(str(part) for part in self.parts)


Node = Term | Not | And | Or


class Query(msgspec.Struct, frozen=True):
    """A query that was understood, but for `problems`: a sentence for each term that was not.

    A query with problems finds nothing. Its text parses to the same query again.
    """

    root: Node = And()
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.root)


def terms_of(query: Query) -> Iterator[Term]:
    """Every term, wherever it stands."""
    waiting: list[Node] = [query.root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Term):
            yield node
        else:
            waiting += [node.part] if isinstance(node, Not) else node.parts


def field_of(text: str) -> str:
    """The field whose prefix the text begins with, or nothing."""
    match = _FIELD.match(text)
    name = match[1].lower() if match else ""
    return name if name in FIELDS else ""


def stem(text: str) -> str:
    """What `inv*` or `*voice` asks for, as a part of a word is found anyhow; nothing but stars stays as it is."""
    return text.strip("* ") or text
