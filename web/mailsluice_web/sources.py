"""The source of a message in stretches of a size that a browser likes, and what is found in all of it."""

from bisect import bisect_left
from typing import Final

import msgspec

from mailsluice_web.highlighting import Run, encoding_of, highlighted, outline

STRETCH: Final = 256 << 10
"""Bytes of a source that a page shows at once."""

_MOST: Final = 10_000
_LISTED: Final = 100
_AROUND: Final = 60
_BACK: Final = 4096


class Line(msgspec.Struct, frozen=True):
    """A line in which something was found: its number, the place of the match, and the words around it."""

    number: int
    match: int
    before: str
    found: str
    after: str


class Source(msgspec.Struct, frozen=True):
    """A stretch of a source, `at` of `stretches`, from byte `start` to `end`.

    `matches` are how many were found in all of it (`is_all`: no more than that), `match` is the one that is shown,
    and `lines` are the first lines with one.
    """

    runs: list[Run]
    at: int
    stretches: int
    start: int
    end: int
    size: int
    find: str = ""
    match: int = 0
    matches: int = 0
    is_all: bool = True
    lines: list[Line] = []


def read_source(raw: bytes, *, at: int | None = None, find: str = "", match: int | None = None) -> Source:
    """The stretch of that number; with `find`, the one in which that match lies, the first if none is named.

    Case does not matter for the letters A to Z.
    """
    needle, places = _places(raw, find)
    stretches = max(1, -(-len(raw) // STRETCH))
    if not places:
        match = None
    elif match is not None or at is None:
        match = min(match or 0, len(places) - 1)
    shown = min(at or 0, stretches - 1) if match is None else _holding(raw, places[match])
    start, end = _edge(raw, shown), _edge(raw, shown + 1)
    first = bisect_left(places, start)
    inside = places[first : bisect_left(places, end)]
    runs = highlighted(raw, start, end, outline=outline(raw), matches=inside, length=len(needle), first=first)
    is_all = len(places) < _MOST
    lines = _lines(raw, places[:_LISTED], len(needle)) if len(places) > 1 else []
    here = first if match is None else match
    return Source(runs, shown, stretches, start, end, len(raw), find, here, len(places), is_all, lines)


def _places(raw: bytes, find: str) -> tuple[bytes, list[int]]:
    """Where it stands, as UTF-8 or, if it never does, as one byte a character."""
    lowered = raw.lower() if find else b""
    needle = b""
    for encoding in ("utf-8", "latin-1") if find else ():
        needle = find.encode(encoding, "replace").lower()
        places: list[int] = []
        place = lowered.find(needle)
        while place >= 0 and len(places) < _MOST:
            places.append(place)
            place = lowered.find(needle, place + len(needle))
        if places:
            return needle, places
    return needle, []


def _edge(raw: bytes, number: int) -> int:
    """Where a stretch begins: with a line if there is one near, else with a character."""
    edge = number * STRETCH
    if edge <= 0 or edge >= len(raw):
        return max(0, min(edge, len(raw)))
    line = raw.rfind(b"\n", edge - _BACK, edge)
    if line >= 0:
        return line + 1
    for back in range(4):
        if raw[edge - back] & 0xC0 != 0x80:
            return edge - back
    return edge


def _holding(raw: bytes, place: int) -> int:
    """The stretch in which a byte lies: an edge moves back to where a line begins."""
    number = place // STRETCH
    return number + (place >= _edge(raw, number + 1) and _edge(raw, number + 1) < len(raw))


def _lines(raw: bytes, places: list[int], length: int) -> list[Line]:
    lines: list[Line] = []
    number, counted = 1, 0
    for match, place in enumerate(places):
        number += raw.count(b"\n", counted, place)
        counted = place
        begin = max(raw.rfind(b"\n", 0, place) + 1, place - _AROUND)
        stop = place + length
        end = raw.find(b"\n", stop, stop + _AROUND)
        after = raw[stop : end if end >= 0 else stop + _AROUND]
        encoding = encoding_of(raw[place:stop])
        before, found, rest = (one.decode(encoding, "ignore") for one in (raw[begin:place], raw[place:stop], after))
        lines.append(Line(number, match, before.lstrip(), found, rest.rstrip()))
    return lines
