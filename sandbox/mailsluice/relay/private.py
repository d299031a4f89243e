"""Files for the user alone: folder 0700, files 0600, replaced whole, one writer at a time."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from mailsluice.errors import Refusal
from mailsluice.locking import FileLock

_PATIENCE: Final = 5.0
_PAUSE: Final = 0.02


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make the folder and be its only writer among all processes and threads; Refusal if that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(OSError):  # not ours, or a file system without modes: its files are still 0600
            folder.chmod(0o700)
        with FileLock(folder / "lock") as lock:
            deadline = time.monotonic() + _PATIENCE
            while not lock.acquire():
                if time.monotonic() > deadline:
                    raise Refusal("Another Mailsluice is writing the profiles; try again in a moment.")
                time.sleep(_PAUSE)
            yield
    except OSError as error:
        raise Refusal(f"{error.filename or folder} cannot be written: {error.strerror or 'unknown error'}.") from None


def write_private(path: Path, content: bytes) -> None:
    """Replace the file at once: a reader, or a crash, meets the old content or the new, never a part."""
    path = path.resolve()  # a link to the file stays a link
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:  # mkstemp made it 0600
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def read_private(path: Path, *, most: int) -> bytes | None:
    """The file's content, None if there is none; its mode is narrowed to 0600 on the way. OSError if too large."""
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                with suppress(OSError):
                    os.fchmod(file.fileno(), 0o600)
            content = file.read(most + 1)
    except FileNotFoundError:
        return None
    if len(content) > most:
        raise OSError(27, "the file is too large", str(path))
    return content
