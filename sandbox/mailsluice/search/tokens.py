"""The pieces of a query: split at blanks, quotes taken out, parentheses, AND and OR apart."""

from collections.abc import Iterator
from typing import Final, NamedTuple

TERM: Final = "term"
AND: Final = "AND"
OR: Final = "OR"
OPEN: Final = "("
CLOSE: Final = ")"
_SIGNS: Final = "-!"


class Token(NamedTuple):
    """One piece; `text` is a term's without its quotes, `is_quoted` tells of them, `is_negated` of a parenthesis."""

    kind: str
    text: str = ""
    is_negated: bool = False
    is_quoted: bool = False


def tokens(text: str) -> Iterator[Token]:
    """The pieces in order. A parenthesis opens only where a term may begin, and closes only what is open:

    `(a OR b)`, `-(a b)`, but `f(x)` and `:-)` are words.
    """
    depth, at = 0, 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        sign = at + 1 if text[at] in _SIGNS else at
        if text[sign : sign + 1] == "(":
            yield Token(OPEN, is_negated=sign > at)
            depth, at = depth + 1, sign + 1
            continue
        letters, at = _letters(text, at)
        closing = _closing(letters, depth)
        word = letters[: len(letters) - closing]
        if word:
            yield _term(word)
        yield from [Token(CLOSE)] * closing
        depth -= closing


def _letters(text: str, at: int) -> tuple[list[tuple[str, bool]], int]:
    """The letters up to the next blank outside quotes, each with whether it was quoted, and where that blank is."""
    letters: list[tuple[str, bool]] = []
    quoted = False
    while at < len(text) and (quoted or text[at] != " "):
        if text[at] == '"':
            quoted = not quoted
            letters.append(("", True))
        else:
            letters.append((text[at], quoted))
        at += 1
    return letters, at


def _closing(letters: list[tuple[str, bool]], depth: int) -> int:
    """How many parentheses at the end close one that is open outside of the word."""
    own = letters.count(("(", False)) - letters.count((")", False))
    closing = 0
    while closing < depth and own + closing < 0 and letters[-1 - closing : len(letters) - closing] == [(")", False)]:
        closing += 1
    return closing


def _term(letters: list[tuple[str, bool]]) -> Token:
    text = "".join(letter for letter, _ in letters)
    is_quoted = any(quoted for _, quoted in letters)
    return Token(text) if text in (AND, OR) and not is_quoted else Token(TERM, text, is_quoted=is_quoted)
