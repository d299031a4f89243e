"""From a query to what the index is asked: rows that may match, and rows that match for certain."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from mailsluice.search import And, Node, Not, Or, Term
from mailsluice.store.dictionary import Dictionary
from mailsluice.store.search_rows import EVERYTHING, WORDED, word_spans

_EVERYWHERE: Final = tuple(name for name in WORDED if name not in ("message_id", "types", "user", "headers"))
COLUMNS: Final = {
    "": _EVERYWHERE,
    "from": ("sender",),
    "to": ("sent_to",),
    "cc": ("sent_cc",),
    "bcc": ("sent_bcc",),
    "reply-to": ("reply_to",),
    "addressed": ("sender", "sent_to", "sent_cc", "sent_bcc", "reply_to"),
    "subject": ("subject",),
    "message-id": ("message_id",),
    "filename": ("filenames",),
    "type": ("types",),
    "user": ("user",),
    "header": ("headers",),
}
"""Where each field looks."""

TRAITS: Final = frozenset({"attachment", "inline", "html", "warning", "defect"})
"""What `has:` finds in the index."""

_MOST_WORDS_A_PART: Final = 400
_MOST_PARTS: Final = 6
_MOST_PHRASES: Final = 3000


class Narrowed(NamedTuple):
    """Two full-text expressions: all that matches is among `maybe` (None: anything may be), `sure` matches (None: we
    cannot tell of any).
    """

    maybe: str | None = None
    sure: str | None = None


ANYTHING: Final = Narrowed()


class Narrowing:
    """Asks the dictionary for the words that have the parts that are looked for; spends a bounded number of them."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary, self._left = dictionary, _MOST_PHRASES

    def of(self, node: Node) -> Narrowed:
        """What the index is asked for a query or a part of it."""
        match node:
            case And(parts):
                return self._all(parts)
            case Or(parts):
                found = [self.of(part) for part in parts]
                maybe = None if any(one.maybe is None for one in found) else _joined("OR", (one.maybe for one in found))
                return Narrowed(maybe, _joined("OR", (one.sure for one in found)))
            case Not():
                return ANYTHING
        return self._term(node)

    def _all(self, parts: Iterable[Node]) -> Narrowed:
        """A negated part takes away; it cannot stand alone in the index's language."""
        plain = [self.of(part) for part in parts if not isinstance(part, Not)]
        taken = [self.of(part.part) for part in parts if isinstance(part, Not)]
        maybe = _joined("AND", (one.maybe for one in plain))
        certain = all(one.sure for one in plain) and all(one.maybe for one in taken)
        sure = _joined("AND", (one.sure for one in plain)) if certain else None
        for one in taken:
            maybe = f"({maybe} NOT {one.sure})" if maybe and one.sure else maybe
            sure = f"({sure} NOT {one.maybe})" if sure else None
        return Narrowed(maybe, sure)

    def _term(self, term: Term) -> Narrowed:
        if term.field == "has" and term.value in TRAITS:
            expression = f'({{traits}} : "{term.value}")'
            return Narrowed(expression, expression)
        if term.field not in COLUMNS:
            return ANYTHING
        columns = COLUMNS[term.field]
        if term.field != "header":
            return self._text(term.value, columns, is_whole=term.field == "user")
        found = [self._text(term.name, columns, is_whole=True), self._text(term.value, columns, is_whole=False)]
        return Narrowed(_joined("AND", (one.maybe for one in found)))

    def _text(self, value: str, columns: tuple[str, ...], *, is_whole: bool) -> Narrowed:
        spans = word_spans(value)
        if any(end - start > 1 for start, end in spans):  # single letters stand everywhere and tell little
            spans = [(start, end) for start, end in spans if end - start > 1]
        is_all = spans == [(0, len(value))]
        found = []
        for start, end in sorted(spans, key=lambda span: span[0] - span[1])[:_MOST_PARTS]:
            opens, closes = is_whole or start > 0, is_whole or end < len(value)
            found.append(self._part(value[start:end], columns, opens=opens, closes=closes))
        sure = found[0].sure if is_all and not is_whole else None
        return Narrowed(_joined("AND", (one.maybe for one in found)), sure)

    def _part(self, part: str, columns: tuple[str, ...], *, opens: bool, closes: bool) -> Narrowed:
        room = min(_MOST_WORDS_A_PART, self._left)
        words = self._dictionary.with_part(part, opens=opens, closes=closes, limit=room)
        if words is None or self._left <= 0:
            return ANYTHING
        self._left -= len(words) + len(part) // 3 + 2
        known = _phrases(columns, "OR", words) if words else None
        return Narrowed(_joined("OR", [known, _rare(part), f'({{traits}} : "{EVERYTHING}")']), known)


def _rare(part: str) -> str:
    """Pieces that cover the part; what is shorter than a piece is the beginning of one.

    The letters before a number are shared by all numbers of its kind, so digits tell enough where they are many.
    """
    if len(part) < 3:
        return f'({{pieces}} : "{part}" *)'
    starts = [*range(0, len(part) - 3, 3), len(part) - 3]
    pieces = list(dict.fromkeys(part[at : at + 3] for at in starts))
    numbered = [piece for piece in pieces if any(map(str.isdigit, piece))]
    return _phrases(("pieces",), "AND", numbered if len(numbered) > 1 else pieces)


def _phrases(columns: Iterable[str], operator: str, words: Iterable[str]) -> str:
    return f"({{{' '.join(columns)}}} : ({_between(operator, words)}))"


def _between(operator: str, words: Iterable[str]) -> str:
    return f" {operator} ".join(f'"{word}"' for word in words)


def _joined(operator: str, expressions: Iterable[str | None]) -> str | None:
    found = [expression for expression in expressions if expression]
    return f"({f' {operator} '.join(found)})" if len(found) > 1 else found[0] if found else None
