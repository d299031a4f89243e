"""The one-time code of a mail: found by its shape, and by the words around it. Linear, bounded, raises for no text."""

import re

import msgspec

from mailsluice.message.phrases import Role, names_codes, roles
from mailsluice.message.shapes import Candidate, candidates

_MAX_TEXT = 16 * 1024
_MAX_SUBJECT = 500
_FEW = 6  # numbers looked at in a mail that speaks of no code
_SURE_ENOUGH = 0.5
_LEFT, _RIGHT, _LINE_ABOVE = 110, 80, 160
_DECORATION = (
    " \t\r\u00a0*_|>\"'«»“”„‘’`()[]【】「」『』〔〕<#.:：-–—"
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"
)
_SENTENCE_END = re.compile(r"[.!?؟;；]\s|[。！？]")
_CUES = (Role.CODE, Role.PASSWORD)
_NOT_OURS = (Role.LABEL, Role.SPOILER)


class Code(msgspec.Struct, frozen=True):
    """A one-time code as one would type it (digits without the spaces between them), and how sure that is, to 1.0."""

    text: str
    confidence: float


def find_code(subject: str, text: str) -> Code | None:
    """The one-time code that a mail hands over, or None; other numbers (orders, prices, dates) are left alone."""
    subject = subject[:_MAX_SUBJECT]
    whole = f"{subject}\n\n{text[:_MAX_TEXT]}"
    about: list[Role] | None = None
    speaks_of_codes = names_codes(whole)
    scores: dict[str, float] = {}
    for candidate in candidates(whole, capitals=speaks_of_codes):
        if about is None:
            about = roles(subject)
        if not speaks_of_codes and len(scores) >= _FEW:
            break
        score = _score(whole, candidate, about)
        if candidate.text in scores:
            score = max(score, scores[candidate.text]) + 0.05 * (min(score, scores[candidate.text]) > 0)
        scores[candidate.text] = score
    if not scores:
        return None
    best = max(scores, key=scores.__getitem__)  # the first of equals
    if (
        scores[best] < _SURE_ENOUGH
        and _is_alone(scores, best)
        and Role.CODE in (about or [])
        and _is_named(about or [])
    ):
        return Code(best, _SURE_ENOUGH)
    rivals = sum(score > scores[best] - 0.1 for score in scores.values()) - 1
    confidence = round(min(scores[best], 0.99) - 0.1 * min(rivals, 2), 2)
    return Code(best, confidence) if confidence >= _SURE_ENOUGH else None


def _is_alone(scores: dict[str, float], text: str) -> bool:
    """Whether no other number in the mail could be meant, so that a subject which speaks of a code means this one."""
    return scores[text] > 0 and sum(score > 0 for score in scores.values()) == 1


def _is_named(found: list[Role]) -> bool:
    return any(role in _CUES and not _is_spoiled(found, at) for at, role in enumerate(found))


def _is_spoiled(found: list[Role], at: int) -> bool:
    """Whether the "code" at this place is a discount code, a postal code, an order code."""
    if Role.SPOILER in found[max(0, at - 3) : at + 4]:
        return True
    return at > 0 and found[at - 1] is Role.LABEL


def _score(whole: str, candidate: Candidate, about: list[Role]) -> float:
    """How sure it is that this is the code: by its shape, the nearest word that names it, and where it stands."""
    line_start = whole.rfind("\n", 0, candidate.start) + 1
    line_end = whole.find("\n", candidate.end)
    line_end = len(whole) if line_end < 0 else line_end
    left = whole[max(line_start, candidate.start - _LEFT) : candidate.start]
    right = whole[candidate.end : min(line_end, candidate.end + _RIGHT)]
    first, last = not left.strip(_DECORATION), not right.strip(_DECORATION)
    before, above = _roles_before(left), _lines_above(whole, line_start) if first else []
    cue = _from_left(before)
    if cue < 0:
        return 0.0
    after = _roles_after(right)
    cue = max(cue, _from_right(after, first=first)) if cue else _from_right(after, first=first)
    if not cue and first:
        cue = _from_above(above, last=last) or (_from_below(whole, line_end) if last else 0.0)
    alone = first and last
    if not cue and _is_named(about):
        cue = 0.5 if alone and "-" in candidate.text else 0.25 if alone else 0.1
    if cue < 0 or (candidate.needs_cue and (cue < 0.5 or Role.SPOILER in after or "%" in right)):
        return 0.0
    purpose = any(Role.PURPOSE in found for found in (before, after, about, *above[:1]))
    return cue + 0.15 * purpose + candidate.shape + 0.1 * alone if cue else 0.0


