"""How a command asks the running instance: over HTTP, with the token of the file that only its user can read."""

import http.client
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mailsluice.instance import Instance

_ANSWER_SECONDS: Final = 120.0
_THIS_COMPUTER: Final = frozenset({"", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104  # compared only


class Refused(click.ClickException):
    """The instance's no, in its words; `answer` is its JSON."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(str(answer.get("error") or "the instance refuses this without a reason"))
        self.answer = answer


def find_instance(*, url: str, smtp: str) -> "Instance":
    """The instance of this user at that web or SMTP address, else the one that was started last."""
    from mailsluice import instance

    web, mail = url and _place(url), smtp and _place(smtp)
    # The token goes to an instance that told it to us, never to an address that somebody typed.
    found = [
        one
        for one in instance.running()
        if (not web or _place(one.url) == web) and (not mail or _place(one.smtp) == mail)
    ]
    if not found:
        where = f" at {url or smtp}" if url or smtp else ""
        raise click.ClickException(f"no running Mailsluice of yours found{where}: start it with `mailsluice`")
    return max(found, key=lambda one: one.began)


def ask(instance: "Instance", method: str, path: str, body: Any = None, *, seconds: float = _ANSWER_SECONDS) -> Any:
    """The JSON that it answers; Refused for its no."""
    import json

    return json.loads(ask_bytes(instance, method, path, body, seconds=seconds))


def ask_bytes(
    instance: "Instance", method: str, path: str, body: Any = None, *, seconds: float = _ANSWER_SECONDS
) -> bytes:
    """What it answers as it came; Refused for its no, one line if there is no answer."""
    import json

    sent = None if body is None else json.dumps(body).encode()
    with answering(instance, method, path, sent, headers={"Content-Type": "application/json"}) as response:
        return response.read()


@contextmanager
def answering(
    instance: "Instance",
    method: str,
    path: str,
    body: "bytes | BinaryIO | None" = None,
    *,
    headers: "Mapping[str, str]",
    seconds: float = _ANSWER_SECONDS,
) -> "Iterator[http.client.HTTPResponse]":
    """Its answer, to be read inside the context; a file as body is sent as it is read. Fails as `ask_bytes` does."""
    sent = {"Authorization": f"Bearer {instance.token}", **headers}
    if instance.url.startswith("unix:"):
        sent["Host"] = "localhost"
    try:
        connection = connect(instance.url, seconds=seconds)
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            if response.status >= 400:
                raise Refused(_explanation(response.read(), response.status))
            yield response
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise click.ClickException(f"no answer from {instance.url} ({error})") from error


def connect(url: str, *, seconds: float) -> http.client.HTTPConnection:
    """A connection to a web address, or to `unix:/path`; `seconds` is how long each answer may take."""
    if url.startswith("unix:"):
        connection = http.client.HTTPConnection("localhost", timeout=seconds)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(seconds)
        connection.sock.connect(url.removeprefix("unix:"))
        return connection
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    return http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, parts.port, timeout=seconds)  # noqa: S104


def _explanation(answer: bytes, status: int) -> dict[str, Any]:
    import json

    try:
        found = json.loads(answer)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    return {"error": answer.decode("utf-8", "replace").strip() or f"the instance answers {status}"}


def _place(address: str) -> tuple[str, int]:
    """Host and port of a web or SMTP address, however this computer is called in it; a socket's path has port 0."""
    if address.startswith("unix:"):
        return address, 0
    text = address if "://" in address else f"//{address if ':' in address else f':{address}'}"
    try:
        parts = urlsplit(text)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError as error:
        raise click.UsageError(f"{address!r} is no address such as localhost:1025 or http://localhost:8025") from error
    host = parts.hostname or ""
    return "localhost" if host in _THIS_COMPUTER else host, port
