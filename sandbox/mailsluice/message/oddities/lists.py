"""What is odd about the fields by which a reader leaves a list (RFC 2369, RFC 8058)."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from mailsluice.message.headers import unfold
from mailsluice.message.oddities.rules import Fields, Noted, listed, shown

_POST: Final = "list-unsubscribe=one-click"
_COMMENT: Final = re.compile(r"\([^()<>]*+\)")
_FIELD: Final = re.compile(r"\s*+<[^<>]++>\s*+(?:,\s*+<[^<>]++>\s*+)*+")
_ADDRESS: Final = re.compile(r"<([^<>]++)>")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*+):.", re.IGNORECASE)
_SPACE: Final = re.compile(r"\s++")
_SIGNED: Final = re.compile(rb"(?:^|;)\s*+h\s*+=([^;]++)", re.IGNORECASE)
_READ: Final = 64 << 10


def list_oddities(named: Fields) -> Iterator[Noted]:
    """Whether List-Unsubscribe can be read, and whether one click would do."""
    value = _text(named, b"list-unsubscribe")
    post = _text(named, b"list-unsubscribe-post")
    addresses = [_SPACE.sub("", one) for one in _ADDRESS.findall(value)[:100]]
    schemes = [found[1].lower() if (found := _SCHEME.match(one)) else "" for one in addresses]
    if b"list-unsubscribe" in named:
        yield from _unsubscribe(value, schemes)
    if b"list-unsubscribe-post" in named:
        if post.strip().lower() != _POST:
            said = shown(post.strip())
            text = f"List-Unsubscribe-Post says '{said}' and not 'List-Unsubscribe=One-Click'."
            yield Noted("list-unsubscribe-post", text)
        if "https" not in schemes:
            text = "List-Unsubscribe-Post promises one click, but List-Unsubscribe has no https address for it."
            yield Noted("one-click-https", text)
        yield from _signature(named)
    elif "https" in schemes:
        text = "List-Unsubscribe has an https address but no List-Unsubscribe-Post, so that one click is not offered."
        yield Noted("one-click-missing", text)


def _unsubscribe(value: str, schemes: Sequence[str]) -> Iterator[Noted]:
    if not _FIELD.fullmatch(_COMMENT.sub(" ", value)):
        text = f"List-Unsubscribe '{shown(value.strip())}' is no list of addresses like <https://…>, <mailto:…>."
        yield Noted("list-unsubscribe-malformed", text)
    elif "" in schemes:
        yield Noted("list-unsubscribe-malformed", "An address in List-Unsubscribe does not say https: or mailto:.")
    others = list(dict.fromkeys(shown(one, length=20) for one in schemes if one not in ("", "https", "mailto")))
    if others:
        yield Noted(
            "list-unsubscribe-scheme", f"List-Unsubscribe uses {listed(others)} where https or mailto is usual."
        )


def _signature(named: Fields) -> Iterator[Noted]:
    signatures = named.get(b"dkim-signature", ())[:10]
    if not signatures:
        text = "One click needs a DKIM signature over both List-Unsubscribe fields; the server that sends must add it."
        yield Noted("one-click-dkim", text)
        return
    for signature in signatures:
        covered = _SIGNED.search(unfold(signature[:_READ]))
        names = {name.strip().lower() for name in covered[1].split(b":")} if covered else set()
        if {b"list-unsubscribe", b"list-unsubscribe-post"} <= names:
            return
    yield Noted("one-click-dkim", "No DKIM signature covers both List-Unsubscribe fields, as one click needs.")


def _text(named: Fields, name: bytes) -> str:
    return unfold(named.get(name, (b"",))[0][:_READ]).decode("latin-1")
