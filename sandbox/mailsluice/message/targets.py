"""The links of a mail as they really lead: target, host, and what about them might deceive a reader."""

import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

import msgspec

from mailsluice.message.remote import host_of, web_url

Flag = Literal["other-host", "lookalike", "international", "ip", "userinfo", "active", "relative"]

FLAGS: Final[Mapping[Flag, str]] = {
    "other-host": "The text names another host than the one it leads to.",
    "lookalike": "The host has letters that look like others.",
    "international": "The host is written in letters beyond a to z.",
    "ip": "The host is a bare IP address.",
    "userinfo": "What stands before the @ is a user name, not the host.",
    "active": "It would run code or show a made-up page, so it does not open here.",
    "relative": "It names no host, so it leads nowhere from a mail and does not open here.",
}
"""What each flag means, as a sentence."""

_MAX_TEXT: Final = 200
_MAX_URL: Final = 2000
_IGNORED = re.compile(r"[\x00-\x20\x7f\u200b\ufeff]+")
_TABS = re.compile(r"^[\x00-\x20]+|[\x00-\x20]+$|[\t\n\r]+")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_ORDINARY = re.compile(r"https?://[^\s/\\]\S*")
_ACTIVE = re.compile(
    r"javascript|vbscript|livescript|mocha|data|blob|filesystem|file|about|view-source|jar|mhtml|res|resource|chrome|"
    r"chrome-extension|moz-extension|edge|ms-msdt|search-ms|ms-officecmd|ms-appinstaller",
    re.IGNORECASE,
)
_SHOWN = re.compile(
    r"(?:https?://)?(?:[^\s/@]*@)?((?:[\w-]+\.)+(?!(?:html?|js|css|pdf|png|jpe?g|gif|txt|md|py|ts|zip|csv|docx?|xlsx?)\b)"
    r"[^\W\d]{2,63})(?::\d+)?(?:[/?#]\S*)?[.,]?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)
_LIKE_LATIN = frozenset("асԁеһіјӏоԛрѕԝхуүɡɩοαειυνρѵᴏ")
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)


class Target(msgspec.Struct, frozen=True):
    """A link: its text as shown, where it leads, that host as a person reads it, and what is odd about it.

    `url` is what the mail says; for a flag of "active" or "relative" nothing opens it.
    """

    text: str
    url: str
    host: str
    flags: tuple[Flag, ...] = ()

    @property
    def opens(self) -> bool:
        """Whether the link still leads somewhere in the frame."""
        return "active" not in self.flags and "relative" not in self.flags


def href_of(said: str) -> str | None:
    """What a link's href becomes in the frame: absolute, a place in the document, or None for what must not open."""
    if _ORDINARY.fullmatch(said):
        return said
    href = _TABS.sub("", said)
    if not href or href[0] == "#":
        return said
    if absolute := web_url(href):
        return absolute
    scheme = _SCHEME.match(_IGNORED.sub("", href[:200]))
    if scheme is None or scheme[1].lower() in ("cid", "mid") or _ACTIVE.fullmatch(scheme[1]) or not _SCHEME.match(href):
        return None
    return said


def target(text: str, said: str) -> Target:
    """The link of that text and href, examined."""
    shown = " ".join(text.split())
    href = href_of(said)
    if href is None:
        scheme = _SCHEME.match(_IGNORED.sub("", said[:200]))
        is_active = bool(scheme and scheme[1].lower() not in ("cid", "mid"))
        return Target(shown[:_MAX_TEXT], said.strip()[:_MAX_URL], "", ("active" if is_active else "relative",))
    host = host_of(href)
    name = _name(host)
    readable = readable_host(name)
    flags: list[Flag] = []
    if host and _names_other(shown, readable):
        flags.append("other-host")
    if not readable.isascii():
        flags.append("lookalike" if _deceives(readable) else "international")
    if _is_address(name):
        flags.append("ip")
    if host and "@" in re.split(r"[/?#\\]", href.partition("://")[2], maxsplit=1)[0]:
        flags.append("userinfo")
    port = host[len(name) :]
    return Target(shown[:_MAX_TEXT], href[:_MAX_URL], readable + port, tuple(flags))


@lru_cache(256)
def readable_host(name: str) -> str:
    """A host name with its `xn--` labels decoded."""
    return ".".join(_label(label) for label in name.split("."))


def _label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _name(host: str) -> str:
    return host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]


def _names_other(text: str, host: str) -> bool:
    """Whether the text is an address, and of another host: neither one may lie within the other."""
    found = _SHOWN.fullmatch(text)
    if not found:
        return False
    shown, host = readable_host(found[1].lower()).removeprefix("www."), host.removeprefix("www.")
    return not (shown == host or host.endswith("." + shown) or shown.endswith("." + host))


@lru_cache(256)
def _deceives(host: str) -> bool:
    """Whether a label mixes scripts that no language mixes, or consists of letters that pass for Latin ones."""
    labels = host.split(".")
    for label in labels:
        letters = {letter for letter in label if letter.isalpha()}
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in letters}
        if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
            return True
        foreign = {letter for letter in letters if not letter.isascii()}
        if foreign and foreign <= _LIKE_LATIN:
            return True
    return any(unicodedata.category(letter) in ("Cf", "Mn", "Zs") or letter in "⁄∕／․。" for letter in host)


def _is_address(name: str) -> bool:
    """Whether a host is an address that is not this machine's own, also as `0x7f.1` or a single number."""
    try:
        return not ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return bool(name) and all(_NUMBER.fullmatch(label) for label in name.split("."))
