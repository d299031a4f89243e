"""Text made comparable: the same letters, whatever their case, composition and accents, blanks for what separates."""

import re
from typing import Final
from unicodedata import normalize

_SEPARATORS: Final = re.compile(r'[\r\n\t><",;()\s]+')
# Accents of Latin and Greek letters, and the dots of the Russian ё. Elsewhere a mark makes another letter.
_ACCENTS: Final = re.compile("(?<=[a-z\u03b1-\u03c9\u0131øłđ])[\u0300-\u036f]+|(?<=\u0435)\u0308")
_PLAIN: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i"})


def normal(text: str) -> str:
    """The text as it is compared: without case and accents, `<>",;()` and white space as single blanks."""
    return _SEPARATORS.sub(" ", text.lower() if text.isascii() else _without_accents(text)).strip()


def folded(name: str) -> str:
    """A name as it is told from others: `Köln` is `KÖLN` but not `Koln`."""
    return _SEPARATORS.sub(" ", normalize("NFC", _caseless(name))).strip()


def _without_accents(text: str) -> str:
    return normalize("NFC", _ACCENTS.sub("", _caseless(text)).translate(_PLAIN))


def _caseless(text: str) -> str:
    """Canonical caseless matching (Unicode Standard, D145)."""
    return normalize("NFD", normalize("NFD", text).casefold())
