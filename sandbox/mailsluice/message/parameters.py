"""`Content-Type: text/plain; charset=utf-8` and its like: a value with parameters (RFC 2045, RFC 2231)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from mailsluice.message.charsets import decode, decode_loose
from mailsluice.message.words import clean, decode_words

_PARAMETER = re.compile(r""";\s*+([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?|([^;]*+))""", re.DOTALL)
_SECTION = re.compile(r"([^*]+)\*(?:([0-9]{1,5})(\*?))?")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_NAMES = ("filename", "name")
_CACHED = 300
_LONGEST = 256 * 1024


class Structured(NamedTuple):
    """A header value's first word in lower case, and its parameters by lower-case name."""

    value: str
    parameters: Mapping[str, str]


def structured(raw: bytes) -> Structured:
    """Read a Content-Type or Content-Disposition value; whatever cannot be read is left out."""
    return _remembered(raw) if len(raw) <= _CACHED else _read(raw[:_LONGEST])


@lru_cache(1024)
def _remembered(raw: bytes) -> Structured:
    return _read(raw)


def _read(raw: bytes) -> Structured:
    text = decode_loose(raw)
    value = text.partition(";")[0].partition("(")[0].strip().lower()
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, quoted, token in _PARAMETER.findall(text if ";" in text[: len(value) + 99] else ";" + text):
        name = name.lower()
        content = _unquoted(quoted) if quoted else token.strip()
        if "*" in name and (section := _SECTION.fullmatch(name)):
            base, number, percent = section.groups()
            sections.setdefault(base, {}).setdefault(int(number or -1), (content, number is None or bool(percent)))
        elif name in _NAMES:
            plain.setdefault(name, clean(decode_words(content)[0]))
        else:
            plain.setdefault(name, content if quoted else (content.split() or [""])[0].partition("(")[0])
    for base, numbered in sections.items():
        if (joined := _joined(numbered)) is not None:
            plain[base] = clean(joined)
    return Structured(value, plain)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if "\\" in text else text


def _joined(numbered: dict[int, tuple[str, bool]]) -> str | None:
    """The text of `name*=` or of the unbroken sections `name*0=`, `name*1*=`, … (RFC 2231 sections 3 and 4)."""
    sections = [numbered[-1]] if -1 in numbered else []
    while -1 not in numbered and len(sections) in numbered:
        sections.append(numbered[len(sections)])
    if not sections:
        return None
    charset = ""
    if sections[0][1] and sections[0][0].count("'") >= 2:
        charset, _, rest = sections[0][0].split("'", 2)
        sections[0] = (rest, True)
    data = b"".join(_unpercent(text) if percent else text.encode("utf-8", "replace") for text, percent in sections)
    return decode(data, charset=charset or "utf-8")[0]


def _unpercent(text: str) -> bytes:
    return _PERCENT.sub(lambda match: bytes((int(match[1], 16),)), text.encode("utf-8", "replace"))
