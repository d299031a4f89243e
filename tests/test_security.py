"""The guard before the web port: whom it lets through, and what every answer carries."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from mailsluice_web.hosts import AllowedHosts, parse_authority, parse_origin
from mailsluice_web.security import BODY_LIMIT, CONTENT_SECURITY_POLICY, Guard

HOST = (b"host", b"localhost:8025")
SAME_ORIGIN = (b"origin", b"http://localhost:8025")
FOREIGN_ORIGIN = (b"origin", b"https://evil.example")

OWN_HOSTS = [
    b"localhost",
    b"localhost:8025",
    b"LocalHost:8025",
    b"app.localhost:8025",
    b"a.b.localhost",
    b"127.0.0.1:8025",
    b"127.0.0.1",
    b"0.0.0.0:8025",
    b"192.168.1.20:8025",
    b"[::1]:8025",
    b"[::1]",
    b"[::ffff:127.0.0.1]:8025",
    b"[2001:DB8::1]",
    b"mailsluice:8025",
    b"project_mail_1:8025",
    b"HOST.docker.internal:8025",
    b"testserver",
]
FOREIGN_HOSTS = [
    b"evil.example",
    b"evil.example:8025",
    b"localhost.evil.example",
    b"127.0.0.1.evil.example",
    b"evillocalhost.example",
    b"host.docker.internal.evil.example",
    b"xhost.docker.internal",
    b"xn--bcher-kva.example",
    b"localhost.localdomain",
    b"1.2.3.4.example",
    b"0x7f.0x0.0x0.one",
]
BAD_HOSTS = [
    b"",
    b" ",
    b":8025",
    b"localhost.",
    b"evil.example.",
    b".localhost",
    b"a..localhost",
    b"user@localhost",
    b"evil.example@localhost:8025",
    b"localhost:8025@evil.example",
    b"user:secret@localhost",
    b"http://localhost",
    b"localhost/path",
    b"localhost?x",
    b"localhost#x",
    b"localhost:",
    b"localhost:0",
    b"localhost:65536",
    b"localhost:+8025",
    b"localhost:80a",
    b"localhost:8025:8025",
    b"localhost,evil.example",
    b"localhost evil.example",
    b" localhost",
    b"localhost\t",
    b"localhost\r\nX: y",
    b"localhost\x00",
    b"localhost%00",
    b"%6cocalhost",
    b"<script>",
    "bücher.example".encode(),
    "ｌocalhost".encode(),
    b"\xff\xfe",
    b"127.1",
    b"127.0.1",
    b"0x7f.1",
    b"0x7f000001",
    b"0x",
    b"2130706433",
    b"017700000001",
    b"127.0.0.01",
    b"127.0.0.256",
    b"127.0.0.1.",
    b"evil.example.1",
    b"evil.0x10",
    b"::1",
    b"[::1",
    b"[::1]8025",
    b"[]",
    b"[127.0.0.1]",
    b"[fe80::1%25eth0]",
    b"[localhost]",
    b"[::1].evil.example",
    b"a" * 64,
    b"a." * 200 + b"example",
]


class Answer(NamedTuple):
    """What came back over raw ASGI."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Recorder:
    """An app that says yes and remembers that it was reached."""

    def __init__(self, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.reached = False
        self.body = b""
        self._headers = list(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached = True
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        while True:
            message = await receive()
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": b"yes"})


def http_scope(
    *headers: tuple[bytes, bytes], method: str = "GET", path: str = "/", scheme: str = "http", root_path: str = ""
) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": root_path,
        "scheme": scheme,
        "headers": list(headers),
        "query_string": b"",
    }


def websocket_scope(*headers: tuple[bytes, bytes], scheme: str = "ws", denial: bool = True) -> dict[str, Any]:
    extensions: dict[str, Any] = {"websocket.http.response": {}} if denial else {}
    return {
        "type": "websocket",
        "path": "/api/events",
        "scheme": scheme,
        "headers": list(headers),
        "query_string": b"",
        "extensions": extensions,
    }


async def ask(app: ASGIApp, scope: Scope, body: Sequence[bytes] = (b"",)) -> list[Message]:
    pieces = [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
    pieces[-1]["more_body"] = False
    sent: list[Message] = []

    async def receive() -> Message:
        return pieces.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def answer_of(app: ASGIApp, scope: Scope, body: Sequence[bytes] = (b"",)) -> Answer:
    start, *bodies = await ask(app, scope, body)
    headers = dict(start["headers"])
    assert len(headers) == len(start["headers"]), "a header is sent twice"
    return Answer(start["status"], headers, b"".join(message["body"] for message in bodies))


@pytest.mark.parametrize("host", OWN_HOSTS)
async def test_a_host_that_nobody_can_point_elsewhere_is_ours(host: bytes) -> None:
    app = Recorder()
    assert (await answer_of(Guard(app), http_scope((b"host", host)))).status == 200
    assert app.reached


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
async def test_a_foreign_host_is_refused_and_told_the_setting(host: bytes) -> None:
    app = Recorder()
    answer = await answer_of(Guard(app), http_scope((b"host", host)))
    assert answer.status == 403
    assert b"--allowed-host " + host.partition(b":")[0] + b"\n" in answer.body
    assert answer.headers[b"content-type"] == b"text/plain; charset=utf-8"
    assert not app.reached


@pytest.mark.parametrize("host", BAD_HOSTS)
async def test_a_malformed_host_is_a_bad_request_that_echoes_nothing(host: bytes) -> None:
    app = Recorder()
    answer = await answer_of(Guard(app), http_scope((b"host", host)))
    assert answer.status == 400
    assert answer.body == b"The request needs exactly one Host header with a plain host name or address.\n"
    assert not app.reached


@pytest.mark.parametrize("host", [*FOREIGN_HOSTS, *BAD_HOSTS])
@pytest.mark.parametrize("denial", [True, False])
async def test_a_websocket_by_another_name_is_refused_before_it_is_accepted(host: bytes, denial: bool) -> None:
    app = Recorder()
    first, *_ = await ask(Guard(app), websocket_scope((b"host", host), denial=denial))
    if denial:
        assert first["type"] == "websocket.http.response.start"
        assert first["status"] in {400, 403}
    else:
        assert first == {"type": "websocket.close", "code": 1008, "reason": ""}
    assert not app.reached


@pytest.mark.parametrize("hosts", [[], [HOST, HOST], [HOST, (b"host", b"evil.example")], [(b"Host", b"a"), HOST]])
async def test_a_request_without_exactly_one_host_is_bad(hosts: list[tuple[bytes, bytes]]) -> None:
    assert (await answer_of(Guard(Recorder()), http_scope(*hosts))).status == 400


async def test_a_forwarded_host_does_not_count() -> None:
    scope = http_scope(
        (b"host", b"evil.example"), (b"x-forwarded-host", b"localhost"), (b"forwarded", b"host=localhost")
    )
    assert (await answer_of(Guard(Recorder()), scope)).status == 403


async def test_a_very_long_foreign_host_is_named_only_in_part() -> None:
    answer = await answer_of(Guard(Recorder()), http_scope((b"host", b"long" * 15 + b".example" * 20)))
    assert answer.status == 403
    assert len(answer.body) < 350


@pytest.mark.parametrize(
    ("setting", "host", "status"),
    [
        ("mail.example.test", b"mail.example.test:8025", 200),
        ("Mail.Example.Test", b"MAIL.example.test", 200),
        ("mail.example.test", b"sub.mail.example.test", 403),
        ("mail.example.test", b"mail.example.test.evil.example", 403),
        ("*.example.test", b"mail.example.test", 200),
        ("*.example.test", b"a.b.example.test", 200),
        ("*.example.test", b"example.test", 403),
        ("*.example.test", b"evilexample.test", 403),
        (".example.test", b"mail.example.test", 200),
        (".example.test", b"example.test", 200),
        (".example.test", b"evilexample.test", 403),
    ],
)
async def test_allowed_hosts_name_further_hosts(setting: str, host: bytes, status: int) -> None:
    guard = Guard(Recorder(), allowed_hosts=[setting])
    assert (await answer_of(guard, http_scope((b"host", host)))).status == status


@pytest.mark.parametrize(
    "setting", ["", "*", "*.", ".", "**.example.test", "*example.test", "http://a.test", "a.test:80"]
)
def test_an_allowed_host_that_is_no_name_is_refused_at_the_start(setting: str) -> None:
    with pytest.raises(ValueError, match="not a host name"):
        AllowedHosts([setting])


def test_addresses_are_compared_in_one_spelling() -> None:
    assert parse_authority(b"[2001:DB8:0::1]:80") == parse_authority(b"[2001:db8::1]:80")


@pytest.mark.parametrize(
    "value",
    [
        b"null",
        b"",
        b"localhost:8025",
        b"http://",
        b"http://localhost:8025/",
        b"http://user@localhost:8025",
        b"http://localhost:8025 http://evil.example",
        b"HTTP://localhost:8025",
        b"file://",
        b"chrome-extension://abcdef",
        b"http://localhost:8025#",
    ],
)
def test_what_no_browser_sends_for_an_http_origin_is_none(value: bytes) -> None:
    assert parse_origin(value) is None


class Write(NamedTuple):
    """A write as somebody's browser or program sends it, and whether it may."""

    headers: list[tuple[bytes, bytes]]
    allowed: bool
    host: bytes = b"localhost:8025"
    scheme: str = "http"


def site(value: bytes) -> tuple[bytes, bytes]:
    return (b"sec-fetch-site", value)


def origin(value: bytes) -> tuple[bytes, bytes]:
    return (b"origin", value)


WRITES = {
    "curl": Write([], True),
    "our page": Write([site(b"same-origin"), SAME_ORIGIN], True),
    "our page under a strict referrer policy": Write([site(b"same-origin"), origin(b"null")], True),
    "our page behind a proxy that ends TLS": Write(
        [site(b"same-origin"), origin(b"https://mailsluice")], True, host=b"mailsluice"
    ),
    "the user's own address bar": Write([site(b"none")], True),
    "another site": Write([site(b"cross-site"), FOREIGN_ORIGIN], False),
    "another site without origin": Write([site(b"cross-site")], False),
    "another site with our origin": Write([site(b"cross-site"), SAME_ORIGIN], False),
    "another port of localhost": Write([site(b"same-site"), origin(b"http://localhost:3000")], False),
    "an unknown kind of site": Write([site(b"SAME-ORIGIN")], False),
    "an empty site": Write([site(b"")], False),
    "two sites": Write([site(b"same-origin"), site(b"cross-site")], False),
    "joined sites": Write([site(b"same-origin, same-origin")], False),
    "an old browser on our page": Write([SAME_ORIGIN], True),
    "an old browser elsewhere": Write([FOREIGN_ORIGIN], False),
    "an old browser on another port": Write([origin(b"http://localhost:3000")], False),
    "an old browser on the default port": Write([origin(b"http://localhost")], False),
    "an old browser with another scheme": Write([origin(b"https://localhost:8025")], False),
    "an old browser in a sandboxed frame": Write([origin(b"null")], False),
    "two origins": Write([SAME_ORIGIN, SAME_ORIGIN], False),
    "a subdomain": Write([origin(b"http://x.localhost:8025")], False),
    "another loopback name": Write([origin(b"http://127.0.0.1:8025")], False),
    "a prefix of ours": Write([origin(b"http://localhost:80250")], False),
    "user info": Write([origin(b"http://localhost:8025@evil.example")], False),
    "upper case host": Write([origin(b"http://mailsluice")], True, host=b"MAILSLUICE"),
    "default port left out": Write([origin(b"http://mailsluice")], True, host=b"mailsluice:80"),
    "default port of TLS": Write([origin(b"https://mailsluice")], True, host=b"mailsluice:443", scheme="https"),
    "the wrong default port": Write([origin(b"http://mailsluice")], False, host=b"mailsluice:443"),
    "IPv6": Write([origin(b"http://[::1]:8025")], True, host=b"[0:0::1]:8025"),
}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PURGE", "get", "TRACE", "CONNECT"])
@pytest.mark.parametrize("case", WRITES)
async def test_only_our_own_pages_and_programs_may_write(case: str, method: str) -> None:
    write, app = WRITES[case], Recorder()
    scope = http_scope((b"host", write.host), *write.headers, method=method, path="/messages", scheme=write.scheme)
    answer = await answer_of(Guard(app), scope)
    assert (answer.status, app.reached) == ((200, True) if write.allowed else (403, False))
    if not write.allowed:
        assert answer.body.startswith(b"Another site's page asked for this change")


@pytest.mark.parametrize("case", WRITES)
async def test_a_websocket_handshake_counts_as_a_write(case: str) -> None:
    write, app = WRITES[case], Recorder()
    scheme = {"http": "ws", "https": "wss"}[write.scheme]
    scope = websocket_scope((b"host", write.host), *write.headers, scheme=scheme)
    scope["path"] = "/events"
    await ask(Guard(app), scope)
    assert app.reached == write.allowed


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("headers", [[site(b"cross-site")], [FOREIGN_ORIGIN], [site(b"same-site"), origin(b"null")]])
async def test_a_page_may_be_read_from_anywhere(method: str, headers: list[tuple[bytes, bytes]]) -> None:
    assert (await answer_of(Guard(Recorder()), http_scope(HOST, *headers, method=method))).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize(
    "value", [b"https://evil.example", b"null", b"http://localhost:3000", b"http://localhost", b"", b"evil"]
)
async def test_the_api_refuses_a_foreign_origin_as_mailpit_does(method: str, value: bytes) -> None:
    app = Recorder()
    answer = await answer_of(Guard(app), http_scope(HOST, origin(value), method=method, path="/api/v1/messages"))
    assert answer.status == 403
    assert answer.body == (b"" if method == "HEAD" else b"Blocked due to CORS violation\n")
    assert b"access-control-allow-origin" not in answer.headers
    assert not app.reached


async def test_the_api_refuses_a_foreign_origin_of_a_websocket() -> None:
    start, body = await ask(Guard(Recorder()), websocket_scope(HOST, FOREIGN_ORIGIN))
    assert start["status"] == 403
    assert body["body"] == b"Blocked due to CORS violation\n"


async def test_the_api_knows_the_mounted_path_from_the_root_path() -> None:
    scope = http_scope(HOST, FOREIGN_ORIGIN, path="/mail/api/v1/info", root_path="/mail")
    assert (await answer_of(Guard(Recorder()), scope)).status == 403


@pytest.mark.parametrize(("value", "echoed"), [(None, b""), (b"http://localhost:8025", b"http://localhost:8025")])
async def test_api_answers_carry_the_cors_headers_of_mailpit(value: bytes | None, echoed: bytes) -> None:
    headers = [HOST] if value is None else [HOST, origin(value)]
    answer = await answer_of(Guard(Recorder()), http_scope(*headers, path="/api/v1/info"))
    assert answer.headers[b"access-control-allow-origin"] == echoed
    assert answer.headers[b"access-control-allow-methods"] == b"GET, POST, DELETE, PUT, OPTIONS"
    assert answer.headers[b"access-control-allow-headers"] == b"*"
    assert b"access-control-allow-credentials" not in answer.headers


async def test_pages_carry_no_cors_headers() -> None:
    answer = await answer_of(Guard(Recorder()), http_scope(HOST, SAME_ORIGIN))
    assert not [name for name in answer.headers if name.startswith(b"access-control")]


@pytest.mark.parametrize("path", ["/", "/api/v1/info", "/static/app.js", "/nowhere"])
@pytest.mark.parametrize("host", [b"localhost", b"evil.example", b"?"])
async def test_every_answer_carries_the_security_headers(path: str, host: bytes) -> None:
    answer = await answer_of(Guard(Recorder()), http_scope((b"host", host), path=path))
    assert answer.headers[b"content-security-policy"] == CONTENT_SECURITY_POLICY.encode()
    assert answer.headers[b"referrer-policy"] == (b"no-referrer" if path.startswith("/api/") else b"same-origin")
    assert answer.headers[b"x-content-type-options"] == b"nosniff"
    assert answer.headers[b"cross-origin-resource-policy"] == b"same-origin"
    assert answer.headers[b"cross-origin-opener-policy"] == b"same-origin"
    assert answer.headers.get(b"cache-control") == (None if path.startswith("/static/") else b"no-store")


async def test_a_header_of_the_answers_own_wins_whatever_its_case() -> None:
    own = [(b"Content-Security-Policy", b"sandbox"), (b"cache-control", b"max-age=9"), (b"Referrer-Policy", b"origin")]
    answer = await answer_of(Guard(Recorder(own)), http_scope(HOST))
    assert answer.headers[b"Content-Security-Policy"] == b"sandbox"
    assert answer.headers[b"cache-control"] == b"max-age=9"
    assert b"content-security-policy" not in answer.headers
    assert b"referrer-policy" not in answer.headers


@pytest.mark.parametrize("destination", [b"script", b"worker", b"sharedworker", b"serviceworker", b"audioworklet"])
async def test_captured_mail_is_never_a_script(destination: bytes) -> None:
    headers = (HOST, site(b"same-origin"), (b"sec-fetch-dest", destination))
    part = await answer_of(Guard(Recorder()), http_scope(*headers, path="/api/v1/message/latest/part/1"))
    static = await answer_of(Guard(Recorder()), http_scope(*headers, path="/static/app.js"))
    assert (part.status, static.status) == (403, 200)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/api/v1/messages", 400, b"http: request body too large"),
        ("/messages", 413, b"The request is larger than 5 MB.\n"),
    ],
)
async def test_a_body_declared_too_large_is_refused_before_it_is_read(path: str, status: int, body: bytes) -> None:
    app = Recorder()
    size = (b"content-length", str(BODY_LIMIT + 1).encode())
    answer = await answer_of(Guard(app), http_scope(HOST, size, method="PUT", path=path))
    assert (answer.status, answer.body, app.reached) == (status, body, False)


