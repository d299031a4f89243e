"""Placeholders of templates that nobody filled in: `{{name}}`, `${NAME}`, `%name%`, `[[name]]`, `*|NAME|*`, …"""

import re
from itertools import islice
from typing import Final

_WHERE: Final = re.compile(
    r"\{\{\{?[^{}\n]{1,80}\}\}\}?|\{%[^{}%\n]{1,80}%\}|\$\{[^{}\n]{1,80}\}|\[\[\s?[A-Za-z_][\w.:-]{0,60}\s?\]\]"
    r"|\*\|[^|\n]{1,60}\|\*|<%[^%>\n]{1,80}%>|(?<![\w%])%[A-Za-z_][\w.-]{1,60}%(?![\w%])"
)
_URL: Final = re.compile(r"\bhttps?://[^\s<>\"]++", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_IN_ADDRESS: Final = re.compile(
    r"\{\{|\}\}|\$\{|\$\(|\$[A-Z_]{2,}|%[A-Za-z_][\w.-]*%|%[sd]\b|\[\[|\*\||<[A-Za-z_ .-]+>(?!\Z)|^<[^@<>]*>\Z|^\$\w+"
)
_MOST: Final = 1000


def unfilled(text: str) -> tuple[str, ...]:
    """The placeholders in a text, each once, in order; the % of a URL is none."""
    without = _URL.sub(lambda url: _ESCAPED.sub(" ", url[0]), text) if "%" in text else text
    return tuple(dict.fromkeys(found[0] for found in islice(_WHERE.finditer(without), _MOST)))


def is_unfilled(address: str) -> bool:
    """Whether this is the template of an address, such as `${USER_EMAIL}`, `{{user}}@example.com` or `<address>`."""
    return bool(_IN_ADDRESS.search(address.strip()))
