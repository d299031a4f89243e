"""What looks like a one-time code, before anybody reads the words around it."""

import re
from collections.abc import Iterator
from itertools import islice
from unicodedata import normalize

import msgspec

_MAX_CANDIDATES = 60
_MAX_TRIED = 500
_DASH = "-\u2010\u2011\u2012\u2013\uff0d"
_GAP = " \u00a0\u2007\u2009\u202f\u3000·"
_ALNUM = "0-9A-Za-z０-９Ａ-Ｚａ-ｚ\u0660-\u0669\u06f0-\u06f9"
_DIGIT, _ASCII_DIGIT = re.compile(r"\d"), re.compile(r"[0-9]")
_CAPITALS = re.compile(r"[A-Z][A-Z]{2,}+(?:-[A-Z]++)*+")  # to begin with one letter lets the search skip faster
_GOES_ON = re.compile(rf"[{_DASH}{_ALNUM}_/=@]")
_LETTERS = re.compile(r"[A-Z]{5,10}|[A-Z]{3,5}(?:-[A-Z]{3,5}){1,2}")
_PIECE = re.compile(rf"[{_DASH}{_ALNUM}_/=.@#&?]\Z")
_SHOUTED = re.compile(r"[A-Z]{2,}[ ,.!\n]{1,3}\Z")
_BEFORE = re.compile(rf"[{_DASH}{_ALNUM}]{{1,16}}\Z")
# Digits spaced out one by one; groups of digits; a run of letters and digits, with dashes.
_FORMS = (
    re.compile(rf"\d(?:[{_GAP}]\d){{3,9}}(?![{_ALNUM}])"),
    re.compile(rf"\d{{2,5}}(?:[{_DASH}{_GAP}]\d{{2,5}}){{1,7}}(?![{_ALNUM}])"),
    re.compile(rf"[{_ALNUM}]{{1,40}}(?:[{_DASH}][{_ALNUM}]{{1,40}}){{0,7}}"),
)
_SEPARATORS = re.compile(rf"[{_DASH}{_GAP}]")
_SPLICED_BEFORE = re.compile(
    r"[a-zA-Z0-9_/=@&%+#$€£¥₹₽₺₴₩~^\\\uff03\uffe5]\Z|\w[.,']\Z|\d:\Z|[%+#$€£¥₹₽₺₴₩\uff03\uffe5][\u00a0 ]\Z"
)
_SPLICED_AFTER = re.compile(
    r"""[_/=@+&#~]|[.,:][\d\w]|[\u00a0 ]?(?:[%€$£¥₽₺₴₩°]|円|元|块|원|年|년|月|号|號|番地|번지|丁目|"""
    r"""(?:eur|usd|gbp|chf|pln|kr|zł|kč|грн|руб|tl|sek|min|mins|minut\w{0,3}|hours?|days?|stunden|tagen?|uhr|kb|mb|gb|km|kg|"""
    r"""ml|mm|cm|px|ms|points?|euros?|dollars?|users?|people|items?|street|st|ave|avenue|road|rd|lane)\b)""",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)\d\d\D\d\d\D\d\d|\d\d\D\d\d\D(?:19|20)\d\d|(?:19|20)\d\d\D(?:19|20)?\d\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_COMMON_WORDS = """
    ACCOUNT ACTIVATION ALERT AND ATTENTION AUTHENTICATION BELOW CODE CONFIRM CONFIRMATION DO EMAIL EXPIRES FOR
    HELLO HERE HTML HTTP HTTPS IMPORTANT LOGIN MINUTES NEVER NOT NOTE NOTICE OTP PASSCODE PASSWORD PIN READY
    REQUIRED SECURITY SHARE THANKS THE THIS URGENT VALID VERIFICATION VERIFY WARNING WELCOME YOUR
"""
_COMMON = frozenset(_COMMON_WORDS.split())