async def test_a_body_without_declared_size_is_cut_at_the_limit() -> None:
    pieces = [b"x" * (1 << 20)] * 6
    answer = await answer_of(Guard(Recorder()), http_scope(HOST, method="PUT", path="/api/v1/messages"), pieces)
    assert (answer.status, answer.body) == (400, b"http: request body too large")
    assert answer.headers[b"content-type"] == b"text/plain"
    assert answer.headers[b"x-content-type-options"] == b"nosniff"


async def test_a_body_of_exactly_the_limit_passes() -> None:
    app = Recorder()
    size = (b"content-length", str(BODY_LIMIT).encode())
    await answer_of(Guard(app), http_scope(HOST, size, method="PUT"), [b"x" * (BODY_LIMIT - 1), b"y"])
    assert len(app.body) == BODY_LIMIT


@pytest.mark.parametrize("inside", [True, False])
def test_the_apps_own_error_handling_does_not_hide_that_the_body_was_too_large(inside: bool) -> None:
    client = TestClient(starlette_app(guard_inside=inside), base_url="http://localhost:8025")
    answer = client.post("/echo", content=(b"x" * (1 << 20) for _ in range(6)))
    assert answer.status_code == 413
    assert answer.text == "The request is larger than 5 MB.\n"


async def test_a_failure_after_the_answer_began_is_not_answered_twice() -> None:
    async def late_reader(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive()).get("more_body"):
            pass

    sent = await ask(Guard(late_reader), http_scope(HOST, method="PUT"), [b"x" * (1 << 20)] * 6)
    assert [message["type"] for message in sent] == ["http.response.start"]


