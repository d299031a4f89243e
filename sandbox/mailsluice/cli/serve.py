"""Bare `mailsluice`: bind, open, serve, and end within a second of being told to."""

import asyncio
import contextlib
import hashlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final

import platformdirs
import uvicorn

from mailsluice import __version__
from mailsluice.events import Events
from mailsluice.instance import announced, started
from mailsluice.sandbox import Sandbox, open_sandbox
from mailsluice.settings import Settings
from mailsluice.smtp.listener import address_text
from mailsluice.sockets import bound
from mailsluice.store import MEMORY
from mailsluice_web.app import create_app

_HTTP_GRACE_SECONDS: Final = 0.2


class HTTPServer(uvicorn.Server):
    """uvicorn that leaves signals to us and ends event streams before it waits for open responses."""

    def __init__(self, config: uvicorn.Config, events: Events) -> None:
        super().__init__(config)
        self._events = events

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: uvicorn would raise them again after `serve`, in the middle of our own clean-up."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the event streams, which never end by themselves, then the rest."""
        self._events.close()
        await super().shutdown(sockets)


def serve(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM."""
    os.umask(0o077)
    # The loop sends while the writer parses: at Python's 5 ms each waits too long for the other's turn.
    sys.setswitchinterval(0.002)
    _log_to_stderr(settings)
    with ExitStack() as stack:
        smtp_sockets = stack.enter_context(bound(settings.smtp, flag="--smtp"))
        web_sockets = stack.enter_context(bound(settings.listen, flag="--listen"))
        with _runner() as runner, contextlib.suppress(KeyboardInterrupt):
            runner.run(_serve(settings, smtp_sockets, web_sockets))


async def _serve(
    settings: Settings, smtp_sockets: Sequence[socket.socket], web_sockets: Sequence[socket.socket]
) -> None:
    database = settings.database or default_database(settings, smtp_sockets[0])
    events = Events()
    async with open_sandbox(
        settings, database=database, smtp_sockets=smtp_sockets, web_sockets=web_sockets, events=events
    ) as sandbox:
        config = uvicorn.Config(
            create_app(sandbox),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=settings.verbose,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_HTTP_GRACE_SECONDS,  # type: ignore[arg-type]  # seconds for asyncio.wait_for
        )
        server = HTTPServer(config, events)
        _stop_on_signal(server)
        address = address_text(web_sockets[0])
        url = address if address.startswith("unix:") else f"http://{address}/"
        with announced(started(smtp=sandbox.smtp_addresses[0], url=url, token=sandbox.token)):
            if not settings.quiet:
                _greet(sandbox, url)
            await server.serve(list(web_sockets))


def default_database(settings: Settings, smtp_socket: socket.socket) -> str:
    """One file per SMTP port in the user's data directory; a throwaway port gets a throwaway database."""
    folder = platformdirs.user_data_path("mailsluice")
    if settings.smtp.path:
        name = hashlib.sha256(str(settings.smtp.path).encode()).hexdigest()[:12]
        return str(folder / f"mail-{name}.db")
    return str(folder / f"mail-{settings.smtp.port}.db") if settings.smtp.port else MEMORY


def _greet(sandbox: Sandbox, url: str) -> None:
    print(f"Mailsluice {__version__} keeps every mail it is sent in {sandbox.store.path}")
    print(f"Point your app at {sandbox.smtp_addresses[0]} ({_how(sandbox.settings)}), or try: mailsluice send-test")
    print(f"The inbox is accessible via {url}", flush=True)
    if not url.startswith("unix:"):
        print(f"With Gmail profiles: {url}#token={sandbox.token}", flush=True)


def _how(settings: Settings) -> str:
    """What a client must bring, in a few words."""
    if settings.smtp_tls:
        tls = "TLS from the start"
    elif settings.smtp_require_starttls:
        tls = "STARTTLS required"
    else:
        tls = "STARTTLS offered" if settings.smtp_tls_cert else "no TLS"
    return f"{tls}, {'users of the given file' if settings.smtp_auth_file else 'any user and password'}"


def _stop_on_signal(server: HTTPServer) -> None:
    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def _runner() -> "asyncio.Runner":
    if sys.platform == "win32":
        return asyncio.Runner()
    import uvloop

    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def _log_to_stderr(settings: Settings) -> None:
    level = logging.WARNING if settings.quiet else logging.DEBUG if settings.verbose else logging.INFO
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("mailsluice").setLevel(level)
    logging.getLogger("uvicorn.access").setLevel(logging.INFO if settings.verbose else logging.WARNING)
    # aiosmtpd logs every line of the dialogue, secrets included.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
