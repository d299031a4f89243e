"""Bytes to text by the charset that a mail names, or the best guess where the name does not fit the bytes."""

import codecs
import re
from encodings.aliases import aliases
from functools import lru_cache

# Only codecs that Python ships are looked up: an unknown name would be sought in the file system and never forgotten.
_SHIPPED = frozenset(aliases) | frozenset(aliases.values()) | {"cp720", "cp737", "cp856", "cp874", "cp875", "cp1006"}
_SHIPPED |= {"koi8_t", "koi8_u", "utf_8_sig", "mac_arabic", "mac_croatian", "mac_farsi", "mac_romanian"}
# These count as text encodings in Python, but turn mail into something else, are slow, or depend on the platform.
_DENIED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "charmap"}

# What mail calls them, and the superset that programs mean when they use the narrower name (as browsers do).
_MEANT = {
    "iso8859_1": "cp1252",
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "ks_c_5601_1987": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "shift_jis": "cp932",
    "x_sjis": "cp932",
    "windows_31j": "cp932",
    "windows_874": "cp874",
    "windows_936": "gb18030",
    "windows_949": "cp949",
    "windows_950": "cp950",
    "x_euc_jp": "euc_jp",
    "iso2022_jp": "iso2022_jp_ext",
    "big5": "cp950",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "unicode_1_1_utf_7": "utf_7",
    "unicode_2_0_utf_7": "utf_7",
    "x_unicode_2_0_utf_7": "utf_7",
    "unicode_1_1_utf_8": "utf_8",
    "utf8mb4": "utf_8",
    "x_mac_roman": "mac_roman",
    "x_mac_cyrillic": "mac_cyrillic",
    "x_mac_greek": "mac_greek",
    "x_mac_turkish": "mac_turkish",
    "x_cp1250": "cp1250",
    "x_cp1251": "cp1251",
    "x_cp1252": "cp1252",
    "dos_874": "cp874",
    "x_gbk": "gb18030",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,39}")
_HIGH = re.compile(rb"[\x80-\xff]")
# Where to look when guessing, and how many bytes beyond ASCII it takes for a guess to be better than windows-1252.
_SAMPLE = 2048
_TELLING = 16
# Reads any byte: windows-1252, and ISO 8859-1 for the five bytes that it leaves out.
_WESTERN = "".join(bytes((n,)).decode("cp1252", "ignore") or chr(n) for n in range(256))


def decode(data: bytes, *, charset: str = "") -> tuple[str, str]:
    """The text of `data`, and a sentence for a person when the charset that was named could not be used (else "")."""
    codec = codec_name(charset) if charset else "ascii"
    if codec in ("ascii", "utf_8"):
        try:
            return str(data, codec), ""
        except UnicodeDecodeError:
            pass
    elif codec:
        text = _decoded(data, codec)
        if text is not None:
            return text, ""
    return _guess(data, codec), _defect(charset, codec)


def decode_loose(data: bytes) -> str:
    """Raw header bytes as text: UTF-8, else windows-1252, whatever the bytes."""
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1").translate(_WESTERN_TABLE)


@lru_cache(512)
def codec_name(charset: str) -> str:
    """Python's codec for a charset as mail names it; "" when it is unknown or no charset at all."""
    found = _NAME.search(charset)
    if found is None:
        return ""
    name = re.sub("[^a-z0-9]+", "_", found[0].lower()).strip("_")
    name = _MEANT.get(name, name)
    if name not in _SHIPPED or name in _DENIED:
        return ""
    try:
        codec = codecs.lookup(name)
    except LookupError:
        return ""
    if not codec._is_text_encoding:
        return ""
    name = codec.name.replace("-", "_")
    return "" if name in _DENIED else _MEANT.get(name, name)


def _decoded(data: bytes, codec: str) -> str | None:
    """What a known codec makes of `data`, free of lone surrogates; None when it does not fit."""
    if codec == "cp1252":
        return data.decode("latin-1").translate(_WESTERN_TABLE)
    try:
        text = data.decode(codec)
    except (UnicodeError, ValueError):
        return None
    return _without_surrogates(text) if codec.startswith("utf") else text


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _guess(data: bytes, codec: str) -> str:
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError:
        pass
    if codec and codec != "ascii":
        text = _without_surrogates(data.decode(codec, "replace"))
        if text.count("\ufffd") * 5 <= len(text):
            return text
    return _detected(data)


def _detected(data: bytes) -> str:
    first = _HIGH.search(data)
    start = max(0, first.start() - 256) if first else 0
    sample = data[start : start + _SAMPLE]
    if len(_HIGH.findall(sample)) < _TELLING:
        return data.decode("latin-1").translate(_WESTERN_TABLE)
    from charset_normalizer import from_bytes  # slow to import, rarely needed

    # A sample that ends in the middle of a character would speak against the right charset.
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    best = from_bytes(sample).best()
    codec = codec_name(best.encoding) if best else ""
    text = _decoded(data, codec) if codec else None
    return data.decode("latin-1").translate(_WESTERN_TABLE) if text is None else text


def _defect(charset: str, codec: str) -> str:
    if not charset:
        return "names no charset although it is not plain ASCII; the charset was guessed"
    shown = "".join(c if c.isprintable() else "?" for c in charset[:40])
    if not codec:
        return f"names the unknown charset '{shown}'; the charset was guessed"
    return f"holds bytes that are not {shown}; the charset was guessed"


_WESTERN_TABLE = {n: character for n, character in enumerate(_WESTERN) if ord(character) != n}
