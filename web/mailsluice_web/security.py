"""Who may talk to the web port, and what every answer tells the browser.

The web port can send real mail, and every web page that the user has open can reach it. Three checks come before
any route, on HTTP and WebSocket alike: the Host is ours (DNS rebinding), a write comes from our own pages or from a
program (cross-site request forgery), and the body is bounded.
"""

import html
import re
from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailsluice.exchange.mail import MOST_UPLOADED
from mailsluice_web.hosts import AllowedHosts, Authority, parse_authority, parse_origin

BODY_LIMIT: Final = 5 << 20
"""The largest request body."""

MAIL_LIMIT: Final = 12 << 20
"""The largest body of a test mail, which may bring 10 MB of attachments; who sends one knows the token."""

IMPORT_LIMIT: Final = 64 << 20
"""The largest file that a page imports; programs send larger ones."""

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""The policy of every answer that does not bring its own."""

_SECURITY_HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode("ascii")),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_CORS_HEADERS: Final = (
    (b"access-control-allow-methods", b"GET, POST, DELETE, PUT, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
)
_TEST_MAIL: Final = re.compile(r"/profiles/[^/]+/mails")
_FRAMED_PART: Final = re.compile(r"/messages/.+/parts/~[^/]+/[^/]+")
_IMPORT: Final = "/api/sandbox/import"
_IMPORT_PAGE: Final = "/imports"
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES: Final = frozenset({b"same-origin", b"none"})
_NAVIGATED: Final = frozenset({b"document", b"empty"})
_SCRIPTS: Final = frozenset(
    {b"script", b"worker", b"sharedworker", b"serviceworker", b"audioworklet", b"paintworklet", b"xslt"}
)


class _Denial(msgspec.Struct, frozen=True):
    status: int
    text: str
    content_type: bytes = b"text/plain; charset=utf-8"


_BAD_HOST: Final = _Denial(400, "The request needs exactly one Host header with a plain host name or address.\n")
_CROSS_SITE: Final = _Denial(
    403, "Another site's page asked for this change; only Mailsluice's own pages and programs such as curl may.\n"
)
_CORS: Final = _Denial(403, "Blocked due to CORS violation\n")
_NO_SCRIPT: Final = _Denial(403, "Captured mail is never run as a script.\n")
_NOT_LOADED: Final = _Denial(403, "Other sites, and captured mail, load nothing from Mailsluice.\n")


class Guard:
    """Let through only requests for our own name, writes from our own pages or from programs, and bounded bodies.

    Every answer gets the security headers that it lacks; a header that the answer brings itself wins. `allowed_hosts`
    are further names of this instance, see AllowedHosts; ValueError for what is not a name.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Sequence[str] = ()) -> None:
        self._app = app
        self._allowed = AllowedHosts(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        denial = self._examine(scope)
        if scope["type"] == "http":
            await _Exchange(scope, receive, send).run(self._app, denial)
        elif denial:
            await _deny_websocket(scope, send, denial)
        else:
            await self._app(scope, receive, send)

    def _examine(self, scope: Scope) -> _Denial | None:
        hosts = _values(scope, b"host")
        host = parse_authority(hosts[0]) if len(hosts) == 1 else None
        if host is None:
            return _BAD_HOST
        if host not in self._allowed:
            return _foreign_host(host)
        if _is_api(scope) and _is_asked_from_elsewhere(scope, host):
            return _CORS
        if scope.get("method") not in _READS and not _is_own_write(scope, host):
            return _CROSS_SITE
        if not _is_static(scope) and not _SCRIPTS.isdisjoint(_values(scope, b"sec-fetch-dest")):
            return _NO_SCRIPT
        return _NOT_LOADED if _is_loaded_elsewhere(scope) else None


def _foreign_host(host: Authority) -> _Denial:
    if len(host.name) > 100:
        shown, flag = f"{html.escape(host.name[:100])}…", "NAME"
    else:
        shown = flag = html.escape(host.name)
    return _Denial(
        403,
        f"Mailsluice does not know the host name {shown}, so this may be an attack from a web page. "
        f"If the name is yours, start mailsluice with --allowed-host {flag}\n",
    )


def _is_asked_from_elsewhere(scope: Scope, host: Authority) -> bool:
    """Mailpit's rule for its API: a page is named by the Origin, and only one of this host and port may ask."""
    origins = [parse_origin(value) for value in _values(scope, b"origin")]
    return any(origin is None or not origin.is_host_of(host) for origin in origins)


def _is_loaded_elsewhere(scope: Scope) -> bool:
    """Whether a page of another site, or a mail in its frame, loads this as an image, a style or the like.

    A mail's own images are the exception: their path has a token that only the frame of that mail knows.
    """
    if b"cross-site" not in _values(scope, b"sec-fetch-site") or _FRAMED_PART.fullmatch(_path(scope)):
        return False
    return not _NAVIGATED.issuperset(_values(scope, b"sec-fetch-dest"))


def _is_own_write(scope: Scope, host: Authority) -> bool:
    """Whether a browser vouches that our own page, or its user directly, asked; or no browser is involved.

    `same-site` will not do: a page on another port of localhost is same-site. Browsers leave Sec-Fetch-Site out when
    we are reached over plain HTTP by another name than localhost; there the Origin tells.
    """
    sites = _values(scope, b"sec-fetch-site")
    if sites:
        return len(sites) == 1 and sites[0] in _OWN_SITES
    origins = _values(scope, b"origin")
    if not origins:
        return True
    origin = parse_origin(origins[0]) if len(origins) == 1 else None
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    return origin is not None and origin.scheme == scheme and origin.is_host_of(host)


async def _deny_websocket(scope: Scope, send: Send, denial: _Denial) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    body = denial.text.encode()
    headers = [*_text_headers(denial, body), *_SECURITY_HEADERS, (b"cache-control", b"no-store")]
    await send({"type": "websocket.http.response.start", "status": denial.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


class _BodyTooLarge(Exception):
    """Ends an app that goes on reading a body over the limit."""


class _Exchange:
    """One HTTP request and its answer: counts the one, completes the other."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._size = 0
        self._started = False
        self._too_large = False
        self._denied = False
        self._limit = _limit(_path(scope))

    async def run(self, app: ASGIApp, denial: _Denial | None) -> None:
        self._denied = denial is not None
        if denial is None and _declared_size(self._scope) > self._limit:
            denial = self._body_denial()
        if denial:
            await self._answer(denial)
            return
        try:
            await app(self._scope, self._bounded_receive, self._completed_send)
        except _BodyTooLarge:
            if not self._started:
                await self._answer(self._body_denial())

    async def _bounded_receive(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > self._limit:
            self._too_large = True
            raise _BodyTooLarge
        return message

    async def _completed_send(self, message: Message) -> None:
        if self._too_large and not self._started:
            # An error handler of the app took _BodyTooLarge for its own failure: it must not speak first.
            raise _BodyTooLarge
        await self._complete(message)

    async def _complete(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            headers = list(message.get("headers", ()))
            present = {name.lower() for name, _ in headers}
            headers += [header for header in self._default_headers() if header[0] not in present]
            message = {**message, "headers": headers}
        await self._send(message)

    def _default_headers(self) -> list[tuple[bytes, bytes]]:
        headers = list(_SECURITY_HEADERS)
        if not _is_static(self._scope):
            headers.append((b"cache-control", b"no-store"))
        if not _is_api(self._scope):
            # Not no-referrer: under it, browsers send `Origin: null` with our own forms, and over plain HTTP to
            # another name than localhost the Origin is all that vouches for them. Other sites learn as little.
            return [*headers, (b"referrer-policy", b"same-origin")]
        headers.append((b"referrer-policy", b"no-referrer"))
        if not self._denied:
            headers += [(b"access-control-allow-origin", b"".join(_values(self._scope, b"origin"))), *_CORS_HEADERS]
        return headers

    def _body_denial(self) -> _Denial:
        if _is_api(self._scope):
            return _Denial(400, "http: request body too large", b"text/plain")
        return _Denial(413, f"The request is larger than {self._limit >> 20} MB.\n")

    async def _answer(self, denial: _Denial) -> None:
        body = denial.text.encode()
        headers = _text_headers(denial, body)
        await self._complete({"type": "http.response.start", "status": denial.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"" if self._scope["method"] == "HEAD" else body})


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key.lower() == name]


def _limit(path: str) -> int:
    if path == _IMPORT:
        return MOST_UPLOADED  # it goes to a file as it comes
    if path == _IMPORT_PAGE:
        return IMPORT_LIMIT + BODY_LIMIT  # the form around the file
    return MAIL_LIMIT if _TEST_MAIL.fullmatch(path) else BODY_LIMIT


def _declared_size(scope: Scope) -> int:
    sizes = [int(value) for value in _values(scope, b"content-length") if value.isdigit() and len(value) < 20]
    return max(sizes, default=0)


def _text_headers(denial: _Denial, body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", denial.content_type), (b"content-length", str(len(body)).encode("ascii"))]


def _path(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _is_api(scope: Scope) -> bool:
    return _path(scope).startswith("/api/")


def _is_static(scope: Scope) -> bool:
    return _path(scope).startswith("/static/")
