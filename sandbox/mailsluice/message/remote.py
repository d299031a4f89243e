"""What a mail would load from elsewhere: told by kind and host, taken out until somebody asks for it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from mailsluice.message.css import Kind
from mailsluice.message.referred import identity

Parts = Mapping[str, str] | Callable[[str], str | None]
"""Content-IDs to URLs; a function is asked with the Content-ID in lower case, without brackets."""

_MAX_HOSTS: Final = 50
_MAX_KNOWN: Final = 10_000
_MAX_HOST: Final = 253
_IGNORED = re.compile(r"^[\x00-\x20]+|[\x00-\x20]+$|[\t\n\r]+")
_ELSEWHERE = re.compile(r"(?:(https?):[/\\]*|[/\\]{2,})(?=[^/\\])", re.IGNORECASE)
_AUTHORITY = re.compile(r"https?://([^/?#\\]*)", re.IGNORECASE)
_CANDIDATE = re.compile(r"[\s,]*+(\S++)([^,]*+)(?:,|\Z)")
_SOURCE = re.compile(r"(?:\*\.)?[A-Za-z0-9.-]+(?::(?:\*|[0-9]{1,5}))?")
_PLURALS: Final[Mapping[Kind, str]] = {
    "image": "images",
    "style sheet": "style sheets",
    "font": "fonts",
    "media": "media files",
}


class Remote(msgspec.Struct, frozen=True):
    """How much of one kind a mail would load from one host; `host` has its port, "" stands for all further hosts."""

    kind: Kind
    host: str
    count: int


def nobody(url: str) -> bool:
    """Allow no URL."""
    return False


class References:
    """Decides what each reference of a document becomes: a part of the message, itself, or nothing."""

    def __init__(self, parts: Parts, *, remote: bool = False, allowed: Callable[[str], bool] = nobody) -> None:
        self._ask = parts if callable(parts) else {identity(cid): url for cid, url in parts.items()}.get
        self._remote, self._allowed = remote, allowed
        self._counts: Counter[tuple[Kind, str]] = Counter()
        self._hosts: set[str] = set()
        self._own: set[str] = set()
        self._known: dict[tuple[str, Kind], tuple[str | None, str]] = {}
        self.is_counting = True

    @property
    def found(self) -> tuple[Remote, ...]:
        """What leads elsewhere and was not allowed, the host with most of it first."""
        totals: Counter[str] = Counter()
        for (_, host), count in self._counts.items():
            totals[host] += count
        kinds = list(_PLURALS)
        found = [Remote(kind, host, count) for (kind, host), count in self._counts.items()]
        return tuple(sorted(found, key=lambda one: (not one.host, -totals[one.host], one.host, kinds.index(one.kind))))

    def load(self, reference: str, kind: Kind) -> str | None:
        """What to load for this reference; None for what is not to be loaded, or cannot be."""
        known = self._known.get((reference, kind))
        if known is None:
            known = self._decide(reference, kind)
            if len(self._known) < _MAX_KNOWN:
                self._known[reference, kind] = known
        loaded, host = known
        if host and self.is_counting:
            self._count(kind, host)
        return loaded

    def load_set(self, candidates: str) -> str | None:
        """A srcset with those of its candidates that may be loaded; None when none is left."""
        kept: list[str] = []
        for url, size in _CANDIDATE.findall(candidates):
            loaded = self.load(url.rstrip(","), "image") if url.rstrip(",") else None
            if loaded:
                kept.append(loaded.replace(" ", "%20") + ("" if url.endswith(",") else size.rstrip()))
        return ", ".join(kept) or None

    def _decide(self, reference: str, kind: Kind) -> tuple[str | None, str]:
        """What to load, and the host to count it for ("" when it does not count)."""
        url = _IGNORED.sub("", reference)
        if not url or url[0] == "#" or reference in self._own:
            return reference, ""
        start = url[:5].lower()
        if start.startswith("cid:"):
            part = self._ask(identity(url[4:]))
            self._own.update(() if part is None else (part,))
            return part, ""
        if start == "data:":
            return None if kind == "style sheet" else reference, ""
        absolute = web_url(url)
        if absolute is None:
            return None, ""
        loaded = reference if absolute == url else absolute
        if self._allowed(absolute):
            return loaded, ""
        return loaded if self._remote else None, host_of(absolute) or "?"

    def _count(self, kind: Kind, host: str) -> None:
        if host not in self._hosts:
            if len(self._hosts) >= _MAX_HOSTS:
                host = ""
            self._hosts.add(host)
        self._counts[kind, host] += 1


def web_url(url: str) -> str | None:
    """The URL as `http://…` or `https://…`, as a browser reads it; None when it is neither."""
    found = _ELSEWHERE.match(url)
    return f"{(found[1] or 'https').lower()}://{url[found.end() :]}" if found else None


def host_of(url: str) -> str:
    """The host of an http(s) URL in lower case, with its port where it names one; "" when it has none."""
    found = _AUTHORITY.match(url)
    return found[1].rpartition("@")[2].lower()[:_MAX_HOST] if found else ""


def allowed_hosts(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a URL's host is among the patterns: `localhost:*`, `app.test`, `*.app.test:8443`, `[::1]:*`.

    Without a port a pattern means the scheme's own one; `*.` stands for one or more labels.
    """
    shapes = [_shape(pattern) for pattern in patterns]
    if not shapes:
        return nobody
    either = re.compile("|".join(shapes))
    return lambda url: bool(either.fullmatch(host_of(url)))


def policy_sources(patterns: Iterable[str]) -> list[str]:
    """The same hosts as sources of a Content-Security-Policy, which has no words for IPv6 literals."""
    hosts = [
        pattern for pattern in patterns if re.fullmatch(r"(?:\*\.)?[A-Za-z0-9.-]+(?::(?:\*|[0-9]{1,5}))?", pattern)
    ]
    return [f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")]


def told(found: Iterable[Remote]) -> list[str]:
    """The findings in words, one phrase a host: `7 images, 1 style sheet and 2 fonts from cdn.example`."""
    by_host: dict[str, list[str]] = {}
    for remote in found:
        noun = remote.kind if remote.count == 1 else _PLURALS[remote.kind]
        by_host.setdefault(remote.host, []).append(f"{remote.count:,} {noun}")
    return [f"{_joined(counts)} from {host or 'further hosts'}" for host, counts in by_host.items()]


def _joined(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _shape(pattern: str) -> str:
    host, colon, port = pattern.lower().rpartition(":")
    if not colon or port.endswith("]"):
        host, port = pattern.lower(), ""
    name = r"(?:[^.:]+\.)+" + re.escape(host[2:]) if host.startswith("*.") else re.escape(host)
    return name + (r"(?::\d+)?" if port == "*" else f":{re.escape(port)}" if port else "(?::(?:80|443))?")
