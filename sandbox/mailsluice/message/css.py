"""References in CSS, found as a browser finds them, through escapes and comments; all else is kept byte for byte."""

import re
from bisect import bisect
from collections.abc import Callable
from itertools import chain
from typing import Final, Literal

Kind = Literal["image", "style sheet", "font", "media"]
Reference = Callable[[str, Kind], str | None]

NOTHING: Final = "data:,"
"""What stands where a reference was taken out: no browser asks anybody for it."""

GAP: Final = r"(?:\s|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z))*+"
STRING: Final = r""""(?:[^"\\\n]|\\[\s\S])*+(?:"|(?=\n)|\Z)|'(?:[^'\\\n]|\\[\s\S])*+(?:'|(?=\n)|\Z)"""
COMMENT: Final = r"/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)"

_BARE = r"""(?:[^()"'\s\\]|\\(?:[0-9a-fA-F]{1,6}\s?|[^\n]))*+"""
_URL = rf"""(?<![\w-])url\(\s*+(?:(?P<quoted>{STRING})|(?P<bare>{_BARE})\s*+(?:\)|\Z))"""
_IMPORT = rf"(?P<import>@import{GAP}(?:url\(\s*+)?(?:(?P<from>{STRING})|(?P<at>{_BARE}))(?P<how>[^;{{}}]*+)(?:;|\Z)?)"
_SET = (
    rf"(?P<set>(?<![\w-])(?:(?:-webkit-)?(?:image-set|cross-fade)|image|src)\((?:[^()\"']|{STRING}"
    rf"|\((?:[^()\"']|{STRING})*+\))*+(?:\)|\Z))"
)
_REFERENCE = re.compile(rf"{COMMENT}|{_IMPORT}|{_SET}|{_URL}|{STRING}", re.IGNORECASE)
_IN_SET = re.compile(rf"{COMMENT}|type\({GAP}(?:{STRING})|{_URL}|(?P<string>{STRING})", re.IGNORECASE)
_FONT_FACE = re.compile(r"@font-face[^{}]*+\{[^}]*+", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|\s)?|(\n)|([^\n])|\Z)")
_ESCAPED_NAME = re.compile(r"@?(?:[\w-]|\\(?:[0-9a-fA-F]{1,6}\s?|[^\n0-9a-fA-F]))++")
_MEANT: Final = (
    *("url", "src", "image", "image-set", "-webkit-image-set", "cross-fade", "-webkit-cross-fade", "@import"),
    *("@media", "@font-face", "prefers-color-scheme", "color-scheme", "light", "dark"),
)


def rewrite_css(css: str, *, reference: Reference) -> str:
    """The style sheet with each reference replaced by what `reference` makes of it; None takes it out."""
    css = plain_names(css)
    lowered = css.lower()
    if not any(sign in lowered for sign in ("url(", "@import", "image", "src(", "cross-fade")):
        return css
    fonts = list(chain.from_iterable(found.span() for found in _FONT_FACE.finditer(css)))

    def rewritten(match: re.Match[str]) -> str:
        found = match.lastgroup
        if found is None or found == "import":
            return _import(match, reference) if found else match[0]
        kind: Kind = "font" if fonts and bisect(fonts, match.start()) % 2 else "image"
        if found == "set":
            return _IN_SET.sub(lambda inner: _image(inner, reference, kind), match[0])
        return _url(match, reference, kind)

    return _REFERENCE.sub(rewritten, css)


def plain_names(css: str) -> str:
    """The style sheet with the names that matter here written without escapes: `\\75 rl(…)` is `url(…)`."""
    return _ESCAPED_NAME.sub(_plain_name, css) if "\\" in css else css


def _plain_name(match: re.Match[str]) -> str:
    if "\\" not in match[0]:
        return match[0]
    name = unescaped(match[0])
    return name if name.lower() in _MEANT else match[0]


def unescaped(text: str) -> str:
    """The text with CSS escapes resolved."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[3] or ""
    code = int(match[1], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _import(match: re.Match[str], reference: Reference) -> str:
    said = match["at"] if match["from"] is None else _content(match["from"])
    target = unescaped(said).strip()
    replaced = reference(target, "style sheet") if target else None
    if replaced is None:
        return ""
    if replaced == target:
        return match[0]
    return f'@import "{_safe(replaced)}"{match["how"].lstrip(")")};'


def _url(match: re.Match[str], reference: Reference, kind: Kind) -> str:
    bare = match["bare"]
    target = unescaped(_content(match["quoted"]) if bare is None else bare).strip()
    replaced = reference(target, kind)
    if replaced == target:
        return match[0]
    if replaced is None and kind == "font":
        # A browser complains about a file that is no font.
        left = 'local(""'
    else:
        left = f'url("{NOTHING if replaced is None else _safe(replaced)}"'
    # What follows a quoted reference, `)` among it, is still there.
    return left + (")" if bare is not None else "")


def _image(match: re.Match[str], reference: Reference, kind: Kind) -> str:
    if match["string"] is None:
        return match[0] if match["bare"] is None and match["quoted"] is None else _url(match, reference, kind)
    target = unescaped(_content(match["string"])).strip()
    replaced = reference(target, kind)
    return match[0] if replaced == target else f'"{_safe(NOTHING if replaced is None else replaced)}"'


def _content(quoted: str) -> str:
    return quoted[1:-1] if len(quoted) > 1 and quoted[-1] == quoted[0] else quoted[1:]


def _safe(url: str) -> str:
    return url.replace("\\", "%5C").replace('"', "%22").replace("\n", "").replace("<", "%3C")
