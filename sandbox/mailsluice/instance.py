"""The file by which the command line finds a running instance: where it listens, and its token."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from mailsluice.capture import new_id, now
from mailsluice.locking import FileLock

_SUFFIX: Final = ".json"


class Instance(msgspec.Struct, frozen=True):
    """A running Mailsluice: `smtp` is `host:port` or `unix:/path`, `url` the inbox, `began` microseconds UTC.

    `token` opens what a web page must not reach; whoever can read the file is the user who started the program.
    """

    smtp: str
    url: str
    pid: int
    token: str = ""
    began: int = 0

    def __repr__(self) -> str:
        return f"Instance({self.smtp}, {self.url}, {self.pid})"  # a token in a log would be a leak


def new_token() -> str:
    """A secret that nobody guesses."""
    return secrets.token_urlsafe(32)


@contextmanager
def announced(instance: Instance) -> Iterator[Path]:
    """Leave the runtime file (0600) while inside the context; a lock beside it tells that the process lives."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{new_id()}{_SUFFIX}"
    with FileLock(path.with_suffix(".lock")) as lock:
        lock.acquire()
        try:
            _write_private(path, msgspec.json.encode(instance))
            yield path
        finally:
            path.unlink(missing_ok=True)
            path.with_suffix(".lock").unlink(missing_ok=True)


def find(smtp: str = "") -> Instance | None:
    """The running instance with this SMTP address, or the one that was started last; None if there is none."""
    found = [one for one in running() if not smtp or one.smtp == smtp]
    return max(found, key=lambda one: one.began, default=None)


def started(*, smtp: str, url: str, token: str) -> Instance:
    """This process as an instance."""
    return Instance(smtp, url, os.getpid(), token, now())


def running() -> Iterator[Instance]:
    """This user's living instances; what a killed one left behind is removed on the way."""
    for path in _folder().glob(f"*{_SUFFIX}"):
        lock_path = path.with_suffix(".lock")
        with FileLock(lock_path) as lock:
            if lock.acquire():
                path.unlink(missing_ok=True)
                lock_path.unlink(missing_ok=True)
                continue
        try:
            yield msgspec.json.decode(path.read_bytes(), type=Instance)
        except (OSError, msgspec.DecodeError):
            continue


def _folder() -> Path:
    return platformdirs.user_data_path("mailsluice") / "instances"


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
