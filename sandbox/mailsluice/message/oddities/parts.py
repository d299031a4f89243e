"""What is odd about single parts: their encodings, charsets, names and identifiers (RFC 2045, RFC 2183)."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from mailsluice.message.charsets import codec_name
from mailsluice.message.headers import unfold
from mailsluice.message.mime import Part
from mailsluice.message.oddities.rules import Noted, listed, shown, where
from mailsluice.message.transfer import BASE64, IDENTITIES, QUOTED_PRINTABLE, knows
from mailsluice.message.words import visible
from mailsluice.preview.kinds import differing

_LOOKED_AT: Final = 8 << 20  # bytes of encoded content in all
_LINES_LOOKED_AT: Final = 64 << 10
_LONGEST: Final = 76
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_LINE_ENDS: Final = b"\r\n \t"
_BAD_QUOTED: Final = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*+\r?\n|[ \t]*+\Z)")
_PATH: Final = re.compile(r"[/\\]|^\.\.?$")
_VALUE: Final = re.compile(r"[^\s/;]++/[^\s/;]++")
_LONGEST_NAME: Final = 1000
_FILES_LOOKED_AT: Final = 1000
_SNIFFED: Final = 96 << 10
_TURNED: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_FIELDS: Final = (b"content-type", b"content-disposition")
_NARROW: Final = frozenset(["", "7bit", QUOTED_PRINTABLE])


def part_oddities(raw: bytes, parts: Sequence[Part], *, said: str) -> Iterator[Noted]:
    """What is odd about leaf parts; `said` are sentences that name unknown charsets and encodings already."""
    for code, (is_odd, sentence) in _CHECKS.items():
        if odd := [part for part in parts if is_odd(part)]:
            yield Noted(code, sentence.format(where(odd)))
    yield from _names(parts)
    yield from _disguises(parts)
    yield from _unknown(parts, said)
    yield from _identifiers(parts)
    if not raw.isascii():
        narrow = (part for part in parts if part.encoding in _NARROW)
        if odd := [part for part in narrow if not raw[part.body : part.end].isascii()]:
            text = f"There are bytes above ASCII in {where(odd)}, though its transfer encoding has only ASCII."
            yield Noted("8bit-in-7bit", text)
    yield from _damage(raw, parts)


def _says_no_type(part: Part) -> bool:
    said = unfold(part.fields.get(b"content-type", b"")[:1000]).decode("latin-1")
    return bool(said) and not _VALUE.match(said)


def _is_coded_message(part: Part) -> bool:
    return part.content_type == "message/rfc822" and part.encoding not in IDENTITIES


def _has_word_in_parameter(part: Part) -> bool:
    return any(b"=?" in (value := part.fields.get(name, b"")) and b"?=" in value for name in _FIELDS)


def _has_high_header(part: Part) -> bool:
    # The message's own header is told about field by field.
    return part.number != "0" and not all(value.isascii() for value in part.fields.values())


def _has_path(part: Part) -> bool:
    return bool(_PATH.search(part.given_name[:1000]))


_CHECKS: Final[Mapping[str, tuple[Callable[[Part], bool], str]]] = {
    "content-type-malformed": (_says_no_type, "The Content-Type of {} is not of the form type/subtype."),
    "encoded-container": (_is_coded_message, "The attached message in {} is encoded, which no message/rfc822 may be."),
    "encoded-word-in-parameter": (
        _has_word_in_parameter,
        "A parameter of {} is an encoded word, where it should be written as name*=utf-8''….",
    ),
    "part-header-8bit": (_has_high_header, "There are bytes above ASCII in the header of {}."),
    "file-name-path": (_has_path, "The file name of {} is a path; mail programs must leave the folders out."),
}


def _names(parts: Sequence[Part]) -> Iterator[Noted]:
    for part in parts:
        name = part.given_name[:_LONGEST_NAME]
        if _TURNED.search(name):
            text = f"A file name hides its end: {shown(visible(name), length=100)} ({where([part])})."
            yield Noted("file-name-hidden", text)


def _disguises(parts: Sequence[Part]) -> Iterator[Noted]:
    """Files that are not what they say, told by their first bytes."""
    files = (part for part in parts if (part.is_attachment or part.is_inline) and part.end > part.body)
    for part in islice(files, _FILES_LOOKED_AT):
        if found := differing(part.content_type, part.given_name, part.chunk(_SNIFFED)):
            name = shown(visible(part.given_name[:_LONGEST_NAME])) or "A file"
            yield Noted("file-differs", f"{name} is not what it says: {_lowered(found)} ({where([part])}).")


def _lowered(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")


def _unknown(parts: Sequence[Part], said: str) -> Iterator[Noted]:
    encodings: dict[str, list[Part]] = {}
    charsets: dict[str, list[Part]] = {}
    for part in parts:
        if not knows(part.encoding):
            encodings.setdefault(part.encoding, []).append(part)
        if part.charset and part.content_type.startswith("text/") and not codec_name(part.charset):
            charsets.setdefault(part.charset, []).append(part)
    for code, kind, found in (
        ("unknown-encoding", "transfer encoding", encodings),
        ("unknown-charset", "charset", charsets),
    ):
        for name, odd in found.items():
            if f"unknown {kind} '{shown(name, length=40).rstrip('…')}'" not in said:
                yield Noted(code, f"The {kind} '{shown(name, length=40)}' of {where(odd)} is unknown.")


def _identifiers(parts: Sequence[Part]) -> Iterator[Noted]:
    values = [(part, unfold(part.fields[b"content-id"])) for part in parts if b"content-id" in part.fields]
    repeated = [name for name, number in Counter(part.content_id for part, _ in values).items() if name and number > 1]
    if repeated:
        names = listed([shown(name, length=40) for name in repeated])
        yield Noted("content-id-repeated", f"More than one part has the Content-ID {names}.")
    if bare := [part for part, value in values if value[:1] != b"<" or value[-1:] != b">"]:
        yield Noted("content-id-malformed", f"The Content-ID of {where(bare)} does not stand between < and >.")


def _damage(raw: bytes, parts: Sequence[Part]) -> Iterator[Noted]:
    damaged: dict[str, list[Part]] = {BASE64: [], QUOTED_PRINTABLE: []}
    long: list[Part] = []
    room = _LOOKED_AT
    for part in parts:
        if room <= 0:
            break
        if part.encoding not in damaged:
            continue
        data = raw[part.body : min(part.end, part.body + room)]
        is_whole = part.body + len(data) >= part.end
        room -= len(data) + 100
        if part.encoding == BASE64:
            if _is_bad_base64(data, is_whole=is_whole):
                damaged[BASE64].append(part)
            lines = data[:_LINES_LOOKED_AT].split(b"\n")
            if any(len(line.rstrip(b"\r")) > _LONGEST for line in lines):
                long.append(part)
        elif _BAD_QUOTED.search(data if is_whole else data[: data.rfind(b"\n") + 1]):
            damaged[QUOTED_PRINTABLE].append(part)
    if damaged[BASE64]:
        yield Noted("base64-damaged", f"The base64 of {where(damaged[BASE64])} is damaged; what could be was decoded.")
    if long:
        yield Noted("base64-long-lines", f"The base64 of {where(long)} has lines of more than {_LONGEST} characters.")
    if odd := damaged[QUOTED_PRINTABLE]:
        text = f"The quoted-printable text of {where(odd)} has an = that encodes nothing."
        yield Noted("quoted-printable-damaged", text)


def _is_bad_base64(data: bytes, *, is_whole: bool) -> bool:
    """Whether there is anything but whole groups of four letters, padded at the very end."""
    letters = data.translate(None, _LINE_ENDS)
    kept = letters.rstrip(b"=")
    if kept.translate(None, _ALPHABET):
        return True
    return is_whole and (len(letters) % 4 > 0 or len(letters) - len(kept) > 2)
