"""Images of an HTML mail that Gmail cannot show: it loads them from its own servers, and only by http."""

import ipaddress
import re
from collections.abc import Iterator
from html import unescape
from typing import Final, Literal

_TAG: Final = re.compile(r"<(?:img|image|input|td|th|table|tr|body|div|source|video)\b([^<>]*+)", re.IGNORECASE)
_SOURCE: Final = re.compile(
    r"""(?<![\w-])(?:src|background|poster)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.IGNORECASE
)
_CSS: Final = re.compile(r"""\burl\(\s*+["']?+([^"')]{1,2000})""", re.IGNORECASE)
_HOST: Final = re.compile(r"(?:https?:)?[/\\]{2}([^/\\?#\s]*+)", re.IGNORECASE)
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_PRIVATE: Final = ("localhost", "local", "localdomain", "test", "internal", "lan", "home", "intranet", "invalid")
_SHOWN: Final = 100

Trouble = Literal["embedded", "private", "relative", ""]


def troubled_images(html: str) -> Iterator[tuple[Trouble, str]]:
    """Each image that Gmail cannot show: why, and its address cut to what a line holds."""
    for source in _sources(html):
        if trouble := trouble_with(source):
            yield trouble, source if len(source) <= _SHOWN else source[:_SHOWN] + "…"


def trouble_with(source: str) -> Trouble:
    """Why Gmail cannot show the image at this address: a data: URL, a host that only you reach, or no host at all."""
    start = source.strip()[:2000].lower()
    if start.startswith("data:"):
        return "embedded"
    if host := _HOST.match(start):
        return "private" if is_private(host[1]) else ""
    scheme = _SCHEME.match(start)
    if scheme:
        return "private" if scheme[1] in ("file", "blob") else ""
    return "relative" if start and not start.startswith("#") and not re.match(r"[{$%\[<*]", start) else ""


def is_private(authority: str) -> bool:
    """Whether only some people reach this host: this computer, a private network, a name of no public domain."""
    host = authority.rpartition("@")[2].lower()
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0].rstrip(".")
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    if any(mark in host for mark in "{}$%[]<>*"):
        return False  # a placeholder, of which another line speaks
    return "." not in host or host.rpartition(".")[2] in _PRIVATE


def _sources(html: str) -> Iterator[str]:
    for tag in _TAG.finditer(html):
        for found in _SOURCE.finditer(tag[1]):
            yield unescape((found[1] or found[2] or found[3] or "")[:4000])
    for css in _CSS.finditer(html):
        yield unescape(css[1])
