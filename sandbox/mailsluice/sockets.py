"""Listening sockets, bound before anything else starts: a taken port is one clear line."""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mailsluice.errors import SettingsError
from mailsluice.options import Endpoint


@contextmanager
def bound(endpoint: Endpoint, *, flag: str) -> Iterator[list[socket.socket]]:
    """Sockets for every address of an endpoint; raises SettingsError that names the flag and what to do."""
    with ExitStack() as stack:
        try:
            if endpoint.path:
                yield [stack.enter_context(_bound_path(endpoint.path))]
            else:
                yield _bound_host(endpoint, stack)
        except _BindError as error:
            raise SettingsError(f"{flag} {endpoint}: {error}") from error


class _BindError(Exception):
    """Why an address cannot be listened on, and what to do."""


def _bound_host(endpoint: Endpoint, stack: ExitStack) -> list[socket.socket]:
    try:
        addresses = socket.getaddrinfo(
            endpoint.host or None, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise _BindError("this host name is not known here; write an address such as 127.0.0.1") from error
    sockets: list[socket.socket] = []
    port = endpoint.port
    for family, _, _, _, address in dict.fromkeys(addresses):
        try:
            one = stack.enter_context(_bind(family, (address[0], port, *address[2:])))
        except OSError as error:
            if sockets or (family == socket.AF_INET6 and error.errno == errno.EAFNOSUPPORT):
                continue  # a second family of the same name is welcome, not needed
            raise _BindError(_explain(error, endpoint.port)) from error
        sockets.append(one)
        port = one.getsockname()[1]  # port 0: all families share the one that was free
    if not sockets:
        raise _BindError("no address of this host can be used here; write one such as 127.0.0.1")
    return sockets


def _bind(family: int, address: tuple[object, ...]) -> socket.socket:
    # asyncio sets TCP_NODELAY only on sockets that know their protocol: without it 40 ms a connection.
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        one.listen(1024)
    except BaseException:
        one.close()
        raise
    return one


@contextmanager
def _bound_path(path: Path) -> Iterator[socket.socket]:
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with one:
        try:
            _remove_dead_socket(path)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            one.bind(str(path))
            os.chmod(path, 0o600)
            one.listen(1024)
        except OSError as error:
            raise _BindError(_explain(error, 0)) from error
        try:
            yield one
        finally:
            path.unlink(missing_ok=True)


def _remove_dead_socket(path: Path) -> None:
    """A program that was killed leaves its socket file; one that lives answers."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def _explain(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program listens there already; stop it, or choose another port (0 takes a free one)"
    if error.errno == errno.EACCES:
        if 0 < port < 1024:
            return "ports below 1024 need special rights; choose a higher one"
        return "not permitted; choose another address"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address; write one of its own, such as 127.0.0.1"
    return f"cannot listen there ({error.strerror or error}); choose another address"
