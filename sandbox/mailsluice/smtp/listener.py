"""The SMTP listener: bound sockets in, captures out, an orderly end."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from mailsluice.capture import Capture
from mailsluice.settings import Settings
from mailsluice.smtp.protocol import SMTPSession

_GRACE_SECONDS: Final = 0.6


class Listener:
    """Serves SMTP while it is entered.

    Leaving refuses new sessions, says 421 to idle ones, lets captures in flight end and be answered, and drops after
    0.6 s whoever does not take the answer.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        *,
        capture: Callable[[Capture], "asyncio.Future[None]"],
        spool_folder: Path,
        settings: Settings,
    ) -> None:
        self.capture = capture
        self.spool_folder = spool_folder
        self.max_message_size = settings.max_message_size
        self.closing = False
        self.addresses = tuple(address_text(one) for one in sockets)
        self._sockets = sockets
        self._servers: list[asyncio.Server] = []
        self._sessions: set[SMTPSession] = set()
        self._empty = asyncio.Event()

    def joined(self, session: SMTPSession) -> None:
        """Keep track of a session; one that comes while closing is sent away."""
        self._sessions.add(session)
        if self.closing:
            session.shut_down()

    def left(self, session: SMTPSession) -> None:
        """Forget a session."""
        self._sessions.discard(session)
        if not self._sessions:
            self._empty.set()

    async def __aenter__(self) -> "Listener":
        loop = asyncio.get_running_loop()
        for one in self._sockets:
            self._servers.append(await loop.create_server(lambda: SMTPSession(self), sock=one, backlog=1024))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing = True
        for server in self._servers:
            server.close()
        for session in list(self._sessions):
            session.shut_down()
        if self._sessions:
            self._empty.clear()
            try:
                await asyncio.wait_for(self._empty.wait(), _GRACE_SECONDS)
            except TimeoutError:
                for session in list(self._sessions):
                    session.abort()
        for server in self._servers:  # since Python 3.12 this waits for the sessions too
            await server.wait_closed()


def address_text(listening: socket.socket) -> str:
    """The address of a bound socket as a person types it; loopback is `localhost`."""
    name = listening.getsockname()
    if not isinstance(name, tuple):
        return f"unix:{name}"
    host, port = name[:2]
    if host in {"127.0.0.1", "::1", "0.0.0.0", "::"}:  # noqa: S104  # names to show, not to bind
        return f"localhost:{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