def _roles_before(left: str) -> list[Role]:
    """The roles of the sentence before a place, the nearest word first."""
    ends = [match.end() for match in _SENTENCE_END.finditer(left)]
    found = roles(left[ends[-1] :] if ends else left)
    found.reverse()
    return found


def _roles_after(right: str) -> list[Role]:
    end = _SENTENCE_END.search(right)
    return roles(right[: end.start()] if end else right)


def _from_left(found: list[Role]) -> float:
    """What the words before a number say of it; negative when they name it as something else."""
    labelled = True
    for at, role in enumerate(found[:14]):
        if role in _CUES:
            if _is_spoiled(found[::-1], len(found) - 1 - at):
                return -1.0
            return (0.7 if at == 0 else 0.6 if at <= 3 else 0.5) - 0.33 * (role is Role.PASSWORD)
        if role is Role.NUMBER:
            labelled = False
        elif labelled and at <= 3 and role in _NOT_OURS:
            return -1.0
        elif role is Role.ENTER and at <= 1:
            return 0.25
    return 0.0


def _from_right(found: list[Role], *, first: bool) -> float:
    """The same of the words after it: "482913 is your code"."""
    for at, role in enumerate(found[:9]):
        if role in _CUES:
            if _is_spoiled(found, at) or Role.NUMBER in found[at : at + 5]:
                return 0.0
            return (0.55 if first else 0.4) - 0.33 * (role is Role.PASSWORD)
        if role is Role.NUMBER:
            return 0.0
        if role in _NOT_OURS and at <= 2:
            return -1.0 if first else 0.0
    return 0.0


def _from_above(lines: list[list[Role]], *, last: bool) -> float:
    """The same of the two lines above, for a number that begins its line; `last` when it is alone there."""
    for height, found in enumerate(lines):
        labelled = not height
        for at, role in enumerate(reversed(found)):
            if role in _CUES:
                place = len(found) - 1 - at
                if _is_spoiled(found, place):
                    return -1.0
                if Role.NUMBER in found[place : place + 5]:
                    return 0.0  # that code is in its own line
                return (0.55 if last else 0.3) - 0.1 * height - 0.2 * (role is Role.PASSWORD)
            labelled = labelled and role is not Role.NUMBER
            if role in _NOT_OURS and at <= 1 and labelled:
                return -1.0
        if not last:
            break
        if Role.ENTER in found:
            return 0.15
    return 0.0


def _from_below(whole: str, line_end: int) -> float:
    """The same of the next line that has words."""
    below = whole[line_end : line_end + _LINE_ABOVE].strip(_DECORATION + "\n").partition("\n")[0]
    found = roles(below)
    at = next((at for at, role in enumerate(found) if role is Role.CODE), None)
    if at is None or _is_spoiled(found, at) or Role.NUMBER in found[: at + 3] or Role.LABEL in found[:at]:
        return 0.0
    return 0.4


def _lines_above(whole: str, line_start: int) -> list[list[Role]]:
    """The roles in the two lines of text above, the nearest first."""
    above = whole[max(0, line_start - 2 * _LINE_ABOVE) : line_start].split("\n")
    words = [found for line in reversed(above) if line.strip(_DECORATION) and (found := roles(line[-_LINE_ABOVE:]))]
    return words[:2]
