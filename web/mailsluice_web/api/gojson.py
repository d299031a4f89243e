"""JSON as Go's encoder writes it and its decoder reads it, since clients were written against that."""

import json
import re
from typing import Any, Final, NoReturn

import msgspec

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ESCAPES: Final = (
    (b"&", rb"\u0026"),
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    ("\u2028".encode(), rb"\u2028"),
    ("\u2029".encode(), rb"\u2029"),
)


def encode(value: object) -> bytes:
    """Compact JSON, safe inside HTML, with one line end behind it; what is not Unicode becomes U+FFFD."""
    try:
        encoded = msgspec.json.encode(value)
    except UnicodeEncodeError:
        lenient = json.dumps(msgspec.to_builtins(value), ensure_ascii=False, separators=(",", ":"))
        encoded = _SURROGATE.sub("\ufffd", lenient).encode()
    for plain, escaped in _ESCAPES:
        encoded = encoded.replace(plain, escaped)
    return encoded + b"\n"


def decode_object(body: bytes) -> dict[str, Any]:
    """The first JSON value of a body, which must be an object or null; keys in lower case.

    Raises ValueError for anything else, and for a key that occurs twice: Go takes the last one, and which messages
    are deleted must not depend on that.
    """
    text = body.decode("utf-8", errors="replace").lstrip(" \t\r\n")
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_not_json)
    try:
        value, _ = decoder.raw_decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if found.setdefault(key.lower(), value) is not value:
            raise ValueError(f"the key {key[:50]!r} occurs twice")
    return found


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
