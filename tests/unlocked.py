"""A sandbox with profiles of its own, and the pages over it in a thread, for clients that block."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette

from mailsluice.cli.serve import HTTPServer
from mailsluice.events import Events
from mailsluice.options import Endpoint
from mailsluice.relay.profiles import Profiles
from mailsluice.relay.turns import Turns
from mailsluice.relay.vault import Vault
from mailsluice.sandbox import Accounts, Sandbox, open_sandbox
from mailsluice.settings import Settings
from mailsluice.sockets import bound
from mailsluice_web.app import create_app

TOKEN = "a-token-that-only-this-test-knows-0123456789"
KEY = {"X-Mailsluice-Token": TOKEN}
LOOPBACK = Endpoint("127.0.0.1", 0)

_T = TypeVar("_T")


def accounts(folder: Path, environment: dict[str, str] | None = None) -> Accounts:
    """Profiles and passwords in a folder of the test's own."""
    return Accounts(
        Profiles(folder), Vault(folder, {} if environment is None else environment, keyring=lambda: None), Turns()
    )


def unlock(sandbox: Sandbox) -> Sandbox:
    """Give a sandbox a token that the test knows."""
    sandbox.token = TOKEN
    return sandbox


class Served:
    """Running pages; `link` is what the program prints for who may open the profiles."""

    def __init__(self, port: int, sandbox: Sandbox, app: Starlette) -> None:
        self.url, self.sandbox, self.app = f"http://localhost:{port}/", sandbox, app
        self.link = f"{self.url}#token={TOKEN}"
        self._loop = asyncio.get_running_loop()

    def ask(self, work: Coroutine[Any, Any, _T]) -> _T:
        """What a coroutine of the sandbox returns, run where the pages run; for threads beside the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def served(folder: Path, environment: dict[str, str] | None = None) -> Iterator[Served]:
    """The pages over an empty sandbox, on a loop and a thread of their own."""
    with socket.create_server(("127.0.0.1", 0)) as web:
        events, ready, running = Events(), threading.Event(), list[Served]()
        servers, failures = list[HTTPServer](), list[BaseException]()

        async def run() -> None:
            with bound(LOOPBACK, flag="--smtp") as sockets:
                async with open_sandbox(
                    Settings(smtp=LOOPBACK, listen=LOOPBACK),
                    database=str(folder / "mail.db"),
                    smtp_sockets=sockets,
                    events=events,
                    accounts=accounts(folder / "configuration", environment),
                ) as sandbox:
                    unlock(sandbox)
                    app = create_app(sandbox)
                    servers.append(HTTPServer(uvicorn.Config(app, lifespan="off", ws="none", log_config=None), events))
                    running.append(Served(web.getsockname()[1], sandbox, app))
                    ready.set()
                    await servers[0].serve([web])

        def work() -> None:
            try:
                asyncio.run(run())
            except BaseException as error:
                failures.append(error)
            finally:
                ready.set()

        thread = threading.Thread(target=work, name="pages")
        thread.start()
        ready.wait()
        try:
            if running:
                yield running[0]
        finally:
            for server in servers:
                server.should_exit = True
            thread.join()
        for failure in failures:
            raise failure
