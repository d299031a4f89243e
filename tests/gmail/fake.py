"""FakeGmail: the service on two loopback ports."""

import asyncio
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.gmail.certificates import Certificates
from tests.gmail.knobs import Knobs
from tests.gmail.service import Clock, Service
from tests.gmail.session import Session
from tests.gmail.wire import Wire


class FakeGmail(Service):
    """smtp.gmail.com on loopback, between `async with` and its end.

    The end fails for a client that sent AUTH before TLS (clear `violations` where that is meant), and for a bug here.
    """

    host = "localhost"
    starttls_port: int
    tls_port: int
    ca_file: str

    def __init__(
        self, knobs: Knobs | None = None, *, clock: Clock = time.time, ids: Callable[[], str] | None = None
    ) -> None:
        super().__init__(knobs or Knobs(), clock=clock, ids=ids)
        self._servers: list[asyncio.Server] = []
        self._talks: dict[asyncio.Task[None], Wire] = {}
        self._wires: set[Wire] = set()
        self._bugs: list[BaseException] = []

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._folder = tempfile.TemporaryDirectory(prefix="fake-gmail-")
        self._certificates = Certificates(Path(self._folder.name))
        self.ca_file = self._certificates.ca_file
        self.starttls_port = await self._listen(tls_at_once=False)
        self.tls_port = await self._listen(tls_at_once=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for _ in range(5):  # turns of the loop: a connection that was accepted just now is not a wire yet
            await asyncio.sleep(0)
        talks, wires = list(self._talks), list(self._wires)
        for talk in talks:
            talk.cancel()
        for wire in wires:
            wire.abort()
        await asyncio.gather(*talks, return_exceptions=True)
        if wires:
            await asyncio.wait([wire.closed for wire in wires], timeout=1)
        self._folder.cleanup()
        if error is None:
            for bug in self._bugs:
                raise bug
            self.assert_healthy()

    def let_go(self) -> None:
        """Answer whoever is held; from any thread."""

        def set_all() -> None:
            while self._held:
                self._held.pop().set()

        self._loop.call_soon_threadsafe(set_all)

    async def closed(self) -> None:
        """Return when no connection is open any more."""
        while self._talks:
            await asyncio.wait(self._talks)

    def _context(self) -> ssl.SSLContext:
        return self._certificates.context(self.knobs.certificate)

    async def _listen(self, *, tls_at_once: bool) -> int:
        def opened(wire: Wire) -> None:
            session = Session(self, wire, self._context)
            talk = asyncio.get_running_loop().create_task(session.run(tls_at_once=tls_at_once))
            self._talks[talk] = wire
            self._wires.add(wire)
            wire.closed.add_done_callback(lambda _: self._wires.discard(wire))
            talk.add_done_callback(self._ended)

        server = await asyncio.get_running_loop().create_server(lambda: Wire(opened), "127.0.0.1", 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _ended(self, talk: asyncio.Task[None]) -> None:
        wire = self._talks.pop(talk)
        if not talk.cancelled() and (bug := talk.exception()) is not None:
            self._bugs.append(bug)
            wire.abort()


@contextmanager
def in_thread(
    knobs: Knobs | None = None, *, clock: Clock = time.time, ids: Callable[[], str] | None = None
) -> Iterator[FakeGmail]:
    """A FakeGmail on a loop of its own, for clients that block; accounts, knobs and lists may be used from here."""
    gmail = FakeGmail(knobs, clock=clock, ids=ids)
    started, failures = threading.Event(), list[BaseException]()
    stop = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with gmail:
            started.set()
            await stop.wait()

    def work() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failures.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=work, name="fake Gmail", daemon=True)
    thread.start()
    started.wait()
    try:
        if not failures:
            yield gmail
    finally:
        if not failures:
            loops[0].call_soon_threadsafe(stop.set)
        thread.join()
    for failure in failures:
        raise failure
