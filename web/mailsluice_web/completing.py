"""What is being typed into the search box, and what it may become: `fr`, then `from:`, then `from:ada@example.com`."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from mailsluice.search.query import field_of
from mailsluice_web.operators import GUIDE, OPERATORS, Operator

MOST: Final = 8
"""So many are offered at a time."""

_SHORTEST: Final = 2
_SHORTEST_VALUE: Final = 3
_LONGEST_NUMBER: Final = 6
_SIGNS: Final = "-!("
_QUOTED: Final = " <>,;()*"


class Typed(NamedTuple):
    """A term with the caret at its end; `before` and `after` are what stands around it."""

    before: str
    term: str
    after: str

    @property
    def field(self) -> str:
        """The operator whose value is being typed, or nothing."""
        return field_of(self.term)

    @property
    def value(self) -> str:
        """What stands behind the colon, without quotes."""
        return self.term[len(self.field) + 1 :].replace('"', "") if self.field else ""


class Offer(msgspec.Struct, frozen=True):
    """What a term may become, and what that means; `hue` is the colour of a tag.

    A whole one is followed by a blank; one that is not is to be typed on.
    """

    term: str
    meaning: str = ""
    hue: str = ""
    is_whole: bool = True


class Completed(NamedTuple):
    """The query after an offer was taken, and where the caret stands then, in UTF-16 as browsers count."""

    query: str
    caret: int


def typed(text: str, caret: int) -> Typed | None:
    """The term at whose end the caret stands; None within a term. `caret` counts in UTF-16."""
    at = len(text.encode("utf-16-le", "surrogatepass")[: 2 * caret].decode("utf-16-le", "replace"))
    start, is_quoted = 0, False
    for place, letter in enumerate(text[:at]):
        if letter == '"':
            is_quoted = not is_quoted
        elif letter == " " and not is_quoted:
            start = place + 1
    after = text[at:]
    if after and (is_quoted or after[0] not in " )"):
        return None
    while start < at and text[start] in _SIGNS:
        start += 1
    return Typed(text[:start], text[start:at], after)


def completed(here: Typed, offer: Offer) -> Completed:
    """The query with the offer in place of what was typed."""
    head = here.before + offer.term
    if offer.is_whole and here.after[:1] != ")":
        return Completed(f"{head} {here.after.removeprefix(' ')}", _length(head) + 1)
    return Completed(head + here.after, _length(head))


def guide() -> list[Offer]:
    """The operators that an empty box tells about."""
    return [_operator(OPERATORS[name]) for name in GUIDE]


def named(word: str) -> Iterator[Offer]:
    """Operators that begin like a word, or are meant by it, then what a few operators know under such a name."""
    begin = word.lower()
    if len(begin) < _SHORTEST:
        return
    for one in OPERATORS.values():
        if one.name.startswith(begin) or begin in one.also:
            yield _operator(one)
    if len(begin) >= _SHORTEST_VALUE:
        for name in ("is", "has"):
            for value, meaning in OPERATORS[name].values.items():
                if value.startswith(begin):
                    yield Offer(f"{name}:{value}", meaning)


def known(here: Typed, *, now: datetime) -> Iterator[Offer]:
    """Values of the operator that are the same everywhere; `now` is the reader's."""
    one, begin = OPERATORS[here.field], here.value.lower()
    if one.units and begin.isascii() and begin.isdigit() and len(begin) <= _LONGEST_NUMBER:
        yield from (Offer(f"{one.name}:{begin}{unit}", f"{begin} {text}") for unit, text in one.units)
        return
    values = dict(one.values)
    if "today" in values:
        values |= _days(now)
    yield from (
        Offer(f"{one.name}:{value}", meaning, is_whole=not value.endswith("/"))
        for value, meaning in values.items()
        if value.startswith(begin)
    )


def valued(field: str, value: str, meaning: str = "", *, hue: str = "") -> Offer:
    """A value behind its operator, quoted where the search would understand it otherwise."""
    plain = " ".join(value.replace('"', " ").split())
    quote = '"' if any(letter in plain for letter in _QUOTED) else ""
    return Offer(f"{field}:{quote}{plain}{quote}", meaning, hue)


def best(here: Typed, offers: Iterable[Offer]) -> list[Offer]:
    """The first few that say something new, each once; those that begin as was typed come first."""
    news = {offer.term: offer for offer in offers if offer.term.lower() != here.term.lower()}
    return sorted(news.values(), key=lambda offer: not goes_on(here, offer))[:MOST]


def goes_on(here: Typed, offer: Offer) -> bool:
    """Whether the offer begins with what was typed."""
    return offer.term.lower().startswith(here.term.lower())


def _operator(one: Operator) -> Offer:
    return Offer(f"{one.name}:", one.meaning, is_whole=False)


def _days(now: datetime) -> dict[str, str]:
    day = f"{now.day} {now:%B}"
    return {
        "today": day,
        "yesterday": "the day before",
        f"{now - timedelta(days=7):%Y-%m-%d}": "a week ago",
    }


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
