"""How the HTML of a message is shown: its width, its colour scheme, what it may load; browsers remember it."""

import asyncio
import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, Literal, TypeVar, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.message.remote import Remote, policy_sources, told
from mailsluice.message.schemes import Scheme
from mailsluice.message.targets import FLAGS, Target
from mailsluice.store.records import ListedMessage
from mailsluice_web.opened import Opened, Reader

_T = TypeVar("_T")

Width = Literal["fit", "desktop", "tablet", "phone"]

LOOK_COOKIE: Final = "mailsluice-look"
REMOTE_COOKIE: Final = "mailsluice-remote"
WIDTHS: Final[tuple[Width, ...]] = get_args(Width)
SCHEMES: Final[tuple[Scheme, ...]] = get_args(Scheme)

_PATIENCE: Final = 0.3  # seconds that a page waits to tell what its frame loads
_YEAR: Final = 31_536_000
_EVERYBODY: Final = "all"
_MOST_SENDERS: Final = 100
_SENDER: Final = 12
_HOSTS_SHOWN: Final = 3
_LINKS_SHOWN: Final = 200
_SAFE_HOST: Final = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?")
_OPENED: Final = ("http://", "https://", "mailto:", "tel:")


class Look(msgspec.Struct, frozen=True):
    """A width and a colour scheme."""

    width: Width = "fit"
    scheme: Scheme = "light"


class Wishes(msgspec.Struct, frozen=True):
    """Whose remote content this browser loads without asking: everybody's, or that of some senders."""

    everybody: bool = False
    senders: tuple[str, ...] = ()

    def of(self, sender: str) -> Literal["", "all", "sender"]:
        """Why remote content of this sender is loaded; empty when it is not."""
        return "all" if self.everybody else "sender" if sender and _known_as(sender) in self.senders else ""

    def changed(self, wish: str, sender: str) -> "Wishes":
        """The wishes after `all`, `sender`, or anything else, which takes both back."""
        if wish == "all":
            return Wishes(True, self.senders)
        others = tuple(one for one in self.senders if one != _known_as(sender))
        return Wishes(False, (*others, _known_as(sender))[-_MOST_SENDERS:] if wish == "sender" and sender else others)


def read_look(request: Request) -> Look:
    """The look that the URL names, else the one that the browser remembers."""
    said = [*request.cookies.get(LOOK_COOKIE, "").split("."), "", ""]
    asked = request.query_params
    width, scheme = asked.get("width") or said[0], asked.get("scheme") or said[1]
    return Look(_one_of(WIDTHS, width), _one_of(SCHEMES, scheme))


def keep_look(request: Request, response: Response) -> None:
    """Let the browser remember the look that the URL names, if it names one."""
    if "width" in request.query_params or "scheme" in request.query_params:
        look = read_look(request)
        _set(response, LOOK_COOKIE, f"{look.width}.{look.scheme}")


def read_wishes(request: Request) -> Wishes:
    """What this browser remembers."""
    first, *senders = request.cookies.get(REMOTE_COOKIE, "").split(".")
    return Wishes(first == _EVERYBODY, tuple(one for one in senders[:_MOST_SENDERS] if one))


def keep_wishes(response: Response, wishes: Wishes) -> None:
    """Let the browser remember them."""
    _set(response, REMOTE_COOKIE, ".".join((_EVERYBODY if wishes.everybody else "", *wishes.senders)))


async def html_context(request: Request, listed: ListedMessage, opened: Opened) -> dict[str, Any]:
    """What the HTML view of a message shows around the frame; what is not known soon follows, asked for by `wait`."""
    reader: Reader = request.app.state.reader
    look, wish = read_look(request), read_wishes(request).of(listed.summary.sender.address)
    asked, remote = request.query_params.get("remote", ""), _loads_remote(request, listed)
    patience = None if request.query_params.get("wait") == "1" else _PATIENCE
    frame = None
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            frame = await reader.frame(listed.id, opened, scheme=look.scheme, remote=remote)
    links = frame.links if frame else ()
    print_url = frame_url(listed.id, look.scheme if opened.knows_dark else "light", remote=remote)
    return {
        "look": look,
        "widths": WIDTHS,
        "schemes": SCHEMES,
        "is_never_dark": not opened.knows_dark,
        "remote": remote,
        "asked_remote": asked if asked in ("0", "1") else "",
        "wish": wish if remote else "",
        "is_awaited": frame is None,
        "blocked": told_shortly(frame.blocked if frame else ()),
        "links": links[:_LINKS_SHOWN],
        "links_cut": len(links) > _LINKS_SHOWN,
        "links_odd": sum(1 for link in links if link.flags),
        "frame_url": frame_url(listed.id, look.scheme, remote=remote),
        "print_url": print_url,
        "print_address": f"{str(request.base_url).rstrip('/')}{print_url}",
    }


