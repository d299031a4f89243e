"""HTML as mail carries it, made fit for a sandboxed frame (and reduced to text, in `tags.py`)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from mailsluice.message.cleaning import Cleaning, clean
from mailsluice.message.remote import Parts, References, Remote, nobody
from mailsluice.message.schemes import Scheme
from mailsluice.message.tags import bounded, text_from_html
from mailsluice.message.targets import Target

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

__all__ = ["Frame", "frame", "text_from_html"]

_MAX_READINGS: Final = 4
_SMALL: Final = 64 * 1024
_FOREIGN: Final = "svg, math"


class Frame(msgspec.Struct, frozen=True):
    """A document for a sandboxed frame.

    `blocked` tells what it would load from elsewhere, `remote` how much that is; with `remote=True` it does load that.
    `links` are the first of its links, where they really lead.
    """

    html: str
    remote: int
    blocked: tuple[Remote, ...] = ()
    links: tuple[Target, ...] = ()


def frame(
    html: str,
    *,
    parts: Parts,
    scheme: Scheme | None = "light",
    remote: bool = False,
    allowed: Callable[[str], bool] = nobody,
) -> Frame:
    """The document without what acts, links opening in new tabs, `cid:` references mapped, nothing from elsewhere.

    `parts` maps Content-IDs to URLs. `scheme` is the colour scheme of the reader; None leaves that to the browser.
    `remote` keeps what loads from elsewhere; a URL that is `allowed` loads in any case, and is not counted.
    The result belongs into a sandboxed frame with a policy of its own all the same: this is what makes a mail look
    right there, not what keeps it in.
    """
    references = References(parts, remote=remote, allowed=allowed)
    cleaning = Cleaning(references, scheme)
    document, is_settled = _read(bounded(html.encode("utf-8", "replace").decode()), cleaning)
    links = tuple(cleaning.links)
    references.is_counting = False
    if not is_settled or len(document) < _SMALL:
        document = _settled(document, cleaning)
    return Frame(document, sum(one.count for one in references.found), references.found, links)


def _settled(document: str, cleaning: Cleaning) -> str:
    """The document read until another reading changes nothing: then a browser's reading finds nothing new either."""
    for _ in range(_MAX_READINGS):
        again, _ = _read(document, cleaning)
        if again == document:
            return document
        document = again
    return _read(document, cleaning, dropped=_FOREIGN)[0]


def _read(html: str, cleaning: Cleaning, *, dropped: str = "") -> tuple[str, bool]:
    """The document cleaned, and whether a second reading is sure to find the same."""
    from selectolax.lexbor import LexborHTMLParser  # 15 ms, and nothing at start needs it

    tree = LexborHTMLParser(html)
    for node in reversed(tree.css(dropped)) if dropped else ():
        node.decompose()
    is_settled = clean(tree, html, cleaning)
    _set_charset(tree)
    return tree.html or "", is_settled


def _set_charset(tree: "LexborHTMLParser") -> None:
    """Make the document say utf-8, whatever it said: that is what it has become."""
    said = False
    for node in tree.css("meta"):
        attributes = node.attributes
        if "charset" in attributes:
            node.attrs["charset"], said = "utf-8", True
        elif "http-equiv" in attributes:
            node.attrs["content"], said = "text/html; charset=utf-8", True
    head = tree.head
    if said or head is None:
        return
    meta = tree.create_node("meta")
    meta.attrs["charset"] = "utf-8"
    if head.first_child is None:
        head.insert_child(meta)
    else:
        head.first_child.insert_before(meta)
