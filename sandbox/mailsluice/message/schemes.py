"""The colour scheme of a mail made that of the view: what a light or a dark reader sees, whatever the system says.

Media queries that ask for the reader's scheme get their answer here, and `color-scheme`, as property or meta element,
is left with one scheme. `light-dark()` and the system's colours follow that property by themselves.
"""

import re
from typing import Final, Literal

from mailsluice.message.css import COMMENT, GAP, STRING, plain_names

Scheme = Literal["light", "dark"]

TRUE: Final = "(min-width:0)"
FALSE: Final = "(min-width:999999px)"

_NEAR: Final = 200

_SIGN = re.compile("color-scheme", re.IGNORECASE)
_FEATURE = rf"\({GAP}prefers-color-scheme{GAP}(?::{GAP}(?P<asked>[a-z-]++){GAP})?\)"
_PROPERTY = rf"(?P<name>(?<![\w-])color-scheme{GAP}:)(?P<value>[^;}})!]*+)"
_IN_CSS = re.compile(rf"{COMMENT}|{STRING}|(?P<feature>{_FEATURE})|{_PROPERTY}", re.IGNORECASE)
_IN_QUERY = re.compile(rf"(?P<feature>{_FEATURE})", re.IGNORECASE)
_WORD = re.compile(rf"{COMMENT}|[\w-]++", re.IGNORECASE)


def knows_dark(html: str) -> bool:
    """Whether the document may look different to a dark reader; if not, its light version is its dark one too."""
    lowered = html.lower()
    around = (lowered[max(0, match.start() - _NEAR) : match.end() + _NEAR] for match in _SIGN.finditer(lowered))
    return any("prefers-" in words or "dark" in words for words in around)


def scheme_css(css: str, *, scheme: Scheme) -> str:
    """The style sheet as it applies to a reader of that scheme; what does not depend on it is kept byte for byte."""
    css = plain_names(css)
    if not _SIGN.search(css):
        return css

    def rewritten(match: re.Match[str]) -> str:
        if match["feature"]:
            return _answer(match, scheme)
        return match["name"] + _one(match["value"], scheme) if match["name"] else match[0]

    return _IN_CSS.sub(rewritten, css)


def scheme_media(query: str, *, scheme: Scheme) -> str:
    """A media query, such as an attribute holds, as it applies to a reader of that scheme."""
    query = plain_names(query)
    return _IN_QUERY.sub(lambda match: _answer(match, scheme), query) if _SIGN.search(query) else query


def scheme_meta(content: str, *, scheme: Scheme) -> str:
    """What `<meta name=color-scheme>` says, left with the scheme that a browser would take."""
    return _one(content, scheme).strip()


def _answer(match: re.Match[str], scheme: Scheme) -> str:
    asked = (match["asked"] or scheme).lower()
    if asked not in ("light", "dark", "no-preference"):
        return match[0]
    return TRUE if asked == scheme else FALSE


def _one(value: str, scheme: Scheme) -> str:
    """The value with the reader's scheme alone if it is among several; the first one known where it is not."""
    words = [word.lower() for word in _WORD.findall(value) if not word.startswith("/*")]
    known = [word for word in words if word in ("light", "dark")]
    if len(set(known)) < 2 or "(" in value:
        return value
    return f" {'only ' if 'only' in words else ''}{scheme}"