def tab_url(request: Request, listed: ListedMessage) -> str:
    """Where the HTML of a message opens in a tab, in the look and with the content that its frame would have."""
    return frame_url(listed.id, read_look(request).scheme, remote=_loads_remote(request, listed))


def frame_url(id: str, scheme: Scheme, *, remote: bool) -> str:
    """Where the document for the frame is served."""
    said = [*(["scheme=dark"] if scheme == "dark" else []), *(["remote=1"] if remote else [])]
    return f"/messages/{id}/body" + ("?" + "&".join(said) if said else "")


def told_shortly(found: Sequence[Remote]) -> list[str]:
    """The findings in words by host; what comes from the last of many hosts is put together."""
    phrases = told(found)
    if len(phrases) <= _HOSTS_SHOWN + 1:
        return phrases
    rest = len(phrases) - _HOSTS_SHOWN
    is_whole = all(one.host for one in found)
    return [*phrases[:_HOSTS_SHOWN], f"more from {rest if is_whole else 'many'} further hosts"]


def opening(link: Target) -> str:
    """The address that our own page may link to; empty for what would run, or lead nowhere."""
    return link.url if link.opens and link.url.lower().startswith(_OPENED) else ""


def warnings_of(link: Target) -> list[str]:
    """What is odd about a link, as sentences."""
    return [FLAGS[flag] for flag in link.flags]


def frame_headers(parts: str, *, host: str, remote: bool, own_hosts: Iterable[str] = ()) -> dict[str, str]:
    """The headers of a frame's document: no scripts, no forms, nothing looked up or told to anybody."""
    return {
        "Content-Security-Policy": frame_policy(parts, host=host, remote=remote, own_hosts=own_hosts),
        "X-DNS-Prefetch-Control": "off",
        "Referrer-Policy": "no-referrer",
    }


def frame_policy(parts: str, *, host: str, remote: bool, own_hosts: Iterable[str] = ()) -> str:
    """The Content-Security-Policy of one message's frame, whose parts are below that path.

    The frame's origin is opaque, so this message's parts are named by host and path, without a scheme; a host that
    cannot be written there (an IPv6 literal) falls back to `'self'`.
    """
    own = f"{host}{parts}" if _SAFE_HOST.fullmatch(host) else "'self'"
    elsewhere = "".join(f" {source}" for source in (["http:", "https:"] if remote else policy_sources(own_hosts)))
    directives = [
        "sandbox allow-popups allow-popups-to-escape-sandbox",
        "default-src 'none'",
        f"img-src {own} data:{elsewhere}",
        f"style-src 'unsafe-inline'{elsewhere}",
        f"font-src data:{elsewhere}",
        *([f"media-src data:{elsewhere}"] if elsewhere else []),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    ]
    return "; ".join(directives)


def _loads_remote(request: Request, listed: ListedMessage) -> bool:
    asked, wish = request.query_params.get("remote", ""), read_wishes(request).of(listed.summary.sender.address)
    return asked == "1" or (bool(wish) and asked != "0")


def _one_of(known: Sequence[_T], said: str) -> _T:
    """The one that is called so, else the first."""
    return next((one for one in known if one == said), known[0])


def _known_as(sender: str) -> str:
    """A sender's address as the cookie has it, which other programs on this machine see: not in clear."""
    digest = hashlib.sha256(sender.lower().encode("utf-8", "replace")).digest()
    return urlsafe_b64encode(digest).decode()[:_SENDER]


def _set(response: Response, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=_YEAR, path="/messages", httponly=True, samesite="strict")
