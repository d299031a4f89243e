"""What is odd about encoded words in a header (RFC 2047)."""

import binascii
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from mailsluice.message.charsets import codec_name
from mailsluice.message.oddities.rules import Fields, Noted, listed, proper

_WORD: Final = re.compile(rb"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*+)\?=")
_SPACE: Final = re.compile(rb"\s")
_LONGEST: Final = 75
_READ: Final = 500
_ADDRESSES: Final = frozenset([b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc"])
_OTHERS: Final = frozenset([b"subject", b"comments", b"thread-topic"]) | _ADDRESSES
_BEFORE: Final = b" \t\r\n("
_AFTER: Final = b" \t\r\n)"
_SENTENCES: Final[Mapping[str, str]] = {
    "encoded-word-long": "An encoded word in {} is longer than 75 characters.",
    "encoded-word-space": "An encoded word in {} holds white space, so that strict programs do not decode it.",
    "encoded-word-touching": "An encoded word in {} is not set off by white space, so that it may be shown as it is.",
    "encoded-word-quoted": "An encoded word in {} stands between quotes, where it must not be decoded.",
    "encoded-word-split": "A character in {} is cut in two by the end of an encoded word.",
}


def encoded_word_oddities(named: Fields) -> Iterator[Noted]:
    """How encoded words are written, in the fields that people read; one sentence for each way of being wrong."""
    found: dict[str, dict[str, None]] = {code: {} for code in _SENTENCES}
    for name in _OTHERS & named.keys():
        for value in named[name][:10]:
            if b"=?" in value:
                for code in _codes(name, value):
                    found[code][proper(name)] = None
    for code, names in found.items():
        if names:
            yield Noted(code, _SENTENCES[code].format(listed(sorted(names))))


def _codes(name: bytes, value: bytes) -> set[str]:
    codes: set[str] = set()
    quotes = end = 0
    for word in islice(_WORD.finditer(value), _READ):
        charset, encoding, payload = word.groups()
        if _SPACE.search(payload):
            codes.add("encoded-word-space")
        elif len(word[0]) > _LONGEST:
            codes.add("encoded-word-long")
        before, after = value[word.start() - 1 : word.start()], value[word.end() : word.end() + 1]
        quotes += value.count(b'"', end, word.start())
        end = word.end()
        if name in _ADDRESSES and quotes % 2:
            codes.add("encoded-word-quoted")
        elif (before and before not in _BEFORE) or (after and after not in _AFTER):
            codes.add("encoded-word-touching")
        if _is_cut(charset, encoding.lower(), payload):
            codes.add("encoded-word-split")
    return codes


def _is_cut(charset: bytes, encoding: bytes, payload: bytes) -> bool:
    """Whether a UTF-8 word begins or ends within a character."""
    if codec_name(charset.partition(b"*")[0].decode("latin-1")) != "utf_8":
        return False
    try:
        data = binascii.a2b_qp(payload, header=True) if encoding == b"q" else binascii.a2b_base64(payload)
    except binascii.Error:
        return False
    return (data[:1] >= b"\x80" and data[0] < 0xC0) or _ends_within(data)


def _ends_within(data: bytes) -> bool:
    for back, byte in enumerate(reversed(data[-3:]), 1):
        if byte >= 0xC0:
            return (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) > back
        if byte < 0x80:
            return False
    return False