async def test_a_lifespan_passes_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    await ask(Guard(app), {"type": "lifespan"})
    assert seen == ["lifespan"]


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


async def page(request: Request) -> Response:
    return HTMLResponse("<h1>Inbox</h1>")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


def starlette_app(*, guard_inside: bool = False) -> ASGIApp:
    app = Starlette(
        routes=[Route("/", page), Route("/echo", echo, methods=["POST"]), WebSocketRoute("/api/events", socket)]
    )
    if guard_inside:
        app.add_middleware(Guard)
        return app
    return Guard(app)


def test_a_browser_on_our_page_may_do_everything() -> None:
    client = TestClient(starlette_app(), base_url="http://localhost:8025")
    assert client.get("/").headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert client.post("/echo", content=b"hi", headers={"Origin": "http://localhost:8025"}).text == "hi"
    with client.websocket_connect(
        "ws://localhost:8025/api/events", headers={"Origin": "http://localhost:8025"}
    ) as connection:
        assert connection.receive_text() == "hello"


def test_a_browser_elsewhere_gets_no_websocket() -> None:
    client = TestClient(starlette_app(), base_url="http://localhost:8025")
    with (
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)) as caught,
        client.websocket_connect("ws://localhost:8025/api/events", headers={"Origin": "https://evil.example"}),
    ):
        pass
    assert isinstance(caught.value, WebSocketDenialResponse)
    assert caught.value.status_code == 403


def test_a_rebound_name_gets_nothing_though_its_origin_equals_its_host() -> None:
    client = TestClient(starlette_app(), base_url="http://rebound.evil.example:8025")
    assert client.get("/").status_code == 403
    assert client.post("/echo", headers={"Origin": "http://rebound.evil.example:8025"}).status_code == 403
