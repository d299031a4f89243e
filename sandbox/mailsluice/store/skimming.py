"""Does a message match? Told of plain ones from their bytes as they are: much less work than to read them."""

import re
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from mailsluice.search import And, Candidate, Node, Not, Or, Query, Term, matches, terms_of
from mailsluice.store.search_rows import word_spans

_HARMLESS: Final = re.compile(
    rb'\r\ncontent-(?:type: text/plain(?:; ?charset="?(?:utf-8|us-ascii)"?)?|transfer-encoding: [78]bit)'
    rb"(?=\r\n(?![ \t]))"
)
_ENCODED: Final = (b"content-", b"=?", b"(", b"\\")
_JOINED: Final = re.compile(rb'[a-z0-9]"[a-z0-9]')  # one word in an address
_CONTROLS: Final = bytes({*range(32), 127} - {9})
_IN_THE_BYTES: Final = frozenset(
    {"", "from", "to", "cc", "bcc", "reply-to", "addressed", "subject", "message-id", "user", "header"}
)


class Skimming:
    """One query; what it cannot tell has to be read."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._is_able = not _has_not(query.root)
        self._words = {term: _longest_word(term.value) for term in terms_of(query) if term.field in _IN_THE_BYTES}
        self._anywhere = [(term.value, word) for term, word in self._words.items() if _is_simple(term, word)]

    def tells(self, raw: bytes, receipt: str, known: Callable[[], Candidate]) -> bool | None:
        """Whether it matches; `known` gives what is known of it already, `receipt` is JSON. None: read it."""
        if not self._is_able:
            return None
        lower = raw.lower()
        may_match = self._may_match(self._query.root, lower + receipt.lower().encode())
        if may_match and matches(self._query, candidate := known()):
            return True
        text = _plain_text(lower) if receipt.isascii() else None
        if text is None or not may_match:
            return None if text is None else False
        standing = "\0".join(value for value, word in self._anywhere if word in text)
        return True if standing and matches(self._query, replace(candidate, text=standing)) else None

    def _may_match(self, node: Node, everything: bytes) -> bool:
        match node:
            case And(parts):
                return all(self._may_match(part, everything) for part in parts)
            case Or(parts):
                return any(self._may_match(part, everything) for part in parts)
            case Term():
                return self._words.get(node, b"") in everything
        return True


def _plain_text(lower: bytes) -> bytes | None:
    """The text of a mail whose words stand in its bytes as they are, letter by letter, and nowhere else; or None."""
    lines = lower.replace(b"\r\n", b" ")
    if not lines.isascii() or len(lines.translate(None, _CONTROLS)) < len(lines):
        return None
    head, blank, text = lower.partition(b"\r\n\r\n")
    rest = _HARMLESS.sub(b"", b"\r\n%b\r\n" % head)
    is_plain = not any(sign in rest for sign in _ENCODED) and not (b'"' in rest and _JOINED.search(rest))
    return text if blank and is_plain else None


def _longest_word(value: str) -> bytes:
    """The longest of its words that is the same letters in every writing of it; empty when there is none."""
    words = [value[start:end] for start, end in word_spans(value)]
    return max((word for word in words if word.isascii()), key=len, default="").encode()


def _is_simple(term: Term, word: bytes) -> bool:
    return not term.field and term.value.encode("utf-8", "replace") == word


def _has_not(node: Node) -> bool:
    if isinstance(node, Not | Term):
        return isinstance(node, Not)
    return any(map(_has_not, node.parts))
