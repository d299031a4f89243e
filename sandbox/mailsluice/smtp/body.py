"""Where a message's bytes gather while they arrive: in memory, or in a file once there are many."""

import tempfile
from pathlib import Path
from typing import IO, Final

from mailsluice.capture import Spool

_SPOOL_ABOVE: Final = 512 << 10


class BodyWriter:
    """Collects the pieces of one message; `size` counts them. End it with `finish` or `discard`."""

    __slots__ = ("_file", "_folder", "_pieces", "size")

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self._folder = folder
        self._pieces: list[bytes] = []
        self._file: IO[bytes] | None = None

    def write(self, piece: bytes) -> None:
        """Take the next piece; raises OSError when the disk does not."""
        self.size += len(piece)
        if self._file is not None:
            self._file.write(piece)
            return
        self._pieces.append(piece)
        if self.size > _SPOOL_ABOVE:
            # Beside the database, not in /tmp, which is often memory.
            self._file = tempfile.NamedTemporaryFile(dir=self._folder, buffering=0, delete=False)  # noqa: SIM115
            for held in self._pieces:
                self._file.write(held)
            self._pieces.clear()

    def finish(self) -> bytes | Spool:
        """The whole body."""
        if self._file is None:
            return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._file.close()
        return Spool(Path(self._file.name), self.size)

    def discard(self) -> None:
        """Let go of memory and file."""
        self._pieces.clear()
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
            self._file = None
