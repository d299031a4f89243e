"""Text made comparable: the same letters, whatever their case and composition, blanks for what separates words."""

import re
from typing import Final
from unicodedata import normalize

_SEPARATORS: Final = re.compile(r'[\r\n\t><",;()\s]+')


def normal(text: str) -> str:
    """The text as it is compared: case folded in every script, `<>",;()` and white space as single blanks."""
    return _SEPARATORS.sub(" ", text.lower() if text.isascii() else _folded(text)).strip()


def _folded(text: str) -> str:
    """Canonical caseless matching (Unicode Standard, D145), put together again."""
    return normalize("NFC", normalize("NFD", text).casefold())
