"""The source of a message as runs of a kind, so that a page can colour it, with what somebody looks for marked."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

_FIELD: Final = re.compile(rb"[!-9;-~]+[ \t]*:")
_WORD: Final = re.compile(rb"=\?[^?\s]{1,80}\?[bBqQ]\?[^?\r\n]*\?=")
_BOUNDARY: Final = re.compile(rb'boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")
_MOST_BOUNDARIES: Final = 10_000
_NEXT: Final = 4096


class Run(NamedTuple):
    """A stretch of one kind: `name`, `boundary`, `word` (encoded), or empty; `marked` is what was looked for.

    `match` is the place of that among all matches, at its first run.
    """

    kind: str
    text: str
    marked: bool = False
    match: int = -1


class Outline(NamedTuple):
    """What colours a source: where its header ends, and the boundaries that it declares."""

    header_end: int
    boundaries: frozenset[bytes]


def outline(raw: bytes) -> Outline:
    """The outline of a source."""
    found = _HEADER_END.search(raw)
    declared: set[bytes] = set()
    for match in _BOUNDARY.finditer(raw):
        declared.add(match[1] or match[2])
        if len(declared) == _MOST_BOUNDARIES:
            break
    return Outline(found.start() if found else len(raw), frozenset(declared))


def highlighted(
    raw: bytes, start: int, end: int, *, outline: Outline, matches: Sequence[int] = (), length: int = 0, first: int = 0
) -> list[Run]:
    """The runs of a stretch; `matches` are offsets of what is looked for, `first` the place of the first among all."""
    cuts = list(_kinds(raw, start, end, outline))
    encoding = encoding_of(raw[start:end])
    runs: list[Run] = []
    at, next_match = start, 0
    for cut, kind in cuts:
        while at < cut:
            while next_match < len(matches) and matches[next_match] + length <= at:
                next_match += 1
            match = matches[next_match] if next_match < len(matches) else end
            stop = min(cut, match if match > at else match + length)
            is_marked = next_match < len(matches) and match <= at
            text = raw[at:stop].decode(encoding, "replace")
            runs.append(Run(kind, text, is_marked, first + next_match if is_marked and match == at else -1))
            at = stop
    return list(_joined(runs))


def encoding_of(raw: bytes) -> str:
    """How bytes of a source become text: UTF-8, or else one character a byte."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _kinds(raw: bytes, start: int, end: int, outline: Outline) -> Iterator[tuple[int, str]]:
    """Where each kind ends."""
    in_header = start < outline.header_end
    at = start
    while at < end:
        stop = raw.find(b"\n", at, end) + 1 or end
        line = raw[at : min(stop, at + _NEXT)].rstrip(b"\r\n")
        if line.startswith(b"--") and _is_boundary(line, outline.boundaries):
            in_header = not line.endswith(b"--") or line[2:] in outline.boundaries
            yield stop, "boundary"
        elif in_header and line:
            yield from _of_header(line, at)
            yield stop, ""
        else:
            in_header = False
            yield stop, ""
        at = stop


def _is_boundary(line: bytes, boundaries: frozenset[bytes]) -> bool:
    named = line[2:].rstrip()
    return named in boundaries or (named.endswith(b"--") and named[:-2] in boundaries)


def _of_header(line: bytes, at: int) -> Iterator[tuple[int, str]]:
    if match := _FIELD.match(line):
        yield at + match.end(), "name"
    if b"=?" in line:
        for match in _WORD.finditer(line):
            yield at + match.start(), ""
            yield at + match.end(), "word"


def _joined(runs: list[Run]) -> Iterator[Run]:
    """Neighbours of one kind as one run: most lines are plain, and a page of them is small."""
    edges = [0, *(at for at in range(1, len(runs)) if not _is_one(runs[at - 1], runs[at])), len(runs)]
    for begin, stop in pairwise(edges):
        if begin < stop:
            yield runs[begin]._replace(text="".join(run.text for run in runs[begin:stop]))


def _is_one(one: Run, other: Run) -> bool:
    return (one.kind, one.marked) == (other.kind, other.marked) and other.match < 0
