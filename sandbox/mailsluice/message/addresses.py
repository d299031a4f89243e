"""Addresses as they stand in From, To, Cc, Bcc and Reply-To (RFC 5322 section 3.4), read leniently in linear time."""

import re

import msgspec

from mailsluice.message.words import clean, decode_words

MAX_ADDRESSES = 10_000

# The common forms in one step each: `"Name" <a@b>`, `Name <a@b>`, `a@b`, up to the next comma.
_MAILBOX = re.compile(
    r"""\s*+(?:(?:"([^"\\]*+)"|([^"<>(),:;@\\\[]*+))\s*+<([^<>\s@,:;"()\\\[]++@[^<>\s@,:;"()\\\[]++)>"""
    r"""|([^'<>\s@,:;"()\\\[][^<>\s@,:;"()\\\[]*+@[^<>\s@,:;"()\\\[]++))\s*+(?:,|\Z)"""
)
_TOKEN = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*+"?)|(?P<angle><\s*+"(?:[^"\\]|\\.)*+"\s*+@[^<>,;"]*+>|<(?:@[^<>]*+|[^<>,;]*+)>*+)|(?P<literal>\[[^\]]*+\]?)|(?P<open>\()"""
    r"""|(?P<stop>[,;])|(?P<colon>:)|(?P<text>[^"<\[(,;:]++)""",
    re.DOTALL,
)
_COMMENT = re.compile(r"[^()\\]++|\\.|[()]|\\", re.DOTALL)
_SPEC = re.compile(
    r"""(?:"(?:[^"\\]|\\.)*+"|[^\s"@<>(),:;\\\[\]]++)@(?:\[[^\]\s]++\]|[^\s"@<>(),:;\\\[\]]++)""", re.DOTALL
)
_AROUND = re.compile(r"\s*+([@.])\s*+")


class Address(msgspec.Struct, frozen=True):
    """A display name and an `address`; one that could not be read is all name and no address."""

    name: str = ""
    address: str = ""


def parse_addresses(value: str) -> tuple[Address, ...]:
    """The addresses of a header value; groups are flattened, comments dropped, and encoded words in names decoded.

    Give the value before encoded words are decoded where it is at hand: a decoded name may hold commas and brackets.
    """
    found: list[Address] = []
    position, end = 0, len(value)
    while position < end and len(found) < MAX_ADDRESSES:
        match = _MAILBOX.match(value, position)
        if match is None:
            position = _read_one(value, position, found)
            continue
        quoted, phrase, angle, bare = match.groups()
        found.append(Address(_name(quoted or phrase or ""), clean(angle or bare)))
        position = match.end()
    return tuple(found)


def _name(text: str) -> str:
    return " ".join(clean(decode_words(text)[0]).split())


def _read_one(value: str, position: int, found: list[Address]) -> int:
    """Read one address of any form from `position`; returns where the next begins."""
    name: list[str] = []
    spec: list[str] = []
    angle: str | None = None
    comments: list[str] = []
    start = position
    while token := _TOKEN.match(value, position):
        position, kind, text = token.end(), token.lastgroup, token[0]
        if kind == "stop":
            break
        if kind == "open":
            position, comment = _comment(value, position)
            comments.append(comment)
            spec.append(" ")
        elif kind == "colon":
            # The name of a group (or a source route without brackets) ends here.
            name, spec, comments, start = [], [], [], position
        elif kind == "angle":
            angle = angle if angle and angle.strip("<> ") else text
        else:
            name.append(_unquoted(text) if kind == "quoted" else text)
            spec.append(text)
    raw = value[start:position].strip().rstrip(",;").strip()
    if angle is None:
        address = _bare("".join(spec), raw, comments)
    else:
        address = _bracketed("".join(name) or " ".join(comments), angle, raw)
    if address is not None:
        found.append(address)
    return position


def _bare(spec: str, raw: str, comments: list[str]) -> Address | None:
    spec = _AROUND.sub(r"\1", spec.strip().strip("<>"))
    if spec.startswith("'") and spec.endswith("'"):
        spec = spec[1:-1]
    if _SPEC.fullmatch(spec):
        return Address(_name(" ".join(comments)), clean(spec))
    return Address(_name(raw)) if raw else None


def _bracketed(name: str, angle: str, raw: str) -> Address:
    spec = _AROUND.sub(r"\1", angle.strip("<> \t\r\n"))
    if spec.startswith("@"):
        # A source route, `<@relay,@relay:user@host>`, is to be ignored (RFC 5322 section 4.4).
        spec = spec.partition(":")[2]
    if spec.startswith("'") and spec.endswith("'"):
        spec = spec[1:-1]
    spec = re.sub(r"^mailto:", "", spec, flags=re.IGNORECASE)
    if not spec or (not _SPEC.fullmatch(spec) and any(c.isspace() for c in spec)):
        return Address(_name(raw))
    return Address(_name(name), clean(spec))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:].removesuffix('"'), flags=re.DOTALL)


def _comment(value: str, position: int) -> tuple[int, str]:
    """The end and the text of a comment that opened just before `position`; comments nest."""
    depth, start = 1, position
    for token in _COMMENT.finditer(value, position):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if not depth:
            return token.end(), value[start : token.start()]
    return len(value), value[start:]
