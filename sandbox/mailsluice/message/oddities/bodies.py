"""What is odd about what a message shows: its text, its HTML and the parts that the HTML refers to."""

from collections.abc import Iterator
from typing import Final

from mailsluice.message.mime import Part
from mailsluice.message.oddities.rules import Noted, listed, shown, where
from mailsluice.message.oddities.structure import Tree
from mailsluice.message.parse import Message
from mailsluice.message.referred import identity, referred

_BEGINNING: Final = 1000


def body_oddities(message: Message, tree: Tree) -> Iterator[Noted]:
    """Texts that are missing or empty, and references to parts that are not there."""
    has_text, has_html = _has_words(message.text), _has_words(message.html)
    if has_html and not has_text:
        if any("text/plain" in kinds for kinds in tree.kinds.values()):
            yield Noted("text-empty", "The plain text is empty, though the HTML is not.")
        elif not tree.alternatives_without_text():
            yield Noted("html-only", "There is HTML but no plain text; spam filters and text readers look for it.")
    if not has_text and not has_html and not any(part.chunk(_BEGINNING).strip() for part in message.parts[:100]):
        yield Noted("empty-body", "There is nothing in the body.")
    if message.html:
        yield from _references(message, tree)


def _has_words(text: str) -> bool:
    return bool(text) and not text.isspace()


def _references(message: Message, tree: Tree) -> Iterator[Noted]:
    wanted = referred(message.html)
    there = {identity(part.content_id) for part in message.parts if part.content_id}
    if missing := [f"cid:{shown(name, length=40)}" for name in wanted.identities if name not in there]:
        yield Noted("cid-missing", f"The HTML refers to {listed(missing)}, which no part has as its Content-ID.")
    if unused := [part for part in message.parts if _is_for_html(part) and not wanted.may_name(part.content_id)]:
        yield Noted("cid-unused", f"The HTML never refers to {where(unused)}, though it came along for that.")


def _is_for_html(part: Part) -> bool:
    """Whether a part lies in multipart/related for nothing but to be shown by the HTML there."""
    is_related = part.parent is not None and part.parent.content_type == "multipart/related"
    is_body = part.content_type in ("text/html", "text/plain")
    return is_related and not is_body and bool(part.content_id) and b"content-location" not in part.fields
