"""The link of a mail that a person would act on, and the one that unsubscribes. Linear, bounded, raises for no text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from itertools import islice

import msgspec

from mailsluice.message.link_phrases import Kind, kinds_in, kinds_in_path

_MAX_HTML = 256 * 1024
_MAX_TEXT = 64 * 1024
_MAX_LINKS = 60
_MAX_URL = 2000
_MAX_WORDS = 120
_SURE_ENOUGH = 0.45
_ANCHOR = re.compile(r"<(/?)a(?=[\s>/])([^>]*+)(?:>|\Z)", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.IGNORECASE)
_ALT = re.compile(r"""<img\b[^>]*?\balt\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')[^>]*+>""", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*+>?")
_URL = re.compile(r"https?://[!#-;=?-Z\\_a-z~\[\]\u00c0-\u1fff]++", re.IGNORECASE)
_TRAILING = ".,:;!?'*_\\|"
_PARTS = re.compile(r"https?://(?:[^/?#@]*@)?([^/?#]*)([^#]*)", re.IGNORECASE)
_TOKEN = re.compile(r"(?:token|code|key|sig|hash|ticket|otp|jwt|[?&]t|[?&]k)=.{4}|[A-Za-z0-9_-]{20}", re.IGNORECASE)
_ASIDE = re.compile(
    r"(?:^|[./?=&_-])(?:privacy|terms|tos|help|support|contact|faq|legal|imprint|impressum|datenschutz|about|blog|docs|"
    r"facebook|twitter|instagram|linkedin|youtube|tiktok|x\.com|apps\.apple|play\.google|policies|policy|preferences|careers)"
    r"(?:$|[./?=&_-])|\.(?:png|jpe?g|gif|svg|css|ico|webp|dtd)$",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|n['’]t|nicht|kein|pas|no|non|não|niet|geen|nie|не|değil|inte|לא|لم|didnt|ignore)\b|ない|せん|不是|未|没有|아니|않",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?؟]\s|[。！？\n]")
_FIELD = re.compile(r"<\s*+((?:https?:|mailto:)[^\s<>]{1,2000})\s*+>", re.IGNORECASE)
_ORDER: tuple[Kind, ...] = ("reset", "invite", "verify", "sign-in", "unsubscribe")


class Action(msgspec.Struct, frozen=True):
    """A link to act on: where it leads, what it does, its text as shown ("" for a bare URL), how sure that is."""

    url: str
    kind: Kind
    text: str
    confidence: float


class Link(msgspec.Struct, frozen=True):
    """A web link as it stands in a mail: its text, and the words that lead to it."""

    url: str
    text: str = ""
    before: str = ""


def links_from_html(html: str) -> list[tuple[str, str]]:
    """The (href, text) of a document's web and mail links in order; a picture counts as its alternative text."""
    links: list[tuple[str, str]] = []
    href, start, html = "", 0, html[:_MAX_HTML]
    for match in _ANCHOR.finditer(html):
        if href:
            links.append((href, _text_of(html[start : min(match.start(), start + 2000)])))
        found = None if match[1] else _HREF.search(match[2])
        href = unescape(found[1] or found[2] or found[3] or "").strip() if found else ""
        href = href if href.lower().startswith(("http://", "https://", "mailto:")) and len(href) <= _MAX_URL else ""
        start = match.end()
        if len(links) >= 4 * _MAX_LINKS:
            break
    return links


def _text_of(html: str) -> str:
    shown = _ALT.sub(lambda match: f" {match[1] or match[2] or ''} ", html)
    return " ".join(unescape(_TAG.sub(" ", shown)).split())[:_MAX_WORDS]


def find_links(
    subject: str, text: str, *, links: Sequence[tuple[str, str]], list_unsubscribe: str
) -> tuple[Action | None, str]:
    """The link to act on, if there is one, and the address that unsubscribes, or ""."""
    every = [Link(href, shown) for href, shown in _ends(links) if href[:4].lower() == "http"]
    every += _links_in_text(text)
    unsubscribe = _from_field(list_unsubscribe) if list_unsubscribe else ""
    if not every:
        return None, unsubscribe
    about = kinds_in(subject[:500])
    judged = [_judge(link, about) for link in every]
    leaving = [action for action in judged if action.kind == "unsubscribe"]
    if leaving and not unsubscribe:
        unsubscribe = leaving[0].url
    acting = leaving if "unsubscribe" in about else [action for action in judged if action.kind != "unsubscribe"]
    best = max(acting, key=lambda action: action.confidence, default=None)  # the first of equals
    if best is None or best.confidence < _SURE_ENOUGH:
        best = _only_link(acting)
    return best, unsubscribe


def _only_link(acting: Iterable[Action]) -> Action | None:
    """The one link of a mail that has but one, besides those that every mail ends with; surely worth a look."""
    urls = {action.url: action for action in acting if action.confidence or action.kind != "other"}
    if len(urls) != 1:
        return None
    action = next(iter(urls.values()))
    return Action(action.url, action.kind, action.text, max(action.confidence, 0.4))


def _ends(links: Sequence[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """The first and the last links: a mail's one button stands early, what unsubscribes late."""
    return links if len(links) <= _MAX_LINKS else (*links[: _MAX_LINKS - 15], *links[-15:])


def _links_in_text(text: str) -> Iterator[Link]:
    """The links of a plain text with what leads to each: the line it is in, or the one above."""
    if "://" not in text:
        return
    text, end = text[:_MAX_TEXT], 0
    for match in islice(_URL.finditer(text), _MAX_LINKS):
        url = _trimmed(match[0])
        before = text[max(end, match.start() - 200) : match.start()].rstrip(" \t\r\n<([*\"'")
        end = match.end()
        if len(url) <= _MAX_URL:
            yield Link(url, before="\n".join([line for line in before.split("\n") if line.strip()][-2:]))


def _trimmed(url: str) -> str:
    """A URL without the punctuation of the sentence around it."""
    url = url.rstrip(_TRAILING)
    for opening, closing in ("()", "[]"):
        if url.endswith(closing) and url.count(closing) > url.count(opening):
            url = url[:-1].rstrip(_TRAILING)
    return url


def _judge(link: Link, about: set[Kind]) -> Action:
    """What a link does and how sure that is; "other" and 0.0 for what only accompanies a mail."""
    parts = _PARTS.match(link.url)
    host, path = (parts[1].lower(), parts[2][:400]) if parts else ("", "")
    words = kinds_in(link.text) if not link.text.startswith("http") else set()
    paths = kinds_in_path(path)
    sentences = [sentence for sentence in _SENTENCE_END.split(link.before) if sentence.strip()]
    sentence = sentences[-1] if sentences else ""
    around = kinds_in(sentence)
    wider = kinds_in(sentences[-2]) if len(sentences) > 1 else set()
    if "unsubscribe" in words or "unsubscribe" in paths or (not link.text and around == {"unsubscribe"}):
        return Action(link.url, "unsubscribe", link.text, 0.8)
    if _ASIDE.search(path) or _ASIDE.search(host):
        return Action(link.url, "other", link.text, 0.0)
    score = dict.fromkeys(_ORDER, 0.0)
    for kinds, weight in ((words, 0.5), (paths, 0.35), (around, 0.3), (wider, 0.25), (about, 0.25)):
        for kind in kinds:
            score[kind] += weight
    kind = max(_ORDER, key=score.__getitem__)  # the first of equals
    if not score[kind]:
        return Action(link.url, "other", link.text, 0.0 if path in ("", "/") else 0.4)
    sure = score[kind] + 0.2 * bool(_TOKEN.search(path)) - 0.35 * (path in ("", "/"))
    sure -= 0.15 * bool(sentence and _NEGATION.search(sentence))
    return Action(link.url, kind, link.text, round(min(max(sure, 0.0), 0.99), 2))


def _from_field(value: str) -> str:
    """The address in a List-Unsubscribe field (RFC 2369): the first web link, else the first mail address."""
    found = _FIELD.findall(value[:4000])
    return next((url for url in found if url[:4].lower() == "http"), found[0] if found else "")
