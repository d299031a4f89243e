"""The SMTP listener: bound sockets in, captures out, an orderly end."""

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from mailsluice.capture import Capture, SessionRecord
from mailsluice.settings import Settings
from mailsluice.smtp.auth import Credentials
from mailsluice.smtp.dialogue import Dialogue
from mailsluice.smtp.limits import BodyMemory, Limits
from mailsluice.smtp.protocol import SMTPSession, template
from mailsluice.smtp.tls import server_context

log = logging.getLogger(__name__)

_GRACE_SECONDS: Final = 0.6
_STREAM_BYTES: Final = 256 << 10
_ALL_STREAMS_BYTES: Final = 64 << 20
_LEAST_STREAM_BYTES: Final = 16 << 10


class Listener:
    """Serves SMTP while it is entered.

    Leaving refuses new sessions, says 421 to idle ones, lets captures in flight end and be answered, and drops after
    0.6 s whoever does not take the answer. `on_session` is given each ended session that brought no message or was
    refused something.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        *,
        capture: Callable[[Capture], "asyncio.Future[None]"],
        spool_folder: Path,
        settings: Settings,
        on_session: Callable[[SessionRecord], None] = lambda record: None,
    ) -> None:
        self.capture = capture
        self.limits = Limits.of(settings)
        self.memory = BodyMemory(settings.max_body_memory, spool_folder)
        self.credentials = Credentials.load(settings.smtp_auth_file) if settings.smtp_auth_file else None
        self.tls: ssl.SSLContext | None = server_context(settings)
        self.implicit_tls = settings.smtp_tls
        self.require_starttls = settings.smtp_require_starttls
        self.closing = False
        self.addresses = tuple(address_text(one) for one in sockets)
        self._on_session = on_session
        self._sockets = sockets
        self._servers: list[asyncio.Server] = []
        self._sessions: set[SMTPSession] = set()
        self._peers: Counter[str] = Counter()
        self._empty = asyncio.Event()

    def joined(self, session: SMTPSession) -> None:
        """Keep track of a session; one too many, or one that comes while closing, is sent away."""
        peer = session.dialogue.peer.rpartition(":")[0]
        self._sessions.add(session)
        self._peers[peer] += 1
        if self.closing:
            session.shut_down()
        elif len(self._sessions) > self.limits.max_sessions or self._peers[peer] > self.limits.max_sessions_per_peer:
            log.warning("%s was turned away: %d sessions are open", session.dialogue.peer, len(self._sessions) - 1)
            session.turn_away()

    def ended(self, dialogue: Dialogue) -> None:
        """Keep what is worth keeping of a dialogue that is over."""
        record = dialogue.record()
        if record is not None and not self.closing:
            self._on_session(record)

    def left(self, session: SMTPSession) -> None:
        """Forget a connection."""
        peer = session.dialogue.peer.rpartition(":")[0]
        self._sessions.discard(session)
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]
        if not self._sessions:
            self._empty.set()

    def stream_bytes(self) -> int:
        """How much of one connection's input may wait in memory: less when there are many."""
        share = _ALL_STREAMS_BYTES // (len(self._sessions) + 1)
        return max(_LEAST_STREAM_BYTES, min(_STREAM_BYTES, share))

    async def __aenter__(self) -> "Listener":
        loop = asyncio.get_running_loop()
        state = template()
        for one in self._sockets:
            server = await loop.create_server(lambda: SMTPSession(self, state), sock=one, backlog=1024)
            self._servers.append(server)
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
