"""The system's keyring, asked in a thread of its own for a few seconds: behind it may be a dialog, or nobody."""

import asyncio
import importlib
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

Answer = TypeVar("Answer")

_TRUSTED: Final = {
    "linux": ("keyring.backends.SecretService.Keyring", "keyring.backends.kwallet.DBusKeyring"),
    "darwin": ("keyring.backends.macOS.Keyring",),
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
}


class Backend(Protocol):
    """What is used of a keyring's back end."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class KeyringSilent(Exception):
    """The keyring failed, is locked, or did not answer in time."""


def trusted_backend(environment: Mapping[str, str]) -> Backend | None:
    """The first trusted back end that works here; whatever else is installed or configured is not used.

    PYTHON_KEYRING_BACKEND may name one of them, or any other to have none.
    """
    trusted = _TRUSTED.get(sys.platform, ())
    wanted = environment.get("PYTHON_KEYRING_BACKEND", "")
    if sys.platform == "linux" and not environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return None
    for name in trusted if not wanted else [name for name in trusted if name == wanted]:
        module, _, kind = name.rpartition(".")
        with suppress(ImportError):
            found: Any = getattr(importlib.import_module(module), kind)
            if found.viable:
                backend: Backend = found()
                return backend
    return None


class SystemKeyring:
    """One service's entries in the keyring. `find` looks for the back end, in the thread that asks it."""

    def __init__(self, service: str, find: Callable[[], Backend | None], *, seconds: float) -> None:
        self._service, self._find, self._seconds = service, find, seconds
        self._turn = asyncio.Lock()
        self._is_open = False  # a question, in its thread still

    async def keep(self, name: str, text: str) -> bool:
        """Store the text and read it back; False if the keyring cannot, and then nothing stays in it later either."""
        gate, late, done = threading.Lock(), threading.Event(), threading.Event()

        def store() -> None:
            backend = self._backend()
            backend.set_password(self._service, name, text)
            if backend.get_password(self._service, name) != text:
                raise KeyringSilent
            with gate:
                done.set()
                if late.is_set():
                    backend.delete_password(self._service, name)

        try:
            await self._ask(store)
        except KeyringSilent:
            with gate:
                late.set()
                return done.is_set()
        return True

    async def get(self, name: str) -> str | None:
        """The text of this name; KeyringSilent if the keyring does not answer."""
        return await self._ask(lambda: self._backend().get_password(self._service, name))

    async def forget(self, name: str) -> None:
        """Remove the entry, if there is one and the keyring answers."""
        with suppress(KeyringSilent):
            await self._ask(lambda: self._backend().delete_password(self._service, name))

    def _backend(self) -> Backend:
        backend = self._find()
        if backend is None:
            raise KeyringSilent
        return backend

    async def _ask(self, call: Callable[[], Answer]) -> Answer:
        async with self._turn:
            if self._is_open:
                raise KeyringSilent  # the last question was not answered: no thread more
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[Answer] = loop.create_future()

            def tell(result: Answer | None, error: BaseException | None) -> None:
                if answer.done():
                    return
                if error is None:
                    answer.set_result(result)  # type: ignore[arg-type]  # a result unless there is an error
                else:
                    answer.set_exception(KeyringSilent())

            def run() -> None:
                result, failure = None, None
                try:
                    result = call()
                except Exception as error:  # back ends raise what their libraries raise
                    failure = error
                self._is_open = False
                with suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(tell, result, failure)

            # A daemon: neither the loop's end nor the program's waits for a dialog that nobody answers.
            self._is_open = True
            threading.Thread(target=run, name="keyring", daemon=True).start()
            try:
                return await asyncio.wait_for(answer, self._seconds)
            except TimeoutError:
                raise KeyringSilent from None
