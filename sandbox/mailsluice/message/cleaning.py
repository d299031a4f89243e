"""One pass over a parsed document: out goes what acts, in come links that open apart and references that may load."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from mailsluice.message.css import rewrite_css
from mailsluice.message.remote import References
from mailsluice.message.schemes import Scheme, scheme_css, scheme_media, scheme_meta
from mailsluice.message.targets import Target, href_of, target

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_LINKS: Final = 500


def _names(spaced: str) -> frozenset[str]:
    return frozenset(spaced.split())


_DROPPED: Final = (
    "script, base, template, iframe, embed, frame, portal, fencedframe, noembed, noframes, bgsound, "
    "animate, animatetransform, animatemotion, set, discard, handler, listener, "
    "mglyph, malignmark, annotation-xml"  # these let a style element turn into markup when it is read again
)
_HOLLOWED: Final = ["object", "applet", "noscript", "selectedcontent"]
_AS_PRE: Final = "xmp, plaintext, listing"
_GONE: Final = _names(
    "action formaction ping manifest srcdoc attributionsrc attributiondestination referrerpolicy crossorigin integrity "
    "nonce target download autofocus accesskey is form formtarget popovertarget command commandfor xml:base"
)
_IMAGES: Final = _names("src background poster lowsrc dynsrc")
_PAINTS: Final = _names(
    "fill stroke filter mask clip-path marker marker-start marker-mid marker-end cursor content style"
)
_SETS: Final = frozenset(["srcset", "imagesrcset"])
_LINKS: Final = frozenset(["href", "xlink:href"])
_ANCHORS: Final = frozenset(["a", "area"])
_LOADING: Final = frozenset(["image", "feimage"])
_MEDIA: Final = frozenset(["audio", "video", "track"])
_METAS: Final = frozenset(["viewport", "color-scheme", "supported-color-schemes"])
_NAMES: Final = sorted((_GONE - {"xml:base"}) | _IMAGES | _PAINTS | _SETS | {"href", "media"}, key=len)
_KEPT: Final = _names("meta link style pre textarea")
_SPECIAL: Final = f"svg, math, meta, link, style, pre, textarea, {_DROPPED}, {', '.join(_HOLLOWED)}, {_AS_PRE}"
_KEPT_AS: Final = "data-blocked-"
_HANDLER = re.compile(r"on[^\s/>=\"'<]++(?=[\s/]*=)")
_DEPENDS = re.compile(r"[(\\]|color-scheme", re.IGNORECASE)
_MARKUP = re.compile(r"(<!--)|<(?=[a-zA-Z/?!])")
_SIMPLE = re.compile(r"[a-z0-9-]{3,40}")
_MAX_HANDLERS: Final = 40


class Cleaning(msgspec.Struct):
    """What a pass goes by, and the links it found."""

    references: References
    scheme: Scheme | None
    links: list[Target] = msgspec.field(default_factory=list)


def clean(tree: "LexborHTMLParser", html: str, cleaning: Cleaning) -> bool:
    """Clean the tree in place; False when a second reading of it might differ. `html` is what it was parsed from."""
    special = tree.css(_SPECIAL)
    tags = {node.tag for node in special}
    if tags - _KEPT:
        _remove(tree)
        special = tree.css(_SPECIAL)
    for node in tree.css(_selector(html)):
        _clean_element(node, cleaning)
    for node in reversed(special):  # some of them hold others, and go together with them
        _clean_special(tree, node, cleaning)
    return not tags - _KEPT - {"script"}


def _remove(tree: "LexborHTMLParser") -> None:
    for node in reversed(tree.css(_DROPPED)):  # the inner ones first: an outer one takes them along
        node.decompose()
    tree.unwrap_tags(_HOLLOWED, delete_empty=True)
    for node in reversed(tree.css(_AS_PRE)):
        _make_pre(tree, node)


def _clean_special(tree: "LexborHTMLParser", node: "LexborNode", cleaning: Cleaning) -> None:
    match node.tag:
        case "meta":
            _clean_meta(node, cleaning)
        case "link":
            _clean_link(node, cleaning)
        case "style":
            _clean_style(node, cleaning)
        case "pre" | "textarea":
            _keep_first_line(node)


def _selector(html: str) -> str:
    """Selects the elements with any attribute that may have to change, all of them when that is hard to say."""
    lowered = html.lower()
    handlers = set(_HANDLER.findall(lowered))
    simple = len(handlers) <= _MAX_HANDLERS and all(map(_SIMPLE.fullmatch, handlers))
    if not simple or "xlink:" in lowered or "xml:" in lowered or "\x00" in html:
        return "*"
    present, absent = handlers, list[str]()
    for name in _NAMES:
        if not any(other in name for other in absent):
            (present.add if name in lowered else absent.append)(name)
    # Within :is(), an element that matches twice is found once.
    return f":is({', '.join(f'[{name}]' for name in sorted(present))})" if present else "none"


def _clean_element(node: "LexborNode", cleaning: Cleaning) -> None:
    attributes = node.attributes
    if not attributes:
        return
    tag, links = (node.tag or "").lower(), []
    for name, value in attributes.items():
        lowered = name.lower()
        if lowered in _LINKS and tag in _ANCHORS:
            links.append((name, value))
            continue
        replaced = _attribute(tag, lowered, value, cleaning)
        if replaced == value:
            continue
        if replaced is None:
            del node.attrs[name]
            if value and (lowered in _IMAGES or lowered in _SETS):
                node.attrs[_KEPT_AS + lowered] = value
        else:
            node.attrs[name] = replaced
    for name, value in links:
        _clean_anchor(node, name, value, cleaning)


def _attribute(tag: str, name: str, value: str | None, cleaning: Cleaning) -> str | None:
    """What an attribute becomes; None when it is to go."""
    if name in _GONE or name.startswith("on"):
        return None
    if not value:
        return value
    if name in _PAINTS:
        return _css(value, cleaning) if _DEPENDS.search(value) else value
    if name in _SETS and tag != "link":
        return cleaning.references.load_set(value)
    if name in _IMAGES:
        is_media = tag in _MEDIA and name == "src"
        return cleaning.references.load(value, "media" if is_media else "image")
    if name == "media":
        return scheme_media(value, scheme=cleaning.scheme) if cleaning.scheme else value
    if name in _LINKS and tag != "link":
        return cleaning.references.load(value, "image") if tag in _LOADING else _place(value)
    return value


def _place(reference: str) -> str | None:
    return reference if reference.startswith("#") else None


def _css(css: str, cleaning: Cleaning) -> str:
    css = scheme_css(css, scheme=cleaning.scheme) if cleaning.scheme else css
    return rewrite_css(css, reference=cleaning.references.load)


def _clean_anchor(node: "LexborNode", name: str, said: str | None, cleaning: Cleaning) -> None:
    """Let a link out of the document open in a tab of its own, which knows nothing of ours."""
    href = href_of(said or "")
    if said and said.strip() and said.strip()[0] != "#" and len(cleaning.links) < MAX_LINKS:
        cleaning.links.append(target(_text_of(node), said))
    if href is None:
        del node.attrs[name]
        return
    if href != said and said is not None:
        node.attrs[name] = href
    if href.strip() and href.strip()[0] != "#":
        attributes = node.attrs
        attributes["target"] = "_blank"
        attributes["rel"] = "noopener noreferrer"


def _text_of(node: "LexborNode") -> str:
    text = node.text(deep=True)[:2000].strip()
    if text:
        return text
    return " ".join(image.attributes.get("alt") or "" for image in node.css("img[alt]")[:10]).strip()


def _clean_meta(node: "LexborNode", cleaning: Cleaning) -> None:
    """Keep what a meta element says of charset, window and colour scheme; all else acts, or does nothing."""
    attributes: Mapping[str, str | None] = node.attributes
    name = (attributes.get("name") or "").strip().lower()
    kind = (attributes.get("http-equiv") or "").strip().lower()
    if (kind and kind != "content-type") or (not kind and "charset" not in attributes and name not in _METAS):
        node.decompose()
    elif "color-scheme" in name and cleaning.scheme:
        said = attributes.get("content") or ""
        if (content := scheme_meta(said, scheme=cleaning.scheme)) != said:
            node.attrs["content"] = content


def _clean_link(node: "LexborNode", cleaning: Cleaning) -> None:
    """Keep style sheets that may load; everything else that a link element does, it does behind the reader's back."""
    attributes = node.attributes
    words, href = (attributes.get("rel") or "").lower().split(), attributes.get("href")
    is_sheet = "stylesheet" in words and "alternate" not in words and href
    loaded = cleaning.references.load(href, "style sheet") if is_sheet and href else None
    if not loaded:
        node.decompose()
        return
    for name in (name for name in attributes if name not in ("rel", "href", "media", "type")):
        del node.attrs[name]
    for name, value in (("rel", "stylesheet"), ("href", loaded)):
        if attributes[name] != value:
            node.attrs[name] = value


def _clean_style(node: "LexborNode", cleaning: Cleaning) -> None:
    css = node.text(deep=True)
    rewritten = _css(css, cleaning)
    if "<" in rewritten:
        # No reading of it may find a tag, not even one that takes the style element for something else.
        rewritten = _MARKUP.sub(lambda match: "" if match[1] else "\\3c ", rewritten)
    if "&" in rewritten and any(up.tag in ("svg", "math") for up in _above(node)):
        node.decompose()
    elif rewritten != css:
        node.inner_html = rewritten


def _above(node: "LexborNode") -> "list[LexborNode]":
    found: list[LexborNode] = []
    parent = node.parent
    while parent is not None:
        found.append(parent)
        parent = parent.parent
    return found


def _make_pre(tree: "LexborHTMLParser", node: "LexborNode") -> None:
    """Show raw text as text: the element it stands in would keep a second reading from ever leaving it."""
    pre = tree.create_node("pre")
    pre.insert_child(node.text(deep=True))
    node.replace_with(pre)


def _keep_first_line(node: "LexborNode") -> None:
    """Double the line end that a second reading would take away."""
    first = node.first_child
    if first is not None and first.is_text_node and (first.text_content or "").startswith("\n"):
        first.insert_before("\n")
