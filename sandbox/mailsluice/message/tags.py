"""HTML as a run of tags, read in linear time: text from it, and a bound on what a parser has to build from it."""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape

MAX_DEPTH = 400
MAX_FORMATTING = 50
_MAX_ATTRIBUTES = 300
_FEW_TAGS = 1000
# Comment, other declaration, or tag, each also when the document ends within it.
_TOKEN = re.compile(
    r"""<!--(?:-?>|(?:[^-]++|-(?!-!?>))*+(?:--!?>|\Z))|<(?:!|\?|/(?![a-zA-Z]))[^>]*+>?"""
    r"""|<(?P<close>/?)(?P<name>[a-zA-Z][^\s/>]*+)"""
    r"""(?P<rest>(?:[^>"'=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?+|["'])*+)(?:>|\Z)""",
    re.DOTALL,
)
_RAW = frozenset(["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"])
_RAW_END = {name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE) for name in _RAW}
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_HREF = re.compile(r"""\bhref\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.IGNORECASE)


def _names(spaced: str) -> frozenset[str]:
    return frozenset(spaced.split())


_SPACED = _names("p h1 h2 h3 h4 h5 h6 ul ol dl table blockquote pre hr")
_LINES = _names(
    "address article aside body br caption center dd details div dt fieldset figcaption figure footer form header html "
    "legend main nav option section summary tbody tfoot thead title tr"
)
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
_CELLS = _names("td th caption object applet marquee")
_IMPLIED = _names("p li dt dd option optgroup td th tr tbody thead tfoot")
# An opening tag of the first kind ends open elements of the second kind.
_ENDS = {
    **dict.fromkeys(_SPACED | _names("div center form address section article"), _names("p")),
    **dict.fromkeys(("dt", "dd"), _names("dt dd p")),
    **dict.fromkeys(("option", "optgroup"), _names("option")),
    **dict.fromkeys(("tbody", "thead", "tfoot"), _names("tbody thead tfoot td th tr p")),
    **dict.fromkeys(("td", "th"), _names("td th p")),
    "tr": _names("td th tr p"),
    "li": _names("li p"),
}
_PASSED = _IMPLIED | _FORMATTING
# Elements that begin and end without another one within, and those that never hold one: they change no nesting.
_ATTRIBUTES = r"""(?:\s[^<>"'=]{0,60}+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'<>=]++)){0,20}+\s*+/?>"""
_LEAVES = re.compile(
    rf"(?:[^<]*+<(?:(a|b|big|em|font|i|small|span|strong|sub|sup|u){_ATTRIBUTES}[^<]*+</\1>|"
    rf"(?:br|hr|img|wbr){_ATTRIBUTES}))*+",
    re.IGNORECASE,
)
_NO_LEAF = _names("</ <t <d <p <T <D <P")
_BARE = re.compile(rf"(?:<(?!(?:{'|'.join(_RAW | _VOID)}|svg|math)\b)[a-zA-Z][a-zA-Z0-9]*+>\s*+)++", re.IGNORECASE)
_BARE_NAME = re.compile(r"[a-z][a-z0-9]*")


def text_from_html(html: str) -> str:
    """Readable text of an HTML document: blocks on lines of their own, `- ` before list items, `text (URL)`."""
    pieces: list[str] = []
    href, linked, preformatted = "", 0, 0
    for token, text in _tokens(html):
        if text:
            text = unescape(text)
            if preformatted:
                text = text.replace(" ", "\xa0").replace("\n", "\xa0\n")
            else:
                text = " ".join(text.split()).join((" " * text[:1].isspace(), " " * text[-1:].isspace())) or " "
            pieces.append(text)
        name = (token["name"] or "").lower() if token else ""
        if not token or not name:
            continue
        if name == "a":
            if href and href not in "".join(pieces[linked:]):
                pieces.append(f" ({href})")
            found = _HREF.search(token["rest"]) if not token["close"] else None
            href = unescape(found[1] or found[2] or found[3] or "").strip() if found else ""
            href = href if href.lower().startswith(("http://", "https://", "mailto:")) and len(href) < 2000 else ""
            linked = len(pieces)
        elif name == "pre":
            preformatted = max(0, preformatted + (-1 if token["close"] else 1))
        pieces.append(_between(name, closing=bool(token["close"])))
    return _tidy("".join(pieces))


def _between(name: str, *, closing: bool) -> str:
    """What a tag puts between the text before it and the text after it."""
    if name in _SPACED:
        return "\n\n"
    if name == "li":
        return "\n" if closing else "\n- "
    if name in _LINES:
        return "\n"
    return " " if name in ("td", "th") else ""


def _tidy(text: str) -> str:
    lines = re.sub(" {2,}", " ", text).split("\n")
    stripped = "\n".join(line.strip(" ").replace("\xa0", " ").rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", stripped).strip("\n")


def _tokens(html: str) -> Iterator[tuple[re.Match[str] | None, str]]:
    """Each tag with the text before it (raw elements' text left out), then the text after the last."""
    position = 0
    while token := _TOKEN.search(html, position):
        yield token, html[position : token.start()]
        position = token.end()
        name = (token["name"] or "").lower()
        if name in _RAW and not token["close"]:
            end = _RAW_END[name].search(html, position)
            inside = html[position : end.start() if end else len(html)]
            position += len(inside)
            if name in ("textarea", "xmp"):
                yield None, inside
    yield None, html[position:]


def bounded(html: str) -> str:
    """The document without the opening tags that nest so deep, or repeat so often, that they would stall a parser.

    Parsers take time by the square of the depth, and copy open formatting elements into each new paragraph.
    """
    if html.count("<") <= _FEW_TAGS and len(html) < 64 * 1024:
        return html
    nesting, pieces, position, end = _Nesting(), [], 0, 0
    while token := _TOKEN.search(html, end):
        end = token.end()
        close, name, rest = token.groups()
        if not name:
            continue
        name = name.lower()
        if not (nesting.close(name) if close else nesting.open(name, rest)):
            pieces.append(html[position : token.start()])
            position = end = nesting.drop_all(html, end)
        elif name in _RAW and not close and not nesting.foreign:
            found = _RAW_END[name].search(html, end)
            end = found.start() if found else len(html)
        elif html[end : end + 2] not in _NO_LEAF and nesting.has_room and (leaves := _LEAVES.match(html, end)):
            end = leaves.end()
    pieces.append(html[position:])
    return "".join(pieces)


class _Nesting:
    """The elements open at a place of a document; takes more to be open than a parser would, never fewer by much."""

    def __init__(self) -> None:
        self.foreign = 0
        self._open: list[str] = []
        self._formatting: list[str] = []
        self._marks: list[int] = []
        self._dropped: Counter[str] = Counter()
        self._missing = 0

    @property
    def has_room(self) -> bool:
        """Whether another element may open, and every closing tag counts."""
        return len(self._open) < MAX_DEPTH and len(self._formatting) < MAX_FORMATTING and not self._missing

    def drop_all(self, html: str, start: int) -> int:
        """Leave out the bare opening tags from here on if there is no room for them; where they end."""
        if len(self._open) < MAX_DEPTH or not (run := _BARE.match(html, start)):
            return start
        names = _BARE_NAME.findall(run[0].lower())
        self._dropped.update(names)
        self._missing += len(names)
        return run.end()

    def open(self, name: str, rest: str) -> bool:
        """Note an opening tag; False when it is to be left out."""
        if len(rest) > 2 * _MAX_ATTRIBUTES and len(_QUOTED.sub("", rest).split()) > _MAX_ATTRIBUTES:
            return name not in _VOID and self._drop(name)
        if name in _VOID or (self.foreign and rest.endswith("/")):
            return True
        while self._open and self._open[-1] in _ENDS.get(name, ()):
            self._pop()
        if len(self._open) >= MAX_DEPTH or (name in _FORMATTING and len(self._formatting) >= MAX_FORMATTING):
            return self._drop(name)
        self._open.append(name)
        self.foreign += name in ("svg", "math")
        if name in _FORMATTING:
            self._formatting.append(name)
        if name in _CELLS:
            self._marks.append(len(self._formatting))
        return True

    def close(self, name: str) -> bool:
        """Note a closing tag; False when its opening tag was left out."""
        if self._dropped[name]:
            self._dropped[name] -= 1
            self._missing -= 1
            return False
        if name in _FORMATTING and name in self._formatting:
            self._formatting.reverse()
            self._formatting.remove(name)
            self._formatting.reverse()
        at = len(self._open) - 1
        while at >= 0 and self._open[at] != name and self._open[at] in _PASSED:
            at -= 1
        if at >= 0 and self._open[at] == name:
            while len(self._open) > at:
                self._pop()
        return True

    def _pop(self) -> None:
        name = self._open.pop()
        self.foreign -= name in ("svg", "math")
        if name in _CELLS and self._marks:
            del self._formatting[self._marks.pop() :]

    def _drop(self, name: str) -> bool:
        self._dropped[name] += 1
        self._missing += 1
        return False
