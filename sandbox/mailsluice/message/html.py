"""HTML as mail carries it, made fit for a sandboxed frame (and reduced to text, in `tags.py`)."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from mailsluice.message.css import rewrite_css
from mailsluice.message.tags import bounded, text_from_html

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

__all__ = ["Frame", "frame", "text_from_html"]

# The last two let a style element turn into markup when the document is read again.
_DROPPED = "script, base, template, iframe, embed, mglyph, malignmark"
_HOLLOWED = ["object", "applet"]
_BLANKS = re.compile(r"[\x00-\x20\x7f]+")
_ACTIVE = ("javascript:", "vbscript:", "data:text/html", "livescript:")
_REMOTE = ("http:", "https:", "//", "\\\\", "/\\", "\\/")
_SOURCES = ("src", "background", "poster", "lowsrc", "dynsrc", "data")
_LINKS = ("href", "xlink:href")
_LOADING_LINKS = ("link", "image", "use", "feimage")
_CANDIDATE = re.compile(r"\s*+(\S++)([^,]*+)(?:,|\Z)")


class Frame(msgspec.Struct, frozen=True):
    """A document for a sandboxed frame; `remote` counts the references that would load something from elsewhere."""

    html: str
    remote: int


def frame(html: str, *, parts: Mapping[str, str]) -> Frame:
    """The document without scripts, redirections and form targets, links opening in new tabs, `cid:` references mapped.

    `parts` maps Content-IDs to URLs. The result belongs into a sandboxed frame with a policy of its own all the same:
    this is what makes a mail look right there, not what keeps it in.
    """
    from selectolax.lexbor import LexborHTMLParser  # 15 ms, and nothing at start needs it

    tree = LexborHTMLParser(bounded(html.encode("utf-8", "replace").decode()))
    for node in reversed(tree.css(_DROPPED)):  # the inner ones first: an outer one takes them along
        node.decompose()
    tree.unwrap_tags(_HOLLOWED, delete_empty=True)
    references = _References(parts)
    for node in tree.css("*"):
        if node.attributes:
            _rewrite_element(node, references)
    for node in tree.css("style"):
        css = node.inner_html or ""
        if (rewritten := rewrite_css(css, reference=references.mapped)) != css:
            node.inner_html = rewritten
    _set_charset(tree)
    return Frame(tree.html or "", references.remote)


class _References:
    """Maps `cid:` references to URLs and counts those that lead elsewhere."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self.remote = 0
        self._urls = {unquote(cid).strip("<> ").lower(): url for cid, url in parts.items()}

    def mapped(self, reference: str) -> str:
        """The URL of a part for its `cid:`; any other reference as it is."""
        start = reference.lstrip()[:8].lower()
        if start.startswith("cid:"):
            return self._urls.get(unquote(reference.strip()[4:]).strip("<> ").lower(), reference)
        self.remote += start.startswith(_REMOTE)
        return reference

    def mapped_set(self, candidates: str) -> str:
        """A srcset with each of its URLs mapped."""
        return ", ".join(
            f"{self.mapped(url.rstrip(','))}{'' if url.endswith(',') else size.rstrip()}"
            for url, size in _CANDIDATE.findall(candidates)
            if url != ","
        )


def _rewrite_element(node: "LexborNode", references: _References) -> None:
    tag, attributes = (node.tag or "").lower(), node.attributes
    if tag == "meta" and (attributes.get("http-equiv") or "content-type").strip().lower() != "content-type":
        node.decompose()
        return
    changed: dict[str, str | None] = {}
    for name, value in attributes.items():
        replaced = _attribute(tag, name.lower(), value, references)
        if replaced != value:
            changed[name] = replaced
    for name, replaced in changed.items():
        if replaced is None:
            del node.attrs[name]
        else:
            node.attrs[name] = replaced
    if tag in ("a", "area") and _leads_away(attributes):
        node.attrs["target"] = "_blank"
        node.attrs["rel"] = "noopener noreferrer"


def _attribute(tag: str, name: str, value: str | None, references: _References) -> str | None:
    """What an attribute becomes; None when it is to go."""
    if name.startswith("on") or name in ("action", "formaction", "ping", "manifest", "srcdoc"):
        return None
    if value is None:
        return value
    if name == "style":
        return rewrite_css(value, reference=references.mapped)
    if name == "srcset" or name == "imagesrcset":
        return references.mapped_set(value)
    if name not in _SOURCES and name not in _LINKS:
        return value
    if _BLANKS.sub("", value[:200]).lower().startswith(_ACTIVE):
        return None
    loads = name in _SOURCES or tag in _LOADING_LINKS
    return references.mapped(value) if loads else value


def _leads_away(attributes: Mapping[str, str | None]) -> bool:
    """Whether a link leads out of the document, rather than to a place in it."""
    href = (attributes.get("href") or attributes.get("xlink:href") or "").strip()
    return bool(href) and not href.startswith("#")


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