class Candidate(msgspec.Struct, frozen=True):
    """A piece of text that may be a code: how much it looks like one, and whether a word must name it to be one."""

    start: int
    end: int
    text: str
    shape: float
    needs_cue: bool = False


def candidates(text: str, *, capitals: bool) -> Iterator[Candidate]:
    """The first so many pieces that may be codes: those with digits, then, if wanted, words in capitals."""
    at = found = tried = 0
    digits = _ASCII_DIGIT if text.isascii() else _DIGIT
    while found < _MAX_CANDIDATES and tried < _MAX_TRIED and (digit := digits.search(text, at)):
        start, tried = digit.start(), tried + 1
        if before := _BEFORE.search(text, max(at, start - 16), start):
            start = before.start()
        at = _end_of_run(text, start)
        if not _is_spliced(text, start, at) and (candidate := _formed(text, start)):
            at, found = candidate.end, found + 1
            yield candidate
    for match in islice(_CAPITALS.finditer(text) if capitals else (), _MAX_TRIED):
        if _stands_out(text, match):
            yield Candidate(match.start(), match.end(), match[0], 0.1 if "-" in match[0] else 0.0, True)


def _formed(text: str, start: int) -> Candidate | None:
    for form in _FORMS:
        match = form.match(text, start)
        if match and (candidate := _candidate(text, start, match.end(), match[0])):
            return candidate
    return None


def _stands_out(text: str, capitals: re.Match[str]) -> bool:
    """Whether a word in capitals may be a code: no common word, no piece of something, not among others."""
    start, end = capitals.span()
    if not _LETTERS.fullmatch(capitals[0]) or len(set(capitals[0])) < 3 or _COMMON.intersection(capitals[0].split("-")):
        return False
    before = text[max(0, start - 12) : start]
    return not (_GOES_ON.match(text, end) or _PIECE.search(before) or _SHOUTED.search(before))


def _end_of_run(text: str, start: int) -> int:
    match = _FORMS[-1].match(text, start)
    return match.end() if match else start + 1


def _is_spliced(text: str, start: int, end: int) -> bool:
    """Whether this is a piece of something else: of a URL, an address, an amount, a decimal number."""
    if _SPLICED_BEFORE.search(text[max(0, start - 2) : start]):
        return True
    return _SPLICED_AFTER.match(text, end) is not None


def _candidate(text: str, start: int, end: int, shown: str) -> Candidate | None:
    folded = normalize("NFKC", shown) if not shown.isascii() else shown
    pieces = _SEPARATORS.split(folded)
    joined = "".join(pieces)
    if joined.isdigit():
        digits = "".join(str(int(digit)) for digit in joined)
        shape = _shape_of_digits(shown, digits, [len(piece) for piece in pieces])
        if shape is None or (len(pieces) > 1 and _SPLICED_AFTER.match(text, end)):
            return None
        return Candidate(start, end, digits, shape, len(digits) > 8)
    return _mixed(start, end, pieces)


def _shape_of_digits(shown: str, digits: str, lengths: list[int]) -> float | None:
    count = len(digits)
    if not 4 <= count <= 10 or len(set(lengths)) > 1 or _DATE.fullmatch(shown):
        return None
    if len(lengths) > 1 and count > 9:
        return None
    if _YEAR.fullmatch(digits):
        return -0.2
    return 0.2 if count == 6 else 0.1 if count <= 8 else -0.1


def _mixed(start: int, end: int, pieces: list[str]) -> Candidate | None:
    joined = "".join(pieces)
    if not 4 <= len(joined) <= 12 or len(pieces) > 4 or not joined.isascii():
        return None
    digits = sum(map(str.isdigit, joined))
    if not digits or digits == len(joined):
        return None
    if joined.isupper():
        return Candidate(start, end, "-".join(pieces), 0.1, True)
    if len(pieces) > 1 or len(joined) < 5 or digits < 2:
        return None
    return Candidate(start, end, joined, 0.0, True)
